"""A status page that says what it is told to: a real HTTP server on loopback."""

import base64
import json
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests import servers

TOKEN = "secret-token"


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def json(self) -> dict[str, Any]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found

    @property
    def password(self) -> str:
        scheme, _, value = self.headers["authorization"].partition(" ")
        assert scheme == "Basic"
        return base64.b64decode(value).decode().partition(":")[2]


class FakePage:
    """Answers by `status`, or by `answer(request)` when that is set; can be away and come back."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.port = servers.free_port()
        self.asked: list[Asked] = []
        self.status: int = 200
        self.headers: dict[str, str] = {}
        self.map: dict[str, Any] | None = None
        self.answer: Callable[[Asked], int | None] = lambda _: None
        self._tls = tls
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def reports(self) -> list[Asked]:
        return [asked for asked in list(self.asked) if asked.method == "POST"]

    @property
    def flushes(self) -> list[Asked]:
        return [asked for asked in list(self.asked) if asked.method == "DELETE"]

    @property
    def maps(self) -> list[Asked]:
        return [asked for asked in list(self.asked) if asked.method == "GET"]

    def start(self) -> None:
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        if self._tls:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that does not trust us says so by hanging up."""


def _handler(page: FakePage) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, self.rfile.read(length))
            page.asked.append(asked)
            status, body = page.answer(asked) or page.status, b""
            if status == 200 and self.command == "GET" and page.map is not None:
                if f"since={page.map['date']}" in self.path:
                    status = 304
                else:
                    body = json.dumps({"data": page.map}).encode()
            self.send_response(status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            if body:
                self.send_header("Content-Type", "application/json")
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the library's names

        def log_message(self, *_: Any) -> None:
            return

    return Handler


def wait_for(is_true: Callable[[], bool], timeout_s: float = 10.0) -> None:
    """Wait until it is true; fails when it does not become so in time."""
    ends = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < ends, f"not within {timeout_s:.0f} s"
        time.sleep(0.02)


def node(**options: Any) -> dict[str, Any]:
    """A node of a map with Candor's own options."""
    replicas = options.pop("replicas")
    own = {"name": "database", "replicas": replicas, "interval_s": 1, "retries": 0}
    own |= {"sick_after_s": 0.5, "dead_after_s": 1.0} | options
    return {"id": "node-1", "replicas": replicas, "candor": own}


def local_map(*nodes: dict[str, Any], date: int = 1) -> dict[str, Any]:
    """A map of one service."""
    metrics = {"local": {"retry": 0, "delay_dead": 1, "delay_sick": 1}}
    services = [{"id": "service-1", "nodes": list(nodes)}]
    return {"date": date, "metrics": metrics, "services": services}
