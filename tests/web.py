"""A web server on loopback whose every answer is set by the test, and which keeps what it got."""

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

# Instead of an answer: close the connection, say nothing, drip a header for ever, or send 1xx for ever.
DROP = "drop"
HANG = "hang"
DRIP = "drip"
CONTINUE = "continue"


@dataclass(frozen=True)
class Got:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


def answer(status: int, body: str | bytes = b"", **headers: str) -> bytes:
    """An HTTP answer; `Retry_After="5"` becomes a header."""
    raw = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(raw)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + raw


Reply = bytes | str


class Server(socketserver.ThreadingTCPServer):
    """`reply` is the answer to each request: bytes, DROP, HANG, DRIP or CONTINUE; or asks for one."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(
        self, reply: Reply | Callable[[Got], Reply], *, address: str = "127.0.0.1", port: int = 0
    ) -> None:
        super().__init__((address, port), _Handler)
        self.reply = reply
        self.got: list[Got] = []
        self.connections = 0
        self.together = 0
        self.most_together = 0
        self.lock = threading.Lock()
        self.is_over = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients hang up in these tests."""


class _Handler(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        with self.server.lock:
            self.server.connections += 1
            self.server.together += 1
            self.server.most_together = max(self.server.most_together, self.server.together)
        try:
            self._answer()
        finally:
            with self.server.lock:
                self.server.together -= 1

    def _answer(self) -> None:
        first = self.rfile.readline().decode("latin-1").split(" ")
        if len(first) < 3:
            return
        headers = {}
        while (line := self.rfile.readline().decode("latin-1").strip()) != "":
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", 0)))
        got = Got(method=first[0], target=first[1], headers=headers, body=body)
        self.server.got.append(got)
        reply = self.server.reply(got) if callable(self.server.reply) else self.server.reply
        if isinstance(reply, bytes):
            self.wfile.write(reply)
        elif reply == HANG:
            self.server.is_over.wait(30)
        elif reply in {DRIP, CONTINUE}:
            part = b"x" if reply == DRIP else b"HTTP/1.1 100 Continue\r\n\r\n"
            if reply == DRIP:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
            with suppress(OSError):
                while not self.server.is_over.wait(0.02):
                    self.wfile.write(part)


@contextmanager
def server(
    reply: Reply | Callable[[Got], Reply] = b"", *, address: str = "127.0.0.1", port: int = 0
) -> Iterator[Server]:
    """A running server that answers 200 unless told otherwise."""
    with Server(reply or answer(200, "ok"), address=address, port=port) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield running
        finally:
            running.is_over.set()
            running.shutdown()
            thread.join()


def in_turn(*replies: Reply) -> Callable[[Got], Reply]:
    """Each reply once, the last one from then on."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]
