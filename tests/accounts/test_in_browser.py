"""Team, sign-in and audit log in Chromium: a passkey from adding to using, and no faults on the way."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts import inviting
from accounts.roles import Role
from components.models import Component
from tests import build
from tests.accounts.signing import PASSWORD
from tests.browsing import OpenPage, faults

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def with_a_key(page: Page) -> None:
    """Give the browser a key that its user always touches."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def sign_in(page: Page) -> None:
    page.goto("/admin/")
    page.fill("#id_username", "ada")
    page.fill("#id_password", PASSWORD)
    with page.expect_navigation():  # the next address would cut off what is being sent
        page.press("#id_password", "Enter")


@pytest.mark.req("F11")
def test_a_passkey_is_added_and_signs_in(open_page: OpenPage) -> None:
    build.operator(username="ada")
    page = open_page(signed_in=False)
    with_a_key(page)
    sign_in(page)
    page.get_by_role("link", name="ada").click()
    page.get_by_role("link", name="Add a passkey").click()
    found = faults(page)
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Name").fill("Work laptop")
    found += faults(page)
    page.get_by_role("button", name="Add it now").click()
    expect(page.locator(".codes li")).to_have_count(10)
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("link", name="Remove Work laptop")).to_be_visible()
    page.get_by_role("button", name="Log out", exact=True).click()
    sign_in(page)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    found += faults(page)
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    assert found == []


@pytest.mark.req("A12", "A15", "F14")
def test_the_screens_of_team_app_and_audit_log_have_no_faults(open_page: OpenPage) -> None:
    boss = build.operator(username="ada", email="ada@acme.example")
    grace = build.operator(username="grace", email="grace@acme.example", role=Role.VIEWER)
    inviting.invite(email="new@acme.example", role=Role.RESPONDER, by=boss, now=timezone.now())
    component: Component = build.component(name="Search")
    component.name = "Find"
    component.save()
    page = open_page(signed_in=False)
    sign_in(page)
    found = []
    for address in ("/admin/team/", "/admin/accounts/auditentry/", "/admin/security/"):
        page.goto(address)
        found += faults(page)
    page.goto("/admin/team/invite/")
    page.get_by_label("Your password").fill(PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="Go on").click()
    for address in (
        "/admin/team/invite/",
        f"/admin/team/{grace.pk}/",
        "/admin/security/app/connect/",
    ):
        page.goto(address)
        found += faults(page)
    assert found == []
