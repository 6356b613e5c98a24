"""What the front says below /api/v2 beside the documents: to preflights, and when something is wrong.

Without Django. Programs get JSON there, also when they ask for what is not; and so do scripts of other
sites, which see no answer that does not name them (CORS). None carries a cookie or depends on one.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from public_pages import addresses
from public_pages.hosts import State
from public_pages.routing import Route

_BELOW = re.compile(r"(?i:/api/v2(?:/.*)?)", re.DOTALL)
_TAKEN = re.compile(r"(?i:/api/v2/subscribers\.json)")
_READ, _WRITTEN = "GET, HEAD, OPTIONS", "POST, DELETE, OPTIONS"

TELLS = ("Access-Control-Expose-Headers", "ETag, Retry-After")
OPEN: Sequence[tuple[str, str]] = (("Access-Control-Allow-Origin", "*"), TELLS)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer that is no document: a sentence as JSON, or none; `more` are headers of its own."""

    status: HTTPStatus
    sentence: str = ""
    more: tuple[tuple[str, str], ...] = ()

    @property
    def body(self) -> bytes:
        return json.dumps({"error": self.sentence}).encode() if self.sentence else b""

    @property
    def headers(self) -> list[tuple[str, str]]:
        shared = [("Cache-Control", "no-store"), *OPEN, *self.more]
        if not self.sentence:
            return shared
        return [
            ("Content-Type", "application/json; charset=utf-8"),
            ("Content-Length", str(len(self.body))),
            *shared,
        ]


UNKNOWN = Said(HTTPStatus.NOT_FOUND, "There is no such document. Start with /api/v2/summary.json.")
GONE = Said(HTTPStatus.GONE, "This status page is no longer kept.")
READ_ONLY = Said(
    HTTPStatus.METHOD_NOT_ALLOWED, "Only GET and HEAD are allowed here.", (("Allow", _READ),)
)
NOT_YET = Said(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The status page is being prepared. Try again in a moment.",
    (("Retry-After", "1"),),
)


def is_below(route: Route) -> bool:
    """Whether a path is one of the status API, whether or not there is anything.

    On a customer page, which has a door, nothing is said before somebody is let in.
    """
    return route.place.state is not State.DYNAMIC and _BELOW.fullmatch(route.path) is not None


def said(route: Route, method: str) -> Said | None:
    """The answer to what is no question for a document; None when it is, or something is sent."""
    is_taken = _TAKEN.fullmatch(route.path) is not None
    if method == "OPTIONS":
        return _preflight(_WRITTEN if is_taken else _READ)
    if route.moved_to:
        return None
    if route.place.state is State.GONE:
        return GONE
    if is_taken:
        return None
    if addresses.file(route.path) is None:
        return UNKNOWN
    return None if method in {"GET", "HEAD"} else READ_ONLY


def _preflight(allowed: str) -> Said:
    """The answer to OPTIONS, good for a day: no origin is better than another."""
    return Said(
        HTTPStatus.NO_CONTENT,
        more=(
            ("Allow", allowed),
            ("Access-Control-Allow-Methods", allowed),
            (
                "Access-Control-Allow-Headers",
                "Accept, Content-Type, If-None-Match, X-Requested-With",
            ),
            ("Access-Control-Max-Age", "86400"),
        ),
    )
