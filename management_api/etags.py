"""Entity tags: what a caller has seen, so that nobody overwrites what somebody else changed meanwhile."""

import hashlib
from http import HTTPStatus

from management_api.guard import ApiRequest
from management_api.problems import Refused
from management_api.schemas import Out


def body_of(out: Out) -> bytes:
    """The bytes of an answer; the same for the same content."""
    return out.model_dump_json().encode()


def of(body: bytes) -> str:
    """The strong tag of these bytes (RFC 9110, 8.8.3)."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def check(request: ApiRequest, current: Out) -> None:
    """Refuse with 412 unless what the caller has seen (`If-Match`) is what is there.

    Call it with the row held (`select_for_update`), inside the transaction of the change. Without
    the header everything is let through.
    """
    wanted = request.headers.get("If-Match")
    if wanted is None or wanted.strip() == "*" or of(body_of(current)) in _tags(wanted):
        return
    raise Refused(
        HTTPStatus.PRECONDITION_FAILED,
        "Somebody changed it since you read it. Read it again and decide anew.",
    )


def is_seen(request: ApiRequest, tag: str) -> bool:
    """Whether the caller has these bytes already (`If-None-Match`)."""
    seen = request.headers.get("If-None-Match", "")
    return seen.strip() == "*" or tag in {each.removeprefix("W/") for each in _tags(seen)}


def _tags(header: str) -> set[str]:
    return {each.strip() for each in header.split(",")}
