"""The catalog, and the customer pages it makes, over the API."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.roles import Role
from catalog.models import CatalogType, Entry
from components.models import Page
from customer_pages import sessions
from tests import build
from tests.management_api.calling import Caller

pytestmark = pytest.mark.django_db


def customers(api: Caller) -> None:
    """A type of which customer pages are made."""
    assert api.post("/catalog/types", {"name": "Customer"}).status_code == 201
    for body in (
        {"name": "Services", "kind": "components"},
        {"name": "Domains", "kind": "domains"},
        {"name": "Seats", "kind": "number"},
    ):
        assert api.post("/catalog/types/customer/attributes", body).status_code == 201
    made = api.put(
        "/catalog/types/customer/pages/customer",
        {"components": "services", "domains": "domains"},
    )
    assert made.status_code == 200, made.content


def acme(api: Caller, **said: Any) -> Any:
    build.component(name="Basket", slug="basket")
    values = {"services": ["basket"], "domains": ["acme.com"], "seats": ["12"]} | said
    return api.post("/catalog/types/customer/entries", {"name": "Acme", "values": values})


@pytest.mark.req("R1", "R3", "R4")
def test_a_new_entry_makes_a_customer_page_and_a_change_opens_and_closes_it() -> None:
    api = Caller()
    customers(api)
    made = acme(api)
    assert made.status_code == 201, made.content
    assert made.json()["values"] == {
        "services": ["basket"],
        "domains": ["acme.com"],
        "seats": ["12"],
    }
    (page_id,) = made.json()["page_ids"]
    page = api.get(f"/customer-pages/{page_id}").json()
    assert (page["name"], page["domains"], page["services"]) == ("Acme", ["acme.com"], 1)
    path = "/catalog/types/customer/entries/acme"
    changed = api.patch(path, {"values": {"domains": ["acme.org"]}}, if_match=made.headers["ETag"])
    assert changed.json()["values"]["services"] == ["basket"]
    assert api.get(f"/customer-pages/{page_id}").json()["domains"] == ["acme.org"]
    assert api.patch(path, {"values": {"seats": []}}).json()["values"].keys() == {
        "services",
        "domains",
    }
    assert api.delete(path).status_code == 204
    assert api.get(f"/customer-pages/{page_id}").status_code == 404
    assert len(api.get("/catalog/types/customer/entries?removed=true").json()["data"]) == 1
    assert api.post(f"{path}/restore").json()["page_ids"] == [page_id]


def test_a_type_is_shown_changed_and_removed_with_its_pages() -> None:
    api = Caller()
    customers(api)
    acme(api)
    shown = api.get("/catalog/types/customer")
    assert [each["kind"] for each in shown.json()["attributes"]] == [
        "components",
        "domains",
        "number",
    ]
    assert shown.json()["pages"][0]["domains"] == "domains"
    used = api.delete("/catalog/types/customer/attributes/domains")
    assert used.status_code == 422
    renamed = api.patch(
        "/catalog/types/customer", {"name": "Client"}, if_match=shown.headers["ETag"]
    )
    assert (renamed.json()["key"], renamed.json()["name"]) == ("customer", "Client")
    required = api.patch("/catalog/types/customer/attributes/seats", {"is_required": True})
    assert required.json()["attributes"][2]["is_required"] is True
    assert api.delete("/catalog/types/customer/pages/customer").status_code == 204
    assert not Page.objects.live().customers().exists()
    assert api.delete("/catalog/types/customer/attributes/domains").status_code == 204
    assert api.delete("/catalog/types/customer").status_code == 204
    assert api.get("/catalog/types").json()["data"] == []


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"domains": ["gmail.com"]}, "domains"),
        ({"domains": ["com"]}, "domains"),
        ({"services": ["nothing"]}, "services"),
        ({"seats": ["many"]}, "seats"),
        ({"colour": ["red"]}, "values.colour"),
    ],
)
def test_values_that_cannot_be_are_said_by_attribute(
    said: dict[str, list[str]], field: str
) -> None:
    api = Caller()
    customers(api)
    answer = acme(api, **said)
    assert answer.status_code == 422, answer.content
    assert field in answer.json()["errors"]
    assert not Entry.objects.exists()


def test_sessions_are_listed_and_ended() -> None:
    api = Caller()
    customers(api)
    page_id = acme(api).json()["page_ids"][0]
    page = Page.objects.get(public_id=page_id)
    for name in ("ann", "bob"):
        sessions.open_session(
            page=page,
            mailbox=f"{name}@acme.com",
            host="status.test",
            earlier_key="",
            now=timezone.now(),
        )
    listed = api.get(f"/customer-pages/{page_id}/sessions").json()["data"]
    assert [each["mailbox"] for each in listed] == ["bob@acme.com", "ann@acme.com"]
    path = f"/customer-pages/{page_id}/sessions"
    assert api.delete(f"{path}/{listed[0]['id']}").status_code == 204
    assert api.delete(f"{path}/{listed[0]['id']}").status_code == 404
    assert api.post(f"{path}/end").json() == {"ended": 1}
    assert api.get(path).json()["data"] == []


def test_viewers_see_no_customers_and_responders_change_nothing() -> None:
    api = Caller()
    customers(api)
    page_id = acme(api).json()["page_ids"][0]
    viewer, responder = Caller(role=Role.VIEWER), Caller(role=Role.RESPONDER)
    for path in ("/catalog/types", "/customer-pages", f"/customer-pages/{page_id}"):
        assert viewer.get(path).status_code == 403
        assert responder.get(path).status_code == 200
    assert responder.delete("/catalog/types/customer/entries/acme").status_code == 403
    assert responder.delete("/catalog/types/customer").status_code == 403
    assert responder.post(f"/customer-pages/{page_id}/sessions/end").status_code == 403
    assert CatalogType.objects.present().count() == Entry.objects.present().count() == 1
