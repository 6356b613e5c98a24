"""`Idempotency-Key`: a creating request that is repeated gets the first answer and creates nothing."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus

from django.db import IntegrityError, transaction
from django.http import HttpResponse

from management_api.guard import ApiRequest
from management_api.models import IdempotentRequest
from management_api.problems import Refused

KEPT = timedelta(hours=24)
LONGEST = 255
_KEPT_HEADERS = ("Content-Type", "ETag", "Location")


def once(request: ApiRequest, create: Callable[[], HttpResponse]) -> HttpResponse:
    """The answer of `create`, in one transaction with the note of it; or the answer it gave before.

    Of two at once the second waits for the first one. What failed leaves no note: the same key may
    be used for the corrected request. Raises Refused when the key stands for another request.
    """
    key = request.headers.get("Idempotency-Key")
    with transaction.atomic():
        if key is None:
            return create()
        if not (0 < len(key) <= LONGEST and key.isascii() and key.isprintable()):
            raise Refused(
                HTTPStatus.BAD_REQUEST,
                f"Idempotency-Key has to be 1 to {LONGEST} printable ASCII characters.",
            )
        fingerprint = _fingerprint(request)
        note = _begin(request, key, fingerprint)
        if note is None:
            return _again(request, key, fingerprint)
        response = create()
        note.status = response.status_code
        note.headers = {
            name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers
        }
        note.body = response.content.decode()
        note.save(update_fields=["status", "headers", "body"])
    return response


def forget(*, now: datetime) -> int:
    """Delete notes that are older than a day; how many."""
    deleted, _by_model = IdempotentRequest.objects.filter(created_at__lte=now - KEPT).delete()
    return deleted


def _begin(request: ApiRequest, key: str, fingerprint: str) -> IdempotentRequest | None:
    """A new note, or None when there is one with this key that still counts."""
    mine = IdempotentRequest.objects.filter(token=request.auth.token, key=key)
    mine.filter(created_at__lte=request.now - KEPT).delete()
    try:
        with transaction.atomic():
            return IdempotentRequest.objects.create(
                token=request.auth.token, key=key, fingerprint=fingerprint, created_at=request.now
            )
    except IntegrityError:
        return None


def _again(request: ApiRequest, key: str, fingerprint: str) -> HttpResponse:
    note = IdempotentRequest.objects.get(token=request.auth.token, key=key)
    if note.fingerprint != fingerprint:
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "This Idempotency-Key was used for another request. Use a new one.",
        )
    response = HttpResponse(note.body.encode(), status=note.status)
    for name, value in note.headers.items():
        response.headers[name] = value
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _fingerprint(request: ApiRequest) -> str:
    parts = (request.method or "", request.get_full_path(), request.content_type or "")
    return hashlib.sha256("\n".join(parts).encode() + b"\n" + request.body).hexdigest()
