"""A shared cache between visitors and the product, as strict and as greedy as RFC 9111 lets one be.

It stores whatever it may and answers from that without asking, so that any answer which lacks its
headers turns up at somebody else's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.http.response import HttpResponseBase
from django.test import Client

# Cacheable without any word about freshness (RFC 9110, 15.1).
_HEURISTIC = frozenset({200, 203, 204, 300, 301, 404, 405, 410, 414, 501})


@dataclass
class Stored:
    """An answer and the headers of the request that its Vary names."""

    status: int
    body: bytes
    varied: Mapping[str, str]


@dataclass
class SharedCache:
    """Answers kept by address; no time passes, so that what was fresh once stays fresh."""

    kept: dict[str, list[Stored]] = field(default_factory=dict)
    hits: int = 0

    def get(self, client: Client, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """The answer that a visitor gets: a stored one if there is one that fits."""
        asked = {**headers, "cookie": _cookies(client)}
        for stored in self.kept.get(path, []):
            if all(asked.get(name, "") == value for name, value in stored.varied.items()):
                self.hits += 1
                return stored.status, stored.body
        answer = client.get(path, headers=dict(headers))
        body = b"".join(answer) if answer.streaming else answer.content
        if _may_store(answer):
            varied = {name: asked.get(name, "") for name in _varying(answer)}
            self.kept.setdefault(path, []).append(Stored(answer.status_code, body, varied))
        return answer.status_code, body


def _may_store(answer: HttpResponseBase) -> bool:
    """RFC 9111, 3: for a shared cache. Cookies in requests or answers forbid nothing there."""
    said = {part.strip().lower().partition("=")[0] for part in _control(answer).split(",")}
    if said & {"no-store", "private"} or "*" in _varying(answer):
        return False
    # "no-cache" may be stored, and must be asked about again: as good as not stored here.
    return "no-cache" not in said and answer.status_code in _HEURISTIC


def _control(answer: HttpResponseBase) -> str:
    return str(answer.headers.get("Cache-Control", ""))


def _varying(answer: HttpResponseBase) -> list[str]:
    header = str(answer.headers.get("Vary", ""))
    return [name.strip().lower() for name in header.split(",") if name.strip()]


def _cookies(client: Client) -> str:
    return "; ".join(f"{name}={morsel.value}" for name, morsel in sorted(client.cookies.items()))
