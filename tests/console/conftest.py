"""A signed-in operator, and real targets on loopback."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests import build


@pytest.fixture
def operator(client: Client, db: None) -> User:
    """Signed in as an administrator."""
    user = build.operator(username="ada", email="ada@acme.example")
    client.force_login(user)
    return user


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"all is well"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def target() -> Iterator[str]:
    """The address of a web server that answers 200."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
