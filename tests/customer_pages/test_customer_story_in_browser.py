"""A customer in a real Chromium: signs in by the mailed link, sees their page, and loses access."""

import re

import pytest
from playwright.sync_api import expect

from components.status import Status
from customer_pages import sessions
from tests import build
from tests.browsing import OpenPage, check_screen, faults, with_assets
from tests.customer_pages import people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.req("R1", "R5", "R9", "R12")
def test_a_customer_signs_in_by_mail_and_is_out_when_the_domain_is_removed(
    open_page: OpenPage,
) -> None:
    cluster = build.component(name="Acme cluster", slug="cluster")
    build.component(name="Somebody else's", slug="other")
    page = people.customer_page(components=[cluster])
    build.incident(title="Slow answers", components={cluster: Status.DEGRADED_PERFORMANCE})
    tab = with_assets(open_page(signed_in=False))
    base = people.base(page)

    tab.goto(f"{base}/history")
    expect(tab.get_by_role("heading", name="Customer sign-in")).to_be_visible()
    assert faults(tab) == []
    tab.get_by_label("Work e-mail").fill("ada@gmail")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("alert")).to_contain_text("full e-mail address")
    tab.get_by_label("Work e-mail").fill("Ada@acme.com")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", name="Check your mail")).to_be_visible()
    assert faults(tab) == []

    (message,) = people.post_office()
    tab.goto(people.link_in(message))
    expect(tab.locator("main")).to_contain_text("You sign in as ada@acme.com.")
    assert faults(tab) == []
    tab.get_by_role("button", name="Sign in").click()
    expect(tab).to_have_url(re.compile(f"{base}/history$"))

    check_screen(tab, f"{base}/")
    expect(tab.locator("main")).to_contain_text("Private page for Acme.")
    expect(tab.locator("main")).to_contain_text("Slow answers")
    expect(tab.locator("body")).not_to_contain_text("Somebody else")
    check_screen(tab, f"{base}/access")
    cookies = {cookie["name"] for cookie in tab.context.cookies()}
    assert sessions.cookie_name(page) in cookies
    assert "sessionid" not in cookies

    console = with_assets(open_page())
    check_screen(console, "/admin/customer-pages/")
    check_screen(console, f"/admin/customer-pages/{page.pk}/")
    check_screen(console, f"/admin/customer-pages/{page.pk}/as/")

    tab.goto(f"{base}/")
    people.list_only(page)
    # What the open page does every 30 seconds.
    with tab.expect_navigation():
        tab.evaluate("path => htmx.ajax('GET', path, {swap: 'none'})", f"{base}/live")
    expect(tab.locator("h1")).to_have_text("Your access to this page has ended.")
    expect(tab.locator("body")).not_to_contain_text("Acme cluster")
    assert faults(tab) == []
