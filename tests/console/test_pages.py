"""The console's screens of pages: set-up and its notice, the list, settings, retire and bring back."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts import setting_up
from accounts.models import User
from accounts.roles import Role
from catalog import entering, sources
from components import catalogue, pages
from components.models import Page, PageKind
from subscribers.models import Subscriber
from tests import build
from tests.counting import statements

pytestmark = pytest.mark.django_db

NOTICE = "The status page is not set up yet."
SET_UP = "/admin/pages/set-up/"
FIELDS = {
    "name": "Acme",
    "slug": "acme",
    "time_zone": "Europe/Paris",
    "language": "en",
    "partial_outage_weight": "0.3",
    "major_outage_weight": "1",
    "degraded_performance_weight": "0",
    "under_maintenance_weight": "0",
}


def edit(page: Page) -> str:
    return f"/admin/pages/{page.pk}/"


@pytest.fixture
def sub(now: datetime) -> Page:
    return pages.add(kind=PageKind.SUB, name="Europe", slug="eu", now=now)


@pytest.mark.req("A1")
def test_every_screen_asks_for_the_set_up_until_it_is_done(client: Client, operator: User) -> None:
    for screen in (
        "/admin/",
        "/admin/monitors/",
        "/admin/incidents/",
        "/admin/components/component/",
    ):
        page = client.get(screen).content.decode()
        assert NOTICE in page, screen
        assert SET_UP in page
    assert NOTICE not in client.get(SET_UP).content.decode()
    assert client.post(SET_UP, FIELDS).headers["Location"] == "/admin/"
    for screen in ("/admin/", "/admin/monitors/"):
        assert NOTICE not in client.get(screen).content.decode()
    row = Page.objects.get()
    assert (row.name, row.slug, row.time_zone) == ("Acme", "acme", "Europe/Paris")
    assert row.set_up_at is not None
    assert client.get(SET_UP).headers["Location"] == edit(row)


@pytest.mark.req("A1")
def test_who_may_not_set_up_is_told_who_may(client: Client) -> None:
    client.force_login(build.operator(role=Role.RESPONDER))
    page = client.get("/admin/").content.decode()
    assert NOTICE in page
    assert SET_UP not in page
    assert client.post(SET_UP, FIELDS).status_code == 403
    assert catalogue.page().set_up_at is None


@pytest.mark.req("A2")
def test_what_is_wrong_in_the_set_up_is_said_and_nothing_is_saved(
    client: Client, operator: User
) -> None:
    wrong = FIELDS | {"name": "", "slug": "Über uns", "time_zone": "Mars"}
    answer = client.post(SET_UP, wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Give the page a name" in page
    answer = client.post(SET_UP, wrong | {"name": "Acme"})
    page = answer.content.decode()
    assert "Use small letters, digits and hyphens" in page
    assert "“Mars” is not a time zone" in page
    assert Page.objects.get().set_up_at is None


@pytest.mark.req("A2")
def test_the_slug_shows_the_address_it_makes(
    client: Client, operator: User, sub: Page, settings: Settings
) -> None:
    settings.CANDOR_ORIGIN = "https://status.acme.example"
    page = client.get("/admin/pages/address/", {"slug": "us"}).content.decode()
    assert "https://status.acme.example/s/us/" in page
    settings.CANDOR_SERVICE_DOMAIN = "pages.acme.example"
    for asked, said in [
        ({"slug": "us"}, "https://us.pages.acme.example/"),
        ({"slug": "acme", "page": "1"}, "https://acme.pages.acme.example/"),
        ({"slug": "eu"}, "“Europe” has this slug"),
        ({"slug": "eu", "page": str(sub.pk)}, "https://eu.pages.acme.example/"),
        ({"slug": "-"}, "Use small letters"),
        ({"slug": "", "page": "x"}, "Write a slug"),
    ]:
        assert said in client.get("/admin/pages/address/", asked).content.decode(), asked


@pytest.mark.req("A1")
def test_the_first_account_lands_on_the_set_up(client: Client, now: datetime) -> None:
    token = setting_up.ensure_link(now=now)
    fields = {"username": "ada", "password": "correct horse battery"}
    answer = client.post(f"/setup/{token}/", fields | {"repeated": fields["password"]})
    assert answer.headers["Location"] == SET_UP
    assert "Set up the page" in client.get(SET_UP).content.decode()


@pytest.mark.req("R12", "A12")
def test_the_list_says_where_each_page_is_what_it_shows_and_who_is_told(
    client: Client, operator: User, now: datetime, sub: Page
) -> None:
    component = build.component()
    pages.set_members(page=sub, component_ids=[component.pk])
    customer = pages.add(kind=PageKind.CUSTOMER, name="Initech", slug="initech", now=now)
    build.subscriber(page=customer)
    gone = pages.add(kind=PageKind.SUB, name="Bygone", slug="bygone", now=now)
    pages.retire(page=gone, now=now)
    page = client.get("/admin/pages/").content.decode()
    assert customer.address is not None
    for said in ("Europe", "/s/eu/", "Initech", f"/p/{customer.address}/", "Customer page"):
        assert said in page
    assert "data-copy" in page
    assert "Bygone" not in page
    rows = {row.page.slug: row for row in client.get("/admin/pages/").context["rows"]}
    assert (rows["eu"].services, rows["eu"].subscribers) == (1, 0)
    assert (rows["initech"].services, rows["initech"].subscribers) == (0, 1)
    retired = client.get("/admin/pages/", {"state": "retired"}).content.decode()
    assert "Bygone" in retired
    assert f"{now + timedelta(days=30):%-d %b %Y}" in retired
    found = client.get("/admin/pages/", {"q": "initech", "kind": "customer"}).content.decode()
    assert "Initech" in found
    assert "Europe" not in found


def test_the_list_costs_the_same_for_more_pages(
    client: Client, operator: User, now: datetime, sub: Page
) -> None:
    client.get("/admin/pages/")
    with statements() as few:
        client.get("/admin/pages/")
    for number in range(5):
        pages.add(kind=PageKind.SUB, name=f"Page {number}", slug=f"page-{number}", now=now)
    with statements() as many:
        client.get("/admin/pages/")
    assert len(few) == len(many)


@pytest.mark.req("R2", "R3")
def test_a_sub_page_is_added_by_hand_with_services_and_groups(
    client: Client, operator: User
) -> None:
    group = build.group()
    inside, alone, other = build.component(group=group), build.component(), build.component()
    chosen = {"groups": [str(group.pk)], "components": [str(alone.pk)]}
    answer = client.post("/admin/pages/add/", FIELDS | {"slug": "eu"} | chosen)
    assert answer.headers["Location"] == "/admin/pages/"
    row = Page.objects.get(slug="eu")
    assert pages.shown_ids(row) == {inside.pk, alone.pk}
    assert (row.kind, str(row.partial_outage_weight)) == (PageKind.SUB, "0.300")
    screen = client.get(edit(row)).content.decode()
    assert screen.count("checked") == 2
    fields = FIELDS | {"name": "Europe", "slug": "europe", "components": [str(other.pk)]}
    assert client.post(edit(row), fields).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.slug) == ("Europe", "europe")
    assert pages.shown_ids(row) == {other.pk}


def test_a_refused_change_of_a_page_keeps_what_was_typed_and_saves_nothing(
    client: Client, operator: User, sub: Page
) -> None:
    component = build.component()
    for wrong in ({"slug": "status"}, {"components": ["999"]}, {"major_outage_weight": "2"}):
        fields: dict[str, Any] = FIELDS | {"name": "Typed", "components": [component.pk]} | wrong
        answer = client.post(edit(sub), fields)
        assert answer.status_code == 422
        assert "Typed" in answer.content.decode()
    sub.refresh_from_db()
    assert sub.name == "Europe"
    assert not pages.shown_ids(sub)


def test_the_main_page_shows_everything_and_is_never_retired(
    client: Client, operator: User
) -> None:
    component, main = build.component(), catalogue.page()
    screen = client.get(edit(main)).content.decode()
    assert 'name="components"' not in screen
    assert "Retire page" not in screen
    assert client.post(edit(main), FIELDS).status_code == 302
    assert catalogue.page().name == "Acme"
    assert pages.shown_ids(main) == {component.pk}
    assert client.post(f"{edit(main)}retire/").status_code == 404


def test_retiring_says_what_it_does_and_can_be_taken_back(
    client: Client, operator: User, sub: Page
) -> None:
    build.subscriber(page=sub)
    asked = client.get(f"{edit(sub)}retire/").content.decode()
    assert "Its 1 subscriber hears nothing" in asked
    assert "/s/eu/ answers nobody" in asked
    sub.refresh_from_db()
    assert sub.is_live
    client.post(f"{edit(sub)}retire/")
    sub.refresh_from_db()
    assert not sub.is_live
    assert "removed for good in 30 days" in client.get(edit(sub)).content.decode()
    assert client.get(f"{edit(sub)}restore/").status_code == 405
    client.post(f"{edit(sub)}restore/")
    sub.refresh_from_db()
    assert sub.is_live
    assert Subscriber.objects.filter(page=sub).exists()


@pytest.mark.req("A12")
def test_what_concerns_every_page_is_on_a_screen_of_its_own(
    client: Client, operator: User, sub: Page
) -> None:
    assert "These count for every page at once" in client.get("/admin/settings/").content.decode()
    before = catalogue.page().revision
    client.post("/admin/settings/", {"tells_status_changes": "on"})
    main = catalogue.page()
    assert (main.maintenance_hides_monitors, main.tells_status_changes) == (False, True)
    assert main.revision > before


def test_a_responder_looks_at_pages_and_changes_none(client: Client, sub: Page) -> None:
    client.force_login(build.operator(role=Role.RESPONDER))
    screen = client.get(edit(sub)).content.decode()
    assert "Europe" in screen
    assert ">Save<" not in screen
    for url in (edit(sub), f"{edit(sub)}retire/", f"{edit(sub)}restore/", "/admin/pages/add/"):
        assert client.post(url, FIELDS).status_code == 403
    assert client.get("/admin/settings/").status_code == 403


@pytest.mark.req("R2", "R4")
def test_a_page_of_the_catalog_says_where_it_comes_from_and_follows_its_entry(
    client: Client, operator: User, now: datetime
) -> None:
    source = sources.start_with_new_type(name="Customer", kind=PageKind.CUSTOMER, now=now)
    entry = entering.add(type=source.type, name="Initech", said={}, now=now)
    page = Page.objects.get(kind=PageKind.CUSTOMER)
    screen = client.get(edit(page)).content.decode()
    assert "Customer: Initech" in screen
    for absent in ('name="name"', 'name="components"', "Retire page"):
        assert absent not in screen
    fields = FIELDS | {"slug": "initech-2", "name": "Forged"}
    assert client.post(edit(page), fields).status_code == 302
    page.refresh_from_db()
    assert (page.name, page.slug, page.time_zone) == ("Initech", "initech-2", "Europe/Paris")
    to_entry = f"/admin/catalog/entries/{entry.pk}/"
    assert client.post(f"{edit(page)}retire/").headers["Location"] == to_entry
    page.refresh_from_db()
    assert page.is_live
    pages.retire(page=page, now=now)
    assert client.post(f"{edit(page)}restore/").headers["Location"] == to_entry


def test_the_settings_lead_to_what_else_a_page_has(
    client: Client, operator: User, sub: Page
) -> None:
    for url in (edit(sub), "/admin/pages/"):
        links = client.get(url).context["page_links"]
        assert links
        for link in links:
            assert client.get(link.url).status_code == 200, link


def test_what_programs_are_told_is_switched_for_each_page(
    client: Client, operator: User, sub: Page
) -> None:
    screen = client.get(edit(sub)).content.decode()
    assert "What programs that know Statuspage are told" in screen
    assert "This is our rule" in screen
    for name in ("v2_tells_maintenance", "v2_counts_incidents"):
        assert f'name="{name}"' in screen
    assert screen.count(" checked") == 2, "both are on until somebody turns them off"

    fields = FIELDS | {"slug": "eu"}
    assert client.post(edit(sub), fields | {"v2_counts_incidents": "on"}).status_code == 302
    sub.refresh_from_db()
    assert (sub.v2_tells_maintenance, sub.v2_counts_incidents) == (False, True)
    assert catalogue.page().v2_tells_maintenance, "the main page has its own"
