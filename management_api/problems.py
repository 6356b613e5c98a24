"""Errors as problem details (RFC 9457): one shape for everything that goes wrong.

`type` is "about:blank" and `title` the phrase of the status, as the standard has it for problems
that the status says enough of; `detail` tells what to do, `errors` is by field where fields are wrong.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NoReturn

from django.core.exceptions import (
    NON_FIELD_ERRORS,
    ObjectDoesNotExist,
    RequestDataTooBig,
    ValidationError,
)
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError
from ninja.errors import ValidationError as BodyError

from accounts import access_tokens
from monitoring.config_file.problems import ConfigInvalid, path_text

MEDIA_TYPE = "application/problem+json"


class Problem(Schema):
    """What went wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: dict[str, list[str]] | None = None


class Refused(Exception):
    """A request that cannot be done as it is; the text says what to do about it."""

    def __init__(
        self, status: HTTPStatus, detail: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers or {}


def not_found(what: str) -> NoReturn:
    """There is no such thing, or the caller may not know of it."""
    raise Refused(HTTPStatus.NOT_FOUND, f"There is no such {what}.")


def conflict(detail: str) -> NoReturn:
    """What is asked does not fit what is there."""
    raise Refused(HTTPStatus.CONFLICT, detail)


def answer(
    status: HTTPStatus,
    detail: str,
    *,
    errors: Mapping[str, list[str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The problem as a response."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
    }
    if errors is not None:
        body["errors"] = dict(errors)
    response = HttpResponse(
        # Escaped: what is told back may hold half a surrogate pair, which is no UTF-8.
        json.dumps(body),
        status=status.value,
        content_type=MEDIA_TYPE,
    )
    response.headers["Cache-Control"] = "no-store"
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


def register(api: NinjaAPI) -> None:
    """Have the API tell its errors, and those of the operations it calls, as problems."""

    @api.exception_handler(Refused)
    def refused(_request: HttpRequest, error: Refused) -> HttpResponse:
        return answer(error.status, str(error), headers=error.headers)

    @api.exception_handler(BodyError)
    def malformed(_request: HttpRequest, error: BodyError) -> HttpResponse:
        return answer(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Some of what was sent is not as it should be.",
            errors=_by_place(error),
        )

    @api.exception_handler(ValidationError)
    def invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
        return answer(
            HTTPStatus.UNPROCESSABLE_ENTITY, " ".join(error.messages), errors=_by_field(error)
        )

    @api.exception_handler(ConfigInvalid)
    def wrong_file(_request: HttpRequest, error: ConfigInvalid) -> HttpResponse:
        return answer(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "The file has mistakes. Nothing was changed.",
            errors=_by_line(error),
        )

    @api.exception_handler(access_tokens.NotAllowed)
    def forbidden(_request: HttpRequest, error: access_tokens.NotAllowed) -> HttpResponse:
        return answer(HTTPStatus.FORBIDDEN, str(error))

    @api.exception_handler(access_tokens.TooMany)
    def too_many(_request: HttpRequest, error: access_tokens.TooMany) -> HttpResponse:
        wait = str(error.retry_after_s)
        return answer(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"This token has had its requests of this minute. Go on in {wait} s.",
            headers={"Retry-After": wait},
        )

    @api.exception_handler(RequestDataTooBig)
    def too_big(_request: HttpRequest, _error: RequestDataTooBig) -> HttpResponse:
        return answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is larger than 1 MB.")

    @api.exception_handler(ObjectDoesNotExist)
    @api.exception_handler(Http404)
    def gone(_request: HttpRequest, _error: Exception) -> HttpResponse:
        return answer(HTTPStatus.NOT_FOUND, "There is no such thing (any more).")

    @api.exception_handler(HttpError)
    def other(_request: HttpRequest, error: HttpError) -> HttpResponse:
        headers = {"WWW-Authenticate": "Bearer"} if error.status_code == 401 else {}
        detail = (
            "Send a valid token: Authorization: Bearer can_…" if headers else f"{error.message}."
        )
        return answer(HTTPStatus(error.status_code), detail, headers=headers)


def _by_place(error: BodyError) -> dict[str, list[str]]:
    """What is wrong by where it stands: "title", "components.0.id", "query.limit"."""
    found: dict[str, list[str]] = {}
    for each in error.errors:
        place = [str(part) for part in each.get("loc", ())]
        # The first is where from, the second of a body the name of the argument that takes it.
        named = place[2:] if place[:1] == ["body"] else place
        found.setdefault(".".join(named) or "body", []).append(str(each.get("msg", "")))
    return found


def _by_line(error: ConfigInvalid) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in error.problems:
        line = "" if each.line is None else f" (line {each.line})"
        found.setdefault(f"{path_text(each.path) or 'file'}{line}", []).append(each.message)
    return found


def _by_field(error: ValidationError) -> dict[str, list[str]]:
    if not hasattr(error, "error_dict"):
        return {"body": list(error.messages)}
    return {
        "body" if name == NON_FIELD_ERRORS else name: list(messages)
        for name, messages in error.message_dict.items()
    }
