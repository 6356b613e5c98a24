"""Pages over the API: the main one, sub-pages, and what each shows."""

import pytest

from accounts.roles import Role
from components import catalogue
from components.models import Page, PageKind
from tests import build
from tests.management_api.calling import BASE, Caller

pytestmark = [pytest.mark.django_db, pytest.mark.req("P1")]


def test_the_main_page_is_set_up_and_changed() -> None:
    api = Caller()
    assert not api.get("/page").json()["is_set_up"]
    named = api.patch("/page", {"name": "Acme", "time_zone": "Europe/Paris"})
    assert named.status_code == 200, named.content
    assert named.json()["is_set_up"]
    before = catalogue.page()
    changed = api.patch(
        "/page",
        {"slug": "acme", "degraded_performance_weight": 0.25, "tells_status_changes": True},
        if_match=named.headers["ETag"],
    )
    assert changed.json() == named.json() | {
        "slug": "acme",
        "degraded_performance_weight": 0.25,
        "tells_status_changes": True,
    }
    page = catalogue.page()
    assert (page.name, page.time_zone, page.set_up_at) == ("Acme", "Europe/Paris", before.set_up_at)
    assert page.revision > before.revision


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"language": "xx"}, "language"),
        ({"slug": "No Slug"}, "slug"),
        ({"partial_outage_weight": 1.5}, "partial_outage_weight"),
        ({"partial_outage_weight": 0.12345}, "partial_outage_weight"),
        ({"name": ""}, "name"),
        ({"name": "New", "kind": "customer"}, "kind"),
    ],
)
def test_a_page_that_could_not_be_shown_is_refused_whole(
    body: dict[str, object], field: str
) -> None:
    api = Caller()
    before = api.get("/page").json()
    answer = api.patch("/page", {"tells_status_changes": True} | body)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field]), answer.content
    assert api.get("/page").json() == before


def test_a_sub_page_is_made_changed_retired_and_brought_back() -> None:
    api = Caller()
    shop, search, group = build.component(), build.component(), build.group()
    made = api.post("/pages", {"name": "Europe", "slug": "eu", "component_ids": [shop.public_id]})
    assert made.status_code == 201, made.content
    page = Page.objects.get(slug="eu")
    assert made.headers["Location"] == f"{BASE}/pages/{page.public_id}"
    assert (made.json()["kind"], made.json()["url"][-6:]) == ("sub", "/s/eu/")
    path = f"/pages/{page.public_id}"
    grown = api.patch(path, {"group_ids": [group.public_id]}).json()
    assert (grown["component_ids"], grown["group_ids"]) == ([shop.public_id], [group.public_id])
    other = api.patch(path, {"component_ids": [search.public_id], "name": "EU"}).json()
    assert (other["name"], other["component_ids"]) == ("EU", [search.public_id])
    assert other["group_ids"] == [group.public_id]
    wrong = api.patch(path, {"component_ids": ["nothing"], "name": "Never"})
    assert list(wrong.json()["errors"]) == ["component_ids"]
    assert api.post(f"{path}/retire").json()["retired_at"]
    assert [row["id"] for row in api.get("/pages?retired=true").json()["data"]] == [page.public_id]
    assert page.public_id not in str(api.get("/pages").content)
    back = api.post(f"{path}/restore").json()
    assert back == other


def test_the_main_page_stays_and_customer_pages_are_not_told_here() -> None:
    api = Caller()
    main = catalogue.page()
    build.page(kind=PageKind.CUSTOMER, name="Globex")
    customer = Page.objects.get(kind=PageKind.CUSTOMER)
    assert api.post(f"/pages/{main.public_id}/retire").status_code == 409
    shown = build.component().public_id
    refused = api.patch(f"/pages/{main.public_id}", {"component_ids": [shown]})
    assert refused.status_code == 409
    assert "Globex" not in str(api.get("/pages").content)
    assert api.get(f"/pages/{customer.public_id}").status_code == 404
    assert api.post(f"/pages/{customer.public_id}/retire").status_code == 404


def test_a_responder_looks_at_pages_and_changes_none() -> None:
    api = Caller(role=Role.RESPONDER)
    main = catalogue.page()
    assert api.get("/page").status_code == 200
    assert api.patch("/page", {"name": "Acme"}).status_code == 403
    assert api.post("/pages", {"name": "Europe", "slug": "eu"}).status_code == 403
    assert api.post(f"/pages/{main.public_id}/retire").status_code == 403
