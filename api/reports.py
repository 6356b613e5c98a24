"""The WSGI application of reporters and local daemons, in front of Django's own.

Reports come by the thousand and need nothing of Django's middleware: no session, no cookie, no CSRF,
no language. It answers them itself through `monitoring.reports` and passes everything else on
(docs/decisions/0006). Facts by number are those of the specification's protocols document.
"""

import logging
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from api import auth, local_map, report_bodies, report_paths
from api.batching import GroupCommit
from api.fronting import Reply, address, later, send, with_connection
from api.throttling import Buckets
from monitoring import inventory, reports, tokens
from monitoring.reports import Answer, Report, Said

logger = logging.getLogger(__name__)

_BATCH_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Family:
    """What Vigil's and Crisp's clients expect differently (5, 6, 15)."""

    replica_key: str
    wrong_password: HTTPStatus
    needs_word: bool
    needs_json_type: bool


_VIGIL = Family("replica", HTTPStatus.FORBIDDEN, needs_word=True, needs_json_type=True)
_CRISP = Family("replica_id", HTTPStatus.UNAUTHORIZED, needs_word=False, needs_json_type=False)


_DONE = Reply(HTTPStatus.OK)
_NOT_FOUND = Reply(HTTPStatus.NOT_FOUND)
_CHALLENGE = ("WWW-Authenticate", 'Basic realm="Reporter Token"')
_NO_TOKEN = Reply(HTTPStatus.UNAUTHORIZED, [_CHALLENGE])


class Reports:
    """Answers reports, flushes and the local map; passes the rest to `app`."""

    def __init__(
        self, app: WSGIApplication, *, clock: Callable[[], datetime] = timezone.now
    ) -> None:
        self._app = app
        self._clock = clock
        self._commit: GroupCommit[Report, Answer] = GroupCommit(_receive, limit=_BATCH_LIMIT)
        self._buckets = Buckets(per_s=settings.REPORTS_PER_S, burst=settings.REPORTS_BURST)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO") or "/"
        match = report_paths.REPORT.fullmatch(path)
        if match is None and not report_paths.MAP.fullmatch(path):
            return self._app(environ, start_response)
        try:
            reply = _local_map(environ) if match is None else self._report(environ, match)
        except DatabaseError:
            logger.exception("a report could not be stored")
            reply = later(5)
        return send(reply, start_response)

    def _report(self, environ: WSGIEnvironment, match: re.Match[str]) -> Reply:
        family = _VIGIL if match["vigil"] else _CRISP
        method, replica = environ["REQUEST_METHOD"], match["replica"] or ""
        is_flush = method == "DELETE" and family is _VIGIL and bool(replica.strip("/"))
        # A wrong method is an unknown route to Vigil, and so is a node with a slash in it (11).
        if not is_flush and (method != "POST" or replica.strip("/")):
            return _NOT_FOUND
        secret = auth.secret_of(environ.get("HTTP_AUTHORIZATION", ""))
        if secret is None:
            return _NO_TOKEN
        digest = tokens.digest(secret)
        now = self._clock()
        if is_flush:
            return self._flush(match, digest, replica, now)
        key = (digest, match["service"], match["node"])
        if wait_s := self._buckets.take(key, at_s=time.monotonic()):
            return later(wait_s)
        is_too_large, said = False, None
        try:
            said = _said(environ, family)
        except _TooLarge:
            is_too_large = True
        answer = self._commit.submit(
            Report(
                token_digest=digest,
                service=match["service"],
                node=match["node"],
                said=said,
                at=now,
                address=address(environ),
            )
        )
        if is_too_large and answer is Answer.BODY_INVALID:
            return Reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return _reply(answer, family)

    def _flush(self, match: re.Match[str], digest: str, replica: str, now: datetime) -> Reply:
        answer, row = with_connection(
            lambda: reports.flush(
                token_digest=digest,
                service=match["service"],
                node=match["node"],
                replicas=_spellings(replica),
                now=now,
            )
        )
        if row is not None:
            inventory.remove_replica(replica=row, now=now)
        return _reply(answer, _VIGIL)


class _TooLarge(Exception):
    """More bytes than a report may have."""


def _receive(batch: Sequence[Report]) -> list[Answer]:
    return with_connection(lambda: reports.receive(reports=batch))


def _said(environ: WSGIEnvironment, family: Family) -> Said | None:
    """What the body says; None for a body that is no report."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdigit() and int(length) > report_bodies.BODY_LIMIT:
        raise _TooLarge
    body = environ["wsgi.input"].read(report_bodies.BODY_LIMIT + 1)
    if len(body) > report_bodies.BODY_LIMIT:
        raise _TooLarge
    if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        return None
    if family.needs_json_type and not _is_json(environ.get("CONTENT_TYPE", "")):
        return None
    try:
        return report_bodies.read(
            body, replica_key=family.replica_key, needs_word=family.needs_word
        )
    except report_bodies.BodyInvalid:
        return None


def _is_json(content_type: str) -> bool:
    """Whatever the charset: one client misspells it."""
    mime = content_type.partition(";")[0].strip().lower()
    return mime.endswith(("/json", "+json"))


def _spellings(rest: str) -> list[str]:
    """What a replica may be called, given the rest of the path: best guess first.

    The slash at the end belongs to the route, unless the client left that one out.
    """
    text = rest.encode("latin-1", "replace").decode("utf-8", "replace")
    guesses = [text.removesuffix("/"), text, text.strip("/")]
    return list(dict.fromkeys(guess for guess in guesses if guess))


def _reply(answer: Answer, family: Family) -> Reply:
    match answer:
        case Answer.ACCEPTED:
            return _DONE
        case Answer.TOKEN_REFUSED:
            return Reply(family.wrong_password, [_CHALLENGE])
        case Answer.BODY_INVALID:
            return Reply(HTTPStatus.BAD_REQUEST)
        case Answer.NOT_FOUND:
            return _NOT_FOUND
        case Answer.WRONG_MODE:
            return Reply(HTTPStatus.PRECONDITION_FAILED)
        case Answer.NODE_FULL:
            return later(60)


def _local_map(environ: WSGIEnvironment) -> Reply:
    if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
        return _NOT_FOUND
    secret = auth.secret_of(environ.get("HTTP_AUTHORIZATION", ""))
    token = secret and with_connection(
        lambda: tokens.verify(secret=secret, kinds=reports.ACCEPTED_KINDS)
    )
    if not token:
        return _NO_TOKEN
    now = timezone.now()
    tokens.note_use(token=token, address=address(environ), now=now)
    document = local_map.build(token=token)
    since = parse_qs(environ.get("QUERY_STRING", "")).get("since", [""])[-1]
    if since == str(document.date):
        return Reply(HTTPStatus.NOT_MODIFIED)
    headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
    return Reply(HTTPStatus.OK, headers, document.body)
