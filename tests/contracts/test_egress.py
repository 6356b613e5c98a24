"""Only the modules that guard what they dial may know how to dial (reliability A8)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts import test_layers

ROOT = Path(__file__).resolve().parents[2]
WITH_A_WAY_OUT = {
    "aiohttp",
    "ftplib",
    "http.client",
    "httpcore",
    "httpx",
    "pywebpush",
    "requests",
    "smtplib",
    "socket",
    "urllib.request",
    "urllib3",
}
ALLOWED = {
    "common/guarded_http.py",
    "notifications/channels/smtp.py",
    # Our own proxy, at the address that a setting names; a name is only what is asked for there.
    "custom_domains/tls.py",
    # Ports that our own processes listen on, on loopback.
    "monitoring/demo/ports.py",
    "monitoring/demo/targets.py",
    "statuspage/serve.py",
    "statuspage/supervisor.py",
}


@pytest.mark.req("A8", "F7")
def test_nothing_dials_past_the_guard() -> None:
    found = {
        f"{file.relative_to(ROOT)}: {name}"
        for package in test_layers.our_packages()
        for file in (ROOT / package).rglob("*.py")
        if package != "probing" and str(file.relative_to(ROOT)) not in ALLOWED
        for name in _imported(file)
        if any(name == way or name.startswith(f"{way}.") for way in WITH_A_WAY_OUT)
    }
    assert found == set()


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
