"""A visitor subscribes on the page, chooses one service, hears of it alone, and leaves by one click."""

import re
from collections.abc import Iterator
from email.message import Message

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect

from tests import chromium
from tests.stories.world import Mailbox, Product, wait_for

pytestmark = [pytest.mark.story, pytest.mark.xdist_group("shared product")]

ADDRESS = "visitor@globex.example"
# Services of this story alone: its incidents stay open.
CONFIG = """
components:
  - {name: Wishlist, slug: wishlist}
  - {name: Reviews, slug: reviews}
"""
# The one on the other service first: were it told, its mail would come before the other.
EVENTS = """
from django.utils import timezone
from components.models import Component
from incidents import publishing
from incidents.lifecycle import Impact
from incidents.publishing import Report
for slug, title in (("reviews", "Search finds nothing"), ("wishlist", "Baskets are empty")):
    component = Component.objects.get(slug=slug)
    said = Report(title=title, text="We look.", impact=Impact.MINOR, components={component.id: None})
    publishing.open_incident(report=said, notify=True, now=timezone.now())
"""


@pytest.fixture
def context() -> Iterator[BrowserContext]:
    """The visitor's browser; ended with the test, for asynchronous tests follow on this worker."""
    with chromium.launched() as browser:
        yield browser.new_context()


def _text(mail: Message) -> str:
    part = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


@pytest.mark.req("N1", "N2", "N3", "N4", "N5", "N6", "O1", "D1")
def test_a_visitor_hears_of_the_chosen_service_alone_and_leaves_by_one_click(
    shared_product: Product, shared_mailbox: Mailbox, context: BrowserContext
) -> None:
    applied = shared_product.manage("apply", "-", text=CONFIG)
    assert applied.returncode == 0, applied.stdout + applied.stderr

    def mails() -> list[Message]:
        return [mail for mail in shared_mailbox.mails if mail["To"] == ADDRESS]

    def mail(number: int) -> Message:
        wait_for(lambda: len(mails()) > number, 60, shared_product.log)
        return mails()[number]

    page = context.new_page()
    page.goto(shared_product.origin)
    page.get_by_role("link", name="Subscribe").click()
    dialog = page.get_by_role("dialog", name="Get updates")
    expect(dialog.get_by_role("radio", name="E-mail")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Subscribe")).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_label("E-mail address").fill(ADDRESS)
    dialog.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()

    link = re.search(r"http://\S+/subscriptions/confirm/\S+", _text(mail(0)))
    assert link, _text(mail(0))
    page.goto(link[0])
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("radio", name="Only the components I choose").check()
    page.get_by_role("checkbox", name="Wishlist").check()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")

    shared_product.shell(EVENTS)
    told = mail(1)
    assert "Baskets are empty" in _text(told)
    assert not [one for one in mails() if "Search finds nothing" in _text(one)]

    one_click = str(told["List-Unsubscribe"]).strip("<>")
    answer = httpx.post(one_click, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    page.goto(one_click)
    expect(page.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    assert len(mails()) == 2
