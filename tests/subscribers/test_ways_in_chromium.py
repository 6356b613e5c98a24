"""A webhook's way in a real browser, from the form to its secret; and the screens beside it."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from subscribers import code_links
from subscribers.models import State, Subscriber, WaySettings
from tests import build, web
from tests.browsing import OpenPage, check_screen, faults, with_assets
from tests.notifications import post
from tests.subscribers import texts

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.req("A7", "D7")
def test_webhook_is_subscribed_with_the_code_that_it_got(
    open_page: OpenPage, settings: Settings
) -> None:
    settings.ALLOW_PRIVATE_HOOKS = settings.ALLOW_PRIVATE_VISITOR_HOOKS = True
    WaySettings.objects.create(offers_webhook=True)
    page = with_assets(open_page(signed_in=False))
    with web.server() as receiver:
        page.goto("/subscribe")
        page.locator(".way", has_text="Webhook").click()
        page.get_by_label("Address of your endpoint").fill("http://10.0.0.1.example/ ?")
        page.get_by_role("button", name="Subscribe").click()
        expect(page.locator("#e-webhook")).to_be_visible()
        assert faults(page) == []

        page.get_by_label("Address of your endpoint").fill(f"{receiver.url}/hook")
        page.get_by_role("button", name="Subscribe").click()
        page.wait_for_url("**/subscriptions/code/**")
        post.drain(now=datetime.now(UTC))
        page.get_by_label("Code").fill(receiver.got[0].json["data"]["code"])
        page.get_by_role("button", name="Confirm").click()
        row = Subscriber.objects.get()
        expect(page.get_by_text(row.secrets["secret"])).to_be_visible()
        assert faults(page) == []

        page.get_by_role("link", name="I have kept it").click()
        page.get_by_role("button", name="Make a new secret").click()
        row = Subscriber.objects.get()
        expect(page.get_by_text(row.secrets["secret"])).to_be_visible()


@pytest.mark.req("N7", "A6")
def test_screens_of_text_messages_are_fit_to_use(open_page: OpenPage, settings: Settings) -> None:
    with texts.provider(settings):
        row = build.subscriber(
            channel="sms", address=texts.PHONE, state=State.WAITING, confirmed_at=None
        )
        visitor = with_assets(open_page(signed_in=False))
        check_screen(visitor, code_links.path(row, now=datetime.now(UTC)))
        check_screen(open_page(), "/admin/ways/")
