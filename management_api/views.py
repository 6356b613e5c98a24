"""What of the API is no operation: its document, the page to read it with, and addresses it lacks."""

import json
from functools import cache
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import condition, require_safe

from management_api import etags, problems
from management_api.api import document
from management_api.operations import SERVICE_LINKS


@cache
def _written() -> bytes:
    """The document's bytes, made once in a process: it takes a second, and anybody may ask for it."""
    return json.dumps(document(), separators=(",", ":")).encode()


@require_safe
@cache_control(public=True, max_age=300)
@condition(etag_func=lambda _request: etags.of(_written()))
def openapi(_request: HttpRequest) -> HttpResponse:
    """The OpenAPI document; of the version, not of this installation, so it is public."""
    return HttpResponse(_written(), content_type="application/json")


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The document to read, with assets of our own."""
    response = render(request, "management_api/docs.html")
    response.headers["Link"] = SERVICE_LINKS
    return response


@csrf_exempt
def nothing_here(_request: HttpRequest) -> HttpResponse:
    return problems.answer(HTTPStatus.NOT_FOUND, "There is no such address in this API.")


def no_such_method(allowed: str) -> HttpResponse:
    """An address is there, but not for this method; `allowed` is a list in any order."""
    allowed = ", ".join(sorted(each.strip() for each in allowed.split(",")))
    said = f"This address knows {allowed}."
    return problems.answer(HTTPStatus.METHOD_NOT_ALLOWED, said, headers={"Allow": allowed})
