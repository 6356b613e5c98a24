"""Run a script in a network of its own, to show what a probe does on a host that is cut off."""

import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PRELUDE = """
import asyncio, ctypes, fcntl, pathlib, socket, struct
import probing
from probing.options import HttpOptions
from probing.targets import parse_target

def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sh14x", b"lo", 0x41))

def drop_rights():
    assert ctypes.CDLL(None).unshare(0x10000000) == 0

class Table:
    def __init__(self, **names):
        self.names = names
    async def lookup(self, host):
        return self.names[host]
    async def own_fault(self, host, *, within_s):
        return None

def probe(url, deadline_s=3, **options):
    outcome = asyncio.run(probing.run(
        parse_target(url), http=HttpOptions(), deadline_s=deadline_s,
        guard=lambda address: True, **options))
    print(url, outcome.reachable, outcome.reason, outcome.detail, sep="|")
"""


@functools.cache
def _unshare() -> list[str]:
    command = ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system does not allow a network namespace")
    return command


def run_in_own_network(script: str) -> list[list[str]]:
    """Each `probe(...)` of the script as [url, reachable, reason, detail]."""
    done = subprocess.run(
        [*_unshare(), sys.executable, "-c", PRELUDE + script],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert done.returncode == 0, done.stderr
    return [line.split("|") for line in done.stdout.splitlines()]
