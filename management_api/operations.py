"""How an operation is declared: one line says its path, its scope, the right it needs, what it gives.

The functions take what ninja reads for them and return an `Out`; here it becomes bytes with their
entity tag, a transaction is put around what writes, and a repeated create is answered again.
"""

from collections.abc import Callable
from copy import deepcopy
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from ninja import Router, Schema

from management_api import etags, idempotency
from management_api.guard import AccessTokenAuth, ApiRequest
from management_api.problems import Problem
from management_api.schemas import Out

Operation = TypeVar("Operation", bound=Callable[..., Any])

# What describes this API, to programs and to people (RFC 8631).
SERVICE_LINKS = (
    '</api/manage/v1/openapi.json>; rel="service-desc", </api/manage/v1/docs>; rel="service-doc"'
)
_ALWAYS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
)
_OF_WRITES = (
    HTTPStatus.CONFLICT,
    HTTPStatus.PRECONDITION_FAILED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
)


class _Problem(Schema):
    """What ninja makes of a response, for the document alone: all that runs here answers by itself.

    One for all operations, and described once: ninja would make a class for each of a thousand
    problems, half a second of every start, and describe each anew, a second of every document.
    """

    response: Problem

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        how = repr((args, sorted(kwargs.items())))
        if how not in _described:
            _described[how] = super().model_json_schema(*args, **kwargs)
        return deepcopy(_described[how])


_described: dict[str, dict[str, Any]] = {}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same request gets the first answer again, for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag you have read: 412 when somebody changed it since.",
    "schema": {"type": "string", "pattern": '^"[0-9a-f]{32}"$'},
}


def reads(
    router: Router, path: str, *, scope: str, permission: str, gives: Any
) -> Callable[[Operation], Operation]:
    """Declare a GET. 304 answers a caller who has the same bytes (`If-None-Match`)."""

    def declare(function: Operation) -> Operation:
        @wraps(function)
        def run(request: ApiRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return _answer(request, function(request, *args, **kwargs), HTTPStatus.OK)

        responses = _responses(HTTPStatus.OK, gives) | {HTTPStatus.NOT_MODIFIED.value: None}
        _add(router, "GET", path, run, needs=(scope, permission), responses=responses)
        return function

    return declare


def creates(
    router: Router,
    path: str,
    *,
    scope: str,
    permission: str,
    gives: Any,
    at: Callable[[Any], str] | None = None,
) -> Callable[[Operation], Operation]:
    """Declare a POST that makes something: 201, one transaction, `Idempotency-Key`.

    `at` tells the path of what was made below the API, from what the function returned.
    """

    def declare(function: Operation) -> Operation:
        @wraps(function)
        def run(request: ApiRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            def create() -> HttpResponse:
                out = function(request, *args, **kwargs)
                response = _answer(request, out, HTTPStatus.CREATED)
                if at is not None:
                    response.headers["Location"] = f"/api/manage/v1{at(out)}"
                return response

            return idempotency.once(request, create)

        responses = _responses(HTTPStatus.CREATED, gives, *_of_writes(has_etag=False))
        needs = (scope, permission)
        _add(router, "POST", path, run, needs=needs, responses=responses, header=_KEY)
        return function

    return declare


def acts(
    router: Router,
    path: str,
    *,
    scope: str,
    permission: str,
    gives: Any,
    method: str = "POST",
    has_etag: bool = True,
) -> Callable[[Operation], Operation]:
    """Declare what changes something without making anything new, like publishing: 200.

    `has_etag` is false where there is no one thing that a caller has read: no `If-Match` then.
    """
    needs = (scope, permission)
    return _writes(router, method, path, needs=needs, gives=gives, has_etag=has_etag)


def changes(
    router: Router, path: str, *, scope: str, permission: str, gives: Any
) -> Callable[[Operation], Operation]:
    """Declare a PATCH: 200, one transaction; the function calls `etags.check` with the row held."""
    return _writes(router, "PATCH", path, needs=(scope, permission), gives=gives)


def removes(
    router: Router, path: str, *, scope: str, permission: str, has_etag: bool = True
) -> Callable[[Operation], Operation]:
    """Declare a DELETE: 204, one transaction; the function calls `etags.check` with the row held.

    `has_etag` is false for what has no answer of its own to read first.
    """

    def declare(function: Operation) -> Operation:
        @wraps(function)
        def run(request: ApiRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            with transaction.atomic():
                function(request, *args, **kwargs)
            return _counted(request, HttpResponse(status=HTTPStatus.NO_CONTENT))

        responses = _responses(HTTPStatus.NO_CONTENT, None, *_of_writes(has_etag))
        header = _IF_MATCH if has_etag else None
        needs = (scope, permission)
        _add(router, "DELETE", path, run, needs=needs, responses=responses, header=header)
        return function

    return declare


def _writes(
    router: Router,
    method: str,
    path: str,
    *,
    needs: tuple[str, str],
    gives: Any,
    has_etag: bool = True,
) -> Callable[[Operation], Operation]:
    def declare(function: Operation) -> Operation:
        @wraps(function)
        def run(request: ApiRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            with transaction.atomic():
                out = function(request, *args, **kwargs)
            return _answer(request, out, HTTPStatus.OK)

        responses = _responses(HTTPStatus.OK, gives, *_of_writes(has_etag))
        header = _IF_MATCH if has_etag else None
        _add(router, method, path, run, needs=needs, responses=responses, header=header)
        return function

    return declare


def _add(
    router: Router,
    method: str,
    path: str,
    run: Callable[..., HttpResponse],
    *,
    needs: tuple[str, str],
    responses: dict[int, Any],
    header: dict[str, Any] | None = None,
) -> None:
    scope, permission = needs
    extra: dict[str, Any] = {"x-scope": scope}
    if header:
        extra["parameters"] = [header]
    router.add_api_operation(
        path,
        [method],
        run,
        auth=AccessTokenAuth(scope=scope, permission=permission),
        response={status: gives for status, gives in responses.items() if gives is not Problem},
        operation_id=run.__name__,
        summary=(run.__doc__ or run.__name__).strip().partition("\n")[0],
        description=(run.__doc__ or "").strip().partition("\n")[2].strip() or None,
        openapi_extra=extra,
    )
    found = router.path_operations[path].operations[-1].response_models
    for status, gives in responses.items():
        found[status] = _Problem if gives is Problem else found.pop(status)  # in this order


def _of_writes(has_etag: bool) -> tuple[HTTPStatus, ...]:
    return tuple(
        each for each in _OF_WRITES if has_etag or each is not HTTPStatus.PRECONDITION_FAILED
    )


def _responses(status: HTTPStatus, gives: Any, *more: HTTPStatus) -> dict[int, Any]:
    return {status.value: gives} | {each.value: Problem for each in (*_ALWAYS, *more)}


def _answer(request: ApiRequest, out: Out, status: HTTPStatus) -> HttpResponse:
    body = etags.body_of(out)
    tag = etags.of(body)
    is_seen = request.method == "GET" and etags.is_seen(request, tag)
    response = (
        HttpResponse(status=HTTPStatus.NOT_MODIFIED)
        if is_seen
        else HttpResponse(body, status=status, content_type="application/json")
    )
    response.headers["ETag"] = tag
    return _counted(request, response)


def _counted(request: ApiRequest, response: HttpResponse) -> HttpResponse:
    """The response, for nobody's cache, with what is left of this minute's requests."""
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Link"] = SERVICE_LINKS
    response.headers["RateLimit-Limit"] = str(settings.API_PER_MINUTE)
    response.headers["RateLimit-Remaining"] = str(request.left)
    return response
