"""What the WSGI applications in front of Django share: their answers, and database work of their own."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar
from wsgiref.types import StartResponse, WSGIEnvironment

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from common import client_address

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; nearly all have no body."""

    status: HTTPStatus
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""


def send(reply: Reply, start_response: StartResponse) -> Iterable[bytes]:
    """Give the answer to the server, which closes the connection after it."""
    start_response(
        f"{reply.status.value} {reply.status.phrase}",
        [
            ("Content-Length", str(len(reply.body))),
            # Node's reporters never read the answer and leak the connection otherwise (13).
            ("Connection", "close"),
            *reply.headers,
        ],
    )
    return [reply.body] if reply.body else []


def later(wait_s: int) -> Reply:
    """Come back after so many seconds; never a 4xx, which ends some clients for good (decision 8)."""
    return Reply(HTTPStatus.SERVICE_UNAVAILABLE, [("Retry-After", str(wait_s))])


def with_connection(work: Callable[[], T]) -> T:
    """Do database work outside Django's request cycle: a connection that died is replaced once."""
    try:
        return work()
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        return work()


def address(environ: WSGIEnvironment) -> str | None:
    """Who called, for the list of tokens."""
    return client_address.of(environ, hops=settings.TRUSTED_PROXY_HOPS) or None
