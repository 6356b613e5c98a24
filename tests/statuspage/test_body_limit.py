"""Uploads that are too large are refused unread (A13)."""

from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from statuspage.body_limit import ANONYMOUS, WITH_SESSION, BodyLimitMiddleware
from tests import build

MULTIPART = "multipart/form-data; boundary=x"


def status(length: int, *, cookie: str = "", kind: str = MULTIPART) -> int:
    """The answer to a POST that announces so many bytes and has none of them."""
    request = RequestFactory().post("/")
    request.META |= {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(length)}
    if cookie:
        request.COOKIES[settings.SESSION_COOKIE_NAME] = cookie

    def view(_request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    return BodyLimitMiddleware(view)(request).status_code


@pytest.mark.req("A13")
def test_a_stranger_uploads_little_and_nobody_uploads_much() -> None:
    assert status(ANONYMOUS) == 200
    assert status(ANONYMOUS + 1) == 413
    assert status(ANONYMOUS + 1, kind="Multipart/Form-Data; boundary=x") == 413
    assert status(WITH_SESSION, cookie="any") == 200
    assert status(WITH_SESSION + 1, cookie="any") == 413


def test_other_bodies_have_limits_of_their_own() -> None:
    assert status(ANONYMOUS + 1, kind="application/json") == 200


@pytest.mark.req("A13")
@pytest.mark.django_db
def test_it_stands_in_front_of_the_console(client: Client) -> None:
    class Unread:
        """A body that must not be touched."""

        def read(self, *_size: Any) -> bytes:
            raise AssertionError("the body was read")

        readline = read

    request: dict[str, Any] = {
        "CONTENT_TYPE": MULTIPART,
        "CONTENT_LENGTH": str(100 * 1024 * 1024),
        "wsgi.input": Unread(),
    }
    answer = client.generic("POST", "/admin/subscribers/import/", **request)
    assert answer.status_code == 413


@pytest.mark.django_db
def test_an_operator_is_told_by_the_form_that_a_list_is_too_large(client: Client) -> None:
    client.force_login(build.operator())
    body = f"email\n{'a@b.example' * 100_000}"
    data = {"file": SimpleUploadedFile("people.csv", body.encode()), "consent": "fair"}
    answer = client.post("/admin/subscribers/import/", data)
    assert answer.status_code == 422
    assert "larger than 700 KB" in answer.content.decode()
