"""What Uptime Kuma's push URLs, Gatus's external endpoints and ping URLs of cron jobs are answered.

A WSGI application in front of Django's, like `api.reports`, and for its reasons. Addresses, words
and codes are those that existing callers know; whoever shows no known secret learns nothing else.
The secret of a push or ping URL is its path (E5 allows that for these alone): no path is logged.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.utils import timezone

from api import auth, receiving_words
from api.batching import GroupCommit
from api.fronting import Reply, address, later, send, with_connection
from api.receiving_paths import EXTERNAL, PING, PUSH_URL
from api.receiving_words import Unreadable
from api.throttling import Buckets
from monitoring import pings, pushes, tokens
from monitoring.models import TokenKind
from monitoring.pushes import Answer, Push

logger = logging.getLogger(__name__)

_BATCH_LIMIT = 200
_BODY_LIMIT = 10_000  # of an external endpoint: {"error": "…"}
_QUERY_LIMIT = 8_000
_TEXT = ("Content-Type", "text/plain; charset=utf-8")
_PING_HEADERS = [
    _TEXT,
    ("Access-Control-Allow-Origin", "*"),
    ("Ping-Body-Limit", str(pings.BODY_LIMIT)),
]


class Receiving:
    """Answers the three kinds of calls; passes the rest to `app`."""

    def __init__(
        self, app: WSGIApplication, *, clock: Callable[[], datetime] = timezone.now
    ) -> None:
        self._app = app
        self._clock = clock
        self._commit: GroupCommit[Push, Answer] = GroupCommit(_receive, limit=_BATCH_LIMIT)
        self._buckets = Buckets(per_s=settings.REPORTS_PER_S, burst=settings.REPORTS_BURST)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO") or "/"
        for pattern, answer in (
            (PUSH_URL, self._push_url),
            (EXTERNAL, self._external),
            (PING, self._ping),
        ):
            if match := pattern.fullmatch(path):
                return send(_safely(lambda: answer(environ, match.groupdict())), start_response)  # noqa: B023
        return self._app(environ, start_response)

    def _push_url(self, environ: WSGIEnvironment, named: Mapping[str, Any]) -> Reply:
        """Uptime Kuma's: any method, everything in the query."""
        try:
            said = receiving_words.push_url(_query(environ))
        except Unreadable as error:
            return _kuma(HTTPStatus.BAD_REQUEST, str(error))
        answer = self._take(
            environ,
            kind=TokenKind.PUSH_URL,
            digest=tokens.digest(receiving_words.text(named["word"])),
            said=said,
        )
        if isinstance(answer, Reply):
            return answer
        if answer is Answer.ACCEPTED:
            return _kuma(HTTPStatus.OK)
        return _kuma(HTTPStatus.NOT_FOUND, "Monitor not found or not active.")

    def _external(self, environ: WSGIEnvironment, named: Mapping[str, Any]) -> Reply:
        """Gatus's: POST, a bearer token, the result in the query and its error perhaps in a body."""
        if environ["REQUEST_METHOD"] != "POST":
            return Reply(HTTPStatus.METHOD_NOT_ALLOWED, [("Allow", "POST")])
        secret = auth.secret_of(environ.get("HTTP_AUTHORIZATION", ""))
        try:
            said = receiving_words.external(_query(environ), _body(environ, _BODY_LIMIT))
        except Unreadable as error:
            return _plain(HTTPStatus.BAD_REQUEST, str(error))
        if not secret:
            return _plain(HTTPStatus.UNAUTHORIZED, "invalid Authorization header")
        kind = TokenKind.EXTERNAL_ENDPOINT
        # A database takes no NUL; what cannot be printed is the key of nobody.
        key = tokens.endpoint_key(receiving_words.line(receiving_words.text(named["key"])))
        digest = tokens.digest_of(kind=kind, secret=secret, key=key)
        answer = self._take(environ, kind=kind, digest=digest, said=said)
        if isinstance(answer, Reply):
            return answer
        if answer is Answer.ACCEPTED:
            return Reply(HTTPStatus.OK)
        # Also for a key that there is none of: who has no token learns nothing of names.
        return _plain(HTTPStatus.UNAUTHORIZED, "invalid token")

    def _ping(self, environ: WSGIEnvironment, named: Mapping[str, Any]) -> Reply:
        """A job's: GET, HEAD or POST; what it printed is the body."""
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD", "POST"}:
            return Reply(HTTPStatus.METHOD_NOT_ALLOWED, [("Allow", "GET, HEAD, POST")])
        try:
            digest = tokens.digest_of(kind=TokenKind.PING, secret=named["uuid"])
            body = _body(environ, pings.BODY_LIMIT)
            said = receiving_words.ping(named["word"] or "", _query(environ), body)
        except (ValidationError, receiving_words.NoSuchWord):
            return Reply(HTTPStatus.NOT_FOUND, _PING_HEADERS, b"not found")
        except Unreadable as error:
            return Reply(HTTPStatus.BAD_REQUEST, _PING_HEADERS, str(error).encode())
        answer = self._take(environ, kind=TokenKind.PING, digest=digest, said=said)
        if isinstance(answer, Reply):
            return answer
        if answer is not Answer.ACCEPTED:
            return Reply(HTTPStatus.NOT_FOUND, _PING_HEADERS, b"not found")
        return Reply(HTTPStatus.OK, _PING_HEADERS, b"OK")

    def _take(
        self,
        environ: WSGIEnvironment,
        *,
        kind: TokenKind,
        digest: str,
        said: receiving_words.Said,
    ) -> Answer | Reply:
        """Hand a call on, unless its sender has to wait."""
        if wait_s := self._buckets.take(digest, at_s=time.monotonic()):
            return later(wait_s)
        return self._commit.submit(
            Push(
                kind=kind,
                token_digest=digest,
                at=self._clock(),
                health=said.health,
                detail=said.detail,
                latency_ms=said.latency_ms,
                job=said.job,
                address=address(environ),
            )
        )


def _safely(answer: Callable[[], Reply]) -> Reply:
    try:
        return answer()
    except DatabaseError:
        logger.exception("a push could not be stored")
        return later(5)


def _receive(batch: Sequence[Push]) -> list[Answer]:
    return with_connection(lambda: pushes.receive(pushes=batch))


def _query(environ: WSGIEnvironment) -> Mapping[str, str]:
    """The query by name; of a name that comes twice the first."""
    raw = environ.get("QUERY_STRING", "")
    if len(raw) > _QUERY_LIMIT:
        raise Unreadable("the query is too long")
    try:
        parsed = parse_qs(raw, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        raise Unreadable("the query has too many fields") from None
    return {name: values[0] for name, values in parsed.items()}


def _body(environ: WSGIEnvironment, limit: int) -> bytes:
    """The first bytes of the body; the rest is not read."""
    if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        return b""
    body: bytes = environ["wsgi.input"].read(limit)
    return body


def _kuma(status: HTTPStatus, problem: str = "") -> Reply:
    document = {"ok": False, "msg": problem} if problem else {"ok": True}
    headers = [("Content-Type", "application/json; charset=utf-8")]
    return Reply(status, headers, json.dumps(document, separators=(",", ":")).encode())


def _plain(status: HTTPStatus, sentence: str) -> Reply:
    return Reply(status, [_TEXT], sentence.encode())
