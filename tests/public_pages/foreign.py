"""Another site that shows what a status page gives it: an origin of its own, with a strict policy."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.types import WSGIApplication

from playwright.sync_api import ConsoleMessage, Page

from public_pages.front import Front
from tests import web
from tests.public_pages.world import CSP


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def no_application() -> WSGIApplication:
    """Fail: only files are asked for."""
    raise OSError("only files are asked for")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The published folder behind the front, on a port of its own."""
    front = Front(no_application, folder=folder, csp=CSP)
    with make_server("127.0.0.1", 0, front, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def elsewhere(status_page: str, markup: str) -> Iterator[str]:
    """A page of another origin that allows the status page in three places, and nothing else."""
    policy = (
        f"default-src 'none'; script-src {status_page}; connect-src {status_page}; "
        f"frame-src {status_page}"
    )
    body = (
        '<!doctype html><html lang="en"><title>Help desk</title>'
        f"<body><main><h1>Help</h1>{markup}</main></body></html>"
    )
    reply = web.answer(200, body, Content_Type="text/html", Content_Security_Policy=policy)
    with web.server(lambda got: reply if got.path == "/" else web.answer(404)) as server:
        yield server.url


def complaints_of(page: Page) -> list[str]:
    """What the page will have complained about: errors, and violations of its policy."""
    complaints: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and "favicon" not in message.location["url"]:
            complaints.append(message.text)

    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", on_console)
    return complaints
