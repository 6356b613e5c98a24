"""What a program has sent: JSON, or a form with brackets, with whatever method."""

import json
import re
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, QueryDict

from common import nested_forms

_NOT_STORED = re.compile("[\0\ud800-\udfff]")
# Without a word on the type; some clients send JSON so.
_FORM = {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain", ""}


class BodyInvalid(ValueError):
    """Cannot be read; the sentence is for who wrote the program, `status` is that of HTTP."""

    def __init__(self, sentence: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(sentence)
        self.status = status


def document(request: HttpRequest) -> dict[str, Any]:
    """Return the body as a mapping; nothing sent is an empty one. Raises BodyInvalid."""
    try:
        found = _read(request)
    except RequestDataTooBig:
        said = "The body is too large."
        raise BodyInvalid(said, HTTPStatus.REQUEST_ENTITY_TOO_LARGE) from None
    except TooManyFieldsSent:
        raise BodyInvalid("The form has too many fields.") from None
    if not _can_be_stored(found):
        raise BodyInvalid("The body holds characters that cannot be stored.")
    return found


def _can_be_stored(value: Any) -> bool:
    """Whether every text can: a database takes neither NUL nor half of a surrogate pair."""
    match value:
        case str():
            return _NOT_STORED.search(value) is None
        case dict():
            return all(_can_be_stored(part) for pair in value.items() for part in pair)
        case list():
            return all(map(_can_be_stored, value))
    return True


def _read(request: HttpRequest) -> dict[str, Any]:
    kind = request.content_type or ""
    if kind == "multipart/form-data" and request.method == "POST":
        return _of_form(request.POST)
    raw = request.body
    if kind not in _FORM or raw.lstrip()[:1] == b"{":
        return _of_json(raw)
    return _of_form(QueryDict(raw, encoding="utf-8"))


def _of_json(raw: bytes) -> dict[str, Any]:
    if not raw.strip():
        return {}
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise BodyInvalid("The body is not JSON.") from None
    if not isinstance(found, dict):
        raise BodyInvalid("The body has to be a JSON object.")
    return found


def _of_form(fields: QueryDict) -> dict[str, Any]:
    try:
        return nested_forms.nested(
            (name, value) for name, values in fields.lists() for value in values
        )
    except nested_forms.FormMalformed as error:
        raise BodyInvalid(str(error)) from None
