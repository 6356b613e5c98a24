"""The console's screens of subscribers in a real Chromium: accessible, inside their policy, on a phone."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import FilePayload, expect

from subscribers import suppressing
from subscribers.models import Reason, State, Subscriber
from tests import build
from tests.browsing import OpenPage, check_screen, faults

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.req("N11")
def test_the_screens_of_subscribers_are_fit_to_use(open_page: OpenPage) -> None:
    now = timezone.now()
    checkout = build.component(name="Checkout", group=build.group(name="Platform"))
    angry = build.subscriber(address="angry@customer.example", components=[checkout])
    suppressing.suppress(
        channel="email", canonical=angry.canonical, note="", reason=Reason.COMPLAINT, now=now
    )
    build.subscriber(state=State.WAITING, confirmed_at=None)
    build.subscriber(page=build.page(name="Europe", components=[checkout]))
    build.subscriber(state=State.PAUSED, failing_since=now - timedelta(days=4))
    hook = f"hooks.customer.example/{'a' * 60}"
    build.subscriber(channel="webhook", address=hook, secrets={"url": "x"})
    page = open_page()
    for screen in ("", f"{angry.pk}/", "add/"):
        check_screen(page, f"/admin/subscribers/{screen}")

    page.goto("/admin/subscribers/import/")
    text = "email;components\nnew@customer.example;Checkout\nangry@customer.example;\n"
    file = FilePayload(name="people.csv", mimeType="text/csv", buffer=text.encode())
    page.set_input_files("[name=file]", files=[file])
    page.fill("[name=consent]", "order form")
    with page.expect_navigation(timeout=30_000):
        page.keyboard.press("Enter")
    expect(page.locator("#skipped")).to_have_text("Left out")
    assert faults(page) == []
    page.click("button:has-text('Import 1 subscriber')")
    expect(page.locator(".messagelist")).to_contain_text("1 subscriber is told from now on.")
    assert Subscriber.objects.filter(address="new@customer.example").exists()
