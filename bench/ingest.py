"""Accepted reports per second and core: the web process on one core, PostgreSQL on the other.

`bin/bench ingest [SECONDS]`. Every report is answered after its commit, with fsync and synchronous
commits on. The load comes from the database's core: one new connection a report, as reporters do.
"""

import base64
import json
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests import servers

ROOT = Path(__file__).resolve().parent.parent
NODES, REPLICAS_PER_NODE, AT_ONCE = 50, 20, 48
_SEED = """
import json, django
django.setup()
from django.utils import timezone
from monitoring import inventory, services, tokens
now = timezone.now()
found = []
for number in range(%d):
    component = services.add_service(name=f"Service {number}", now=now)
    node = services.add_node(component=component, name="web", slug="web", mode="push", now=now)
    _, secret = tokens.create(kind="reporter", node=node, now=now)
    found.append((component.slug, secret))
print(json.dumps(found))
"""


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    cores = sorted(os.sched_getaffinity(0))
    with ExitStack() as stack:
        database = stack.enter_context(servers.postgres(is_durable=True, core=cores[-1]))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="candor-bench-"))
        port = servers.free_port()
        environment = {
            **os.environ,
            "DATABASE_URL": database,
            "CANDOR_DATA": folder,
            "SECRET_KEY": "bench",
            "DJANGO_SETTINGS_MODULE": "statuspage.settings",
            "CANDOR_REPORTS_PER_S": "1000000",
            "CANDOR_REPORTS_BURST": "1000000",
            "CANDOR_LOG_LEVEL": "ERROR",
        }
        _run(environment, "manage.py", "migrate", "-v", "0")
        found = json.loads(_run(environment, "-c", _SEED % NODES))
        web = stack.enter_context(_web(environment, port, core=cores[0]))
        os.sched_setaffinity(0, {cores[-1]})
        requests = [
            _request(slug, secret, f"10.0.0.{replica}")
            for replica in range(REPLICAS_PER_NODE)
            for slug, secret in found
        ]
        _send(requests, port, until=None)  # every replica is made, every path is warm
        cpu_before = _cpu_s(web.pid)
        accepted, refused, took_s = _send(requests, port, until=seconds)
        cpu_s = _cpu_s(web.pid) - cpu_before
        web.terminate()
    print(
        f"ingest: {accepted / took_s:.0f} accepted reports/s on one core"
        f" ({accepted} in {took_s:.1f} s, {refused} refused,"
        f" {cpu_s / accepted * 1e6:.0f} µs CPU of the web process each,"
        f" that is {accepted / cpu_s:.0f}/s of a whole core)"
    )


def _run(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def _web(environment: dict[str, str], port: int, *, core: int) -> "subprocess.Popen[bytes]":
    """One web process of the product, pinned to its core."""
    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    web = subprocess.Popen(
        ["taskset", "-c", str(core), sys.executable, "-m", "statuspage.serve", f"127.0.0.1:{port}"],
        cwd=ROOT,
        env={**environment, "CANDOR_SOCKET_FD": str(listener.fileno())},
        pass_fds=[listener.fileno()],
    )
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as probe:
            probe.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            if b" 200 " in probe.recv(200):
                break
    listener.close()
    return web


def _request(slug: str, secret: str, replica: str) -> bytes:
    body = json.dumps(
        {"replica": replica, "interval": 30, "load": {"cpu": 0.31, "ram": 0.52}}
    ).encode()
    password = base64.b64encode(f":{secret}".encode()).decode()
    head = (
        f"POST /reporter/{slug}/web/ HTTP/1.1\r\nHost: status.example.com\r\n"
        f"Authorization: Basic {password}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _send(requests: list[bytes], port: int, *, until: float | None) -> tuple[int, int, float]:
    """Send requests, AT_ONCE at a time, each once or for some seconds: accepted, refused, seconds."""
    selector = selectors.DefaultSelector()
    started_at = time.monotonic()
    accepted = refused = sent = 0
    is_over = False
    for _ in range(AT_ONCE):
        _open(selector, port, requests[sent % len(requests)])
        sent += 1
    while selector.get_map():
        for key, _ in selector.select():
            connection = key.fileobj
            answer = connection.recv(4096)  # type: ignore[union-attr]
            selector.unregister(connection)
            connection.close()  # type: ignore[union-attr]
            if answer.startswith(b"HTTP/1.1 200 "):
                accepted += 1
            else:
                refused += 1
            is_over = (
                sent >= len(requests) if until is None else time.monotonic() - started_at >= until
            )
            if not is_over:
                _open(selector, port, requests[sent % len(requests)])
                sent += 1
    return accepted, refused, time.monotonic() - started_at


def _open(selector: selectors.BaseSelector, port: int, request: bytes) -> None:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(request)
    selector.register(connection, selectors.EVENT_READ)


def _cpu_s(pid: int) -> float:
    """CPU time of a process and its children so far, user and system."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) == pid or int(fields[1]) == pid:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
