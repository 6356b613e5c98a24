"""The page that shows the API's document: under our policy, from our own files alone."""

import pytest
from django.test import Client

from tests.browsing import OpenPage

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.req("P1"),
]
DOCS = "/api/manage/v1/docs"


def test_the_docs_list_every_operation_and_break_no_policy(open_page: OpenPage) -> None:
    page = open_page(signed_in=False)
    asked: list[str] = []
    said: list[str] = []
    page.on(
        "console", lambda message: said.append(message.text) if message.type == "error" else None
    )
    page.on("request", lambda request: asked.append(request.url))
    page.set_default_timeout(60_000)
    page.goto(DOCS)
    page.locator(".opblock-summary").first.wait_for()
    document = Client().get("/api/manage/v1/openapi.json").json()
    count = sum(len(path) for path in document["paths"].values())
    assert page.locator(".opblock-summary").count() == count
    page.locator(".opblock-summary", has_text="/components").first.click()
    page.locator(".opblock-body").first.wait_for()
    origin = page.evaluate("location.origin")
    assert [url for url in asked if not url.startswith((origin, "data:"))] == []
    assert said == []
    assert page.evaluate("window.violations") == []
