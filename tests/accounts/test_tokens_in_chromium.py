"""The screen "API tokens" in a real browser: fit to use, and the new token is copied."""

import pytest

from tests import build
from tests.accounts.signing import PASSWORD
from tests.browsing import OpenPage, check_screen

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.req("P2"),
]
NEW = "/admin/api-tokens/new/"


def test_a_token_is_made_and_copied_on_screens_that_are_fit_to_use(open_page: OpenPage) -> None:
    page = open_page(
        user=build.operator(username="ada", email="ada@acme.example"),
        permissions=["clipboard-read", "clipboard-write"],
    )
    page.set_default_timeout(60_000)
    page.goto(NEW)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(f"**{NEW}")
    check_screen(page, NEW)
    page.get_by_label("Used by").fill("deploy")
    page.get_by_label("Components: Read").check()
    page.get_by_role("button", name="Make the token").click()
    shown = page.locator("#new-token").inner_text()
    page.get_by_role("button", name="Copy the token").click()
    assert page.evaluate("navigator.clipboard.readText()") == shown
    check_screen(page, "/admin/api-tokens/")
