"""The catalog in a real Chromium: a type, its entries and their pages, made without JavaScript too."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from catalog import access, entering
from catalog.models import Entry
from components import pages
from components.models import Page
from tests import build
from tests.browsing import OpenPage, check_screen
from tests.catalog import made

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.req("R2", "R4", "R8", "R10")
def test_an_owner_makes_a_type_entries_and_customer_pages(open_page: OpenPage) -> None:
    """From the empty catalog to a page, a refused domain, and the removal; with scripts off."""
    web = build.component(name="Web shop", slug="web")
    build.component(name="API", slug="api")
    page = open_page(java_script_enabled=False)
    page.goto("/admin/catalog/")
    page.get_by_role("link", name="Add a customer").click()
    expect(page.get_by_label("Name of the new type")).to_have_value("Customer")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Nothing is made yet")).to_be_visible()
    page.get_by_role("button", name="Create").click()

    page.get_by_label("Name", exact=True).fill("Acme")
    page.get_by_label("Web shop").check()
    page.get_by_label("Domains").fill("acme.com\ngmail.com")
    page.get_by_role("button", name="Add entry").click()
    expect(page.get_by_text("gmail.com: Anybody can get a mailbox there")).to_be_visible()
    page.get_by_label("Domains").fill("acme.com")
    page.get_by_role("button", name="Add entry").click()
    expect(page.get_by_text("its page is made")).to_be_visible()
    expect(page.get_by_text(re.compile(r"/p/[\w-]{22}/"))).to_be_visible()
    shown = made.page_of(Entry.objects.get())
    assert pages.shown_ids(shown) == {web.pk}
    assert access.listed(shown.pk).domains == {"acme.com"}

    page.get_by_role("link", name="Remove").click()
    expect(page.get_by_text("Everybody at acme.com loses access")).to_be_visible()
    page.get_by_role("button", name="Remove entry").click()
    assert not Page.objects.customers().live().exists()
    page.get_by_label("Show").select_option("removed")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("button", name="Bring back Acme").click()
    expect(page.get_by_role("heading", name="Acme", level=1)).to_be_visible()
    assert Page.objects.customers().live().count() == 1


def test_the_screens_of_the_catalog_are_fit_to_use(open_page: OpenPage) -> None:
    """The other forms and questions are drawn by the same templates."""
    now = timezone.now()
    source = made.customers(now)
    build.component(name="Web shop", slug="web", group=build.group(name="Shop"))
    entry = made.entry(source, "Acme", components="web", domains="acme.com;*.acme.com", now=now)
    made.entry(source, "Beta", now=now)
    gone = made.entry(source, "Gamma", now=now)
    entering.remove(entry=gone, now=now)
    type_ = source.type_id
    page = open_page()
    for address in (
        "/admin/catalog/",
        f"/admin/catalog/types/{type_}/",
        f"/admin/catalog/types/{type_}/edit/",
        f"/admin/catalog/types/{type_}/entries/import/",
        f"/admin/catalog/entries/{entry.pk}/",
        f"/admin/catalog/entries/{entry.pk}/remove/",
        "/admin/catalog/pages/add/",
        f"/admin/catalog/pages/add/?kind=sub&type={type_}",
    ):
        check_screen(page, address)
