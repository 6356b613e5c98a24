"""Seconds from `bin/up` until every due replica is being probed again: `bin/bench restart`.

The whole product runs twice on a throw-away folder, with SQLite and the queue of files, as bin/up
starts it. After the first stop all 1,000 replicas are due; counted is when each was asked.
Options: --replicas N.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress

from bench.probes import ANSWER
from tests import servers

_PREPARE = "from django.core.management import call_command; call_command('migrate', verbosity=0)"
_FILL = """
from bench import probes
probes._fill(%d, %d)
"""
_DUE = """
from django.utils import timezone
from monitoring.models import Replica
Replica.objects.update(next_probe_at=timezone.now())
"""
_LIMIT_S = 120.0


class _Site(asyncio.Protocol):
    """Answers, and notes when each address was first asked for."""

    asked: dict[bytes, float] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.asked.setdefault(data.split(b" ", 2)[1], time.monotonic())
        self._transport.write(ANSWER)
        self._transport.close()


def main() -> None:
    """Run twice, and print one line about the second time."""
    parser = argparse.ArgumentParser(prog="bin/bench restart", description=__doc__)
    parser.add_argument("--replicas", type=int, default=1000)
    asyncio.run(_measure(parser.parse_args().replicas))


async def _measure(count: int) -> None:
    port = servers.free_port()
    loop = asyncio.get_running_loop()
    site = await loop.create_server(_Site, "127.0.0.1", port, backlog=2000)
    with tempfile.TemporaryDirectory(prefix="candor-bench-") as folder:
        kept = {name: value for name, value in os.environ.items() if "CANDOR" not in name}
        for name in ("DATABASE_URL", "BROKER_URL"):
            kept.pop(name, None)
        environment = {
            **kept,
            "SECRET_KEY": "bench-only",
            "CANDOR_DATA": folder,
            "CANDOR_ALLOW_PRIVATE_TARGETS": "1",
            "CANDOR_LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "statuspage.settings",
        }
        _django(environment, _PREPARE)
        _django(environment, _FILL % (count, port))
        await _up(environment, count)
        _django(environment, _DUE)
        began, asked = await _up(environment, count)
    site.close()
    first, last = min(asked), max(asked)
    print(
        f"restart: all {count:,} due replicas were being probed {last - first:.1f} s after the first"
        f" of them, {last - began:.1f} s after the start of bin/up"
        f" (load {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores)"
    )


async def _up(environment: dict[str, str], count: int) -> tuple[float, list[float]]:
    """Start the product, wait until all were asked, stop it: when it began, when each was asked."""
    _Site.asked.clear()
    command = [sys.executable, "-m", "statuspage.supervisor", "--port", str(servers.free_port())]
    began = time.monotonic()
    product = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        while len(_Site.asked) < count:
            if time.monotonic() - began > _LIMIT_S or product.poll() is not None:
                sys.exit(f"Only {len(_Site.asked)} of {count} replicas were probed.")
            await asyncio.sleep(0.05)
        return began, list(_Site.asked.values())
    finally:
        with suppress(ProcessLookupError):
            product.send_signal(signal.SIGTERM)
        while product.poll() is None:  # its last probes still want an answer
            await asyncio.sleep(0.05)


def _django(environment: dict[str, str], code: str) -> None:
    command = [sys.executable, "-c", f"import django; django.setup()\n{code}"]
    subprocess.run(command, env=environment, check=True)


if __name__ == "__main__":
    main()
