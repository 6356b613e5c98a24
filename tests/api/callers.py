"""Calls of the report application as a WSGI server makes them."""

import base64
import io
import itertools
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote
from wsgiref.types import WSGIApplication

from api.reports import Reports


@dataclass
class Got:
    status: int
    headers: dict[str, str]
    body: bytes


def _django(environ: Any, start_response: Any) -> Any:
    start_response("299 Passed On", [])
    return [b""]


def app() -> Reports:
    """The application, with a clock that goes on by a second with each report."""
    started_at = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)
    seconds = itertools.count()
    return Reports(_django, clock=lambda: started_at + timedelta(seconds=next(seconds)))


def basic(token: str, user: str = "") -> str:
    return "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()


def call(
    application: WSGIApplication,
    method: str,
    path: str,
    body: Any = None,
    *,
    auth: str | None = None,
    content_type: str = "application/json; charset=utf-8",
    **environ: Any,
) -> Got:
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    target, _, query = path.partition("?")
    got: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        got.update(status=int(status.split(maxsplit=1)[0]), headers=dict(headers))

    values = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote(target, encoding="latin-1"),
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(raw)),
        "CONTENT_TYPE": content_type,
        "REMOTE_ADDR": "192.0.2.7",
        "wsgi.input": io.BytesIO(raw),
        **({"HTTP_AUTHORIZATION": auth} if auth is not None else {}),
        **environ,
    }
    parts = application(values, start_response)
    return Got(got["status"], got["headers"], b"".join(parts))
