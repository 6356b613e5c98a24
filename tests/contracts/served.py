"""The product's web process as it is deployed (granian), and raw sockets to talk to it."""

import base64
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import servers

ROOT = Path(__file__).resolve().parents[2]
FLOODED = 10
"""How many nodes there are to be flooded with reports."""


@dataclass
class Answer:
    """What came back, and whether the server closed the connection after it."""

    status: int
    headers: dict[str, str]
    body: bytes
    is_closed: bool


class Served:
    """A running web process on a database of its own."""

    def __init__(self, port: int, environment: dict[str, str]) -> None:
        self.port, self.environment = port, environment

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *arguments: str, text: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(
        self,
        method: str,
        target: str,
        body: Any = None,
        *,
        token: str | None = None,
        user: str = "",
        **headers: str,
    ) -> Answer:
        """One request on a new connection that asks to be kept open."""
        raw = (
            b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        )
        lines = {"Host": "anything.internal", "Connection": "keep-alive"}
        if method in {"POST", "PUT"}:
            lines |= {"Content-Type": "application/json; charset=utf-8"}
            lines |= {"Content-Length": str(len(raw))}
        if token is not None:
            password = base64.b64encode(f"{user}:{token}".encode()).decode()
            lines["Authorization"] = f"Basic {password}"
        lines |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + raw)
            return _read(connection)


def _read(connection: socket.socket) -> Answer:
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65536)
        assert part, f"closed within the head: {received!r}"
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    status_line, *lines = head.decode().split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    status = int(status_line.split()[1])
    while status != 304 and len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    connection.settimeout(1)
    try:
        is_closed = connection.recv(1) == b""
    except TimeoutError:
        is_closed = False
    return Answer(status, headers, body, is_closed)


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """The web process with SQLite in this folder, best a copy of `prepared`, ended with the block."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CANDOR_") and name not in {"DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
    }
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    port = listener.getsockname()[1]
    world = Served(
        port,
        {
            **kept,
            "CANDOR_DATA": str(folder),
            "SECRET_KEY": "tests",
            "CANDOR_ALLOW_PRIVATE_TARGETS": "1",
            "DJANGO_SETTINGS_MODULE": "statuspage.settings",
            "CANDOR_SOCKET_FD": str(listener.fileno()),
        },
    )
    if not (folder / "candor.sqlite3").exists():
        world.manage("migrate", "-v", "0")
    web = subprocess.Popen(
        [sys.executable, "-m", "statuspage.serve", f"127.0.0.1:{port}"],
        cwd=ROOT,
        env=world.environment,
        pass_fds=[listener.fileno()],
        stderr=subprocess.DEVNULL,
    )
    try:
        servers.wait_for_port(port)
        ends = time.monotonic() + 60
        while world.ask("GET", "/livez", Connection="close").status != 200:
            assert time.monotonic() < ends
        yield world
    finally:
        web.terminate()
        try:
            web.wait(10)
        except subprocess.TimeoutExpired:
            web.kill()
        listener.close()
