"""The pages of subscriptions in a real browser: fit to use in every look."""

from datetime import UTC, datetime

import pytest

from subscribers import proofs
from subscribers.models import Purpose
from tests import build
from tests.browsing import OpenPage, check_screen, faults, with_assets

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_pages_of_subscriptions_are_fit_to_use(open_page: OpenPage) -> None:
    group = build.group(name="Platform")
    for name in ("API", "Checkout"):
        build.component(name=name, group=group)
    row = build.subscriber(address="ada@example.com")
    build.subscriber(address="ada@example.com", follows="incident:abc", options={"event": "Slow"})
    token = proofs.issue(subscriber=row, purpose=Purpose.MANAGE, now=datetime.now(UTC)).token
    page = with_assets(open_page(signed_in=False))

    page.goto("/subscribe")
    page.get_by_role("radio", name="Only the components I choose").check()
    page.get_by_role("checkbox", name="All of Platform").check()
    assert page.get_by_role("checkbox", name="API").is_checked()
    page.get_by_role("checkbox", name="API").uncheck()
    assert not page.get_by_role("checkbox", name="All of Platform").is_checked()
    page.get_by_label("E-mail address").fill("ada@globex")
    page.get_by_role("button", name="Subscribe").click()
    page.wait_for_selector("[aria-invalid=true]:focus")
    assert page.get_by_role("checkbox", name="Checkout").is_checked()
    assert faults(page) == []

    check_screen(page, f"/subscriptions/open/{token}")
    page.get_by_role("button", name="Open your subscription").click()
    page.wait_for_url("**/subscriptions/mine")
    assert faults(page) == []
