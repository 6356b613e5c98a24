"""What a program has sent: JSON, or a form with brackets, with whatever method."""

import json
import re
from collections.abc import Collection
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParserError

from common import nested_forms, nested_values

# A database takes neither NUL nor half of a surrogate pair.
_NOT_STORED = re.compile("[\0\ud800-\udfff]")
# Without a word on the type; some clients send JSON so.
_FORM = {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain", ""}


class BodyInvalid(ValueError):
    """Cannot be read; the sentence is for who wrote the program, `status` is that of HTTP."""

    def __init__(self, sentence: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(sentence)
        self.status = status


def document(request: HttpRequest, *, lists: Collection[str] = ()) -> dict[str, Any]:
    """Return the body as a mapping; nothing sent is an empty one. Raises BodyInvalid.

    `lists` are names that a form may send several times: their values are a list.
    """
    try:
        found = _read(request, lists)
    except RequestDataTooBig:
        said = "The body is too large."
        raise BodyInvalid(said, HTTPStatus.REQUEST_ENTITY_TOO_LARGE) from None
    except (TooManyFieldsSent, TooManyFilesSent):
        raise BodyInvalid("The form has too many fields.") from None
    except MultiPartParserError:
        raise BodyInvalid("The form cannot be read.") from None
    try:
        can_be_stored = not any(map(_NOT_STORED.search, nested_values.texts(found)))
    except nested_values.TooDeep as error:
        raise BodyInvalid(f"The body {error}.") from None
    if not can_be_stored:
        raise BodyInvalid("The body holds characters that cannot be stored.")
    return found


def _read(request: HttpRequest, lists: Collection[str]) -> dict[str, Any]:
    kind = request.content_type or ""
    if kind == "multipart/form-data" and request.method == "POST":
        return _of_form(request.POST, lists)
    raw = request.body
    if kind not in _FORM or raw.lstrip()[:1] == b"{":
        return _of_json(raw)
    return _of_form(QueryDict(raw, encoding="utf-8"), lists)


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


def _of_form(fields: QueryDict, lists: Collection[str]) -> dict[str, Any]:
    try:
        return nested_forms.nested(
            (f"{name}[]" if name in lists else name, value)
            for name, values in fields.lists()
            for value in values
        )
    except nested_forms.FormMalformed as error:
        raise BodyInvalid(str(error)) from None
