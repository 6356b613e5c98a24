"""Templates over the API, and what reports fill from them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from incidents.models import EventTemplate, Incident
from tests import build
from tests.management_api.calling import BASE, Caller

pytestmark = pytest.mark.django_db

SLOW = {"name": "Slow", "title": "{component} is slow", "text": "We look into {components}."}


def test_a_template_is_made_read_changed_and_removed() -> None:
    api = Caller()
    search = build.component(name="Search")
    made = api.post("/templates", SLOW | {"component_ids": [search.slug]})
    assert made.status_code == 201, made.content
    path = f"/templates/{made.json()['id']}"
    assert made.headers["Location"] == BASE + path
    assert (made.json()["kind"], made.json()["impact"]) == ("incident", "minor")
    assert made.json()["component_ids"] == [search.public_id]
    read = api.get(path)
    assert read.json() == made.json()
    changed = api.patch(path, {"impact": "critical"}, if_match=read.headers["ETag"])
    assert changed.json() == made.json() | {"impact": "critical"}
    assert api.patch(path, {"name": "x"}, if_match=read.headers["ETag"]).status_code == 412
    emptied = api.patch(path, {"component_ids": []})
    assert emptied.json()["component_ids"] == []
    assert api.delete(path, if_match=read.headers["ETag"]).status_code == 412
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


def test_a_template_is_filled_for_some_components_or_its_own() -> None:
    api = Caller()
    search, basket = build.component(name="Search"), build.component(name="Basket")
    made = api.post("/templates", SLOW | {"component_ids": [search.public_id]}).json()
    path = f"/templates/{made['id']}/filled"
    assert api.get(path).json() == {
        "title": "Search is slow",
        "text": "We look into Search.",
        "impact": "minor",
        "component_ids": [search.public_id],
    }
    both = api.get(f"{path}?component_id={search.slug}&component_id={basket.public_id}").json()
    assert sorted(both["component_ids"]) == sorted([search.public_id, basket.public_id])
    assert "Search" in both["text"]
    assert "Basket" in both["text"]
    assert api.get(f"{path}?component_id=nothing").status_code == 422
    assert not Incident.objects.exists()


def test_a_report_takes_from_a_template_what_it_leaves_out() -> None:
    api = Caller()
    search, basket = build.component(name="Search"), build.component(name="Basket")
    made = api.post("/templates", SLOW | {"component_ids": [search.public_id]}).json()
    told = api.post("/incidents", {"template_id": made["id"]}).json()
    assert (told["title"], told["impact"]) == ("Search is slow", "minor")
    assert [row["id"] for row in told["components"]] == [search.public_id]
    body = {
        "template_id": made["id"],
        "title": "Mine",
        "impact": "major",
        "components": [{"id": basket.public_id, "status": "major_outage"}],
    }
    own = api.post("/incidents", body).json()
    assert (own["title"], own["impact"]) == ("Mine", "major")
    assert [(row["id"], row["status"]) for row in own["components"]] == [
        (basket.public_id, "major_outage")
    ]
    assert api.get(f"/incidents/{own['id']}/updates").json()["data"][0]["text"] == (
        "We look into Basket."
    )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": "{colour} is slow"}, "title"),
        ({"text": " "}, "text"),
        ({"component_ids": ["nothing"]}, "component_ids"),
        ({"kind": "party"}, "kind"),
        ({"name": "x" * 101}, "name"),
    ],
)
def test_what_is_wrong_is_said_by_field(wrong: dict[str, object], field: str) -> None:
    before = EventTemplate.objects.count()
    answer = Caller().post("/templates", SLOW | wrong)
    assert (answer.status_code, [*answer.json()["errors"]]) == (422, [field])
    assert EventTemplate.objects.count() == before


def test_two_templates_of_a_kind_have_two_names() -> None:
    api = Caller()
    assert api.post("/templates", SLOW).status_code == 201
    assert api.post("/templates", SLOW).status_code == 422
    assert api.post("/templates", SLOW | {"kind": "maintenance"}).status_code == 201


@pytest.mark.parametrize(
    "ask",
    [
        lambda api, path: api.post("/templates", SLOW),
        lambda api, path: api.patch(path, {"name": "x"}),
        lambda api, path: api.delete(path),
    ],
    ids=["add", "change", "remove"],
)
def test_who_may_only_read_writes_nothing(ask: Callable[[Caller, str], Any]) -> None:
    row = EventTemplate.objects.order_by("id")[0]
    path = f"/templates/{row.pk}"
    for api in (Caller(role=Role.VIEWER), Caller(scopes=["templates:read", "incidents:write"])):
        before = api.get("/templates")
        assert before.status_code == 200
        assert ask(api, path).status_code == 403
        assert api.get("/templates").content == before.content


def test_a_long_list_takes_no_more_queries_than_a_short_one() -> None:
    api = Caller()

    def queries(limit: int) -> int:
        with CaptureQueriesContext(connection) as found:
            assert api.get(f"/templates?kind=incident&limit={limit}").status_code == 200
        return len(found)

    search = build.component()
    for number in range(5):
        api.post("/templates", SLOW | {"name": str(number), "component_ids": [search.public_id]})
    assert queries(2) == queries(100)
