"""Groups over the API: made, put into an order, folded, removed."""

import pytest

from accounts.roles import Role
from components import catalogue
from components.models import ComponentGroup
from tests import build
from tests.management_api.calling import Caller

pytestmark = [pytest.mark.django_db, pytest.mark.req("P1")]


def test_a_group_is_made_changed_and_removed_and_its_components_stay() -> None:
    api = Caller()
    made = api.post("/groups", {"name": "Shop"}).json()
    path = f"/groups/{made['id']}"
    component = build.component(group=ComponentGroup.objects.get())
    before = catalogue.page().revision
    changed = api.patch(path, {"is_collapsed": True}).json()
    assert changed == made | {"is_collapsed": True, "component_ids": [component.public_id]}
    assert catalogue.page().revision > before
    assert api.delete(path).status_code == 204
    component.refresh_from_db()
    assert component.group is None
    assert api.get(path).status_code == 404


def test_groups_are_put_into_an_order_and_those_not_named_follow() -> None:
    api = Caller()
    ids = [api.post("/groups", {"name": name}).json()["id"] for name in ("A", "B", "C")]
    answer = api.put("/groups/order", {"group_ids": [ids[2], ids[0]]})
    assert [row["name"] for row in answer.json()["data"]] == ["C", "A", "B"]
    assert [row["name"] for row in api.get("/groups").json()["data"]] == ["C", "A", "B"]
    refused = api.put("/groups/order", {"group_ids": ["nothing"]})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["group_ids"])


def test_names_of_groups_are_taken_once_and_a_viewer_only_looks() -> None:
    Caller().post("/groups", {"name": "Shop"})
    assert "name" in Caller().post("/groups", {"name": "Shop"}).json()["errors"]
    viewer = Caller(role=Role.VIEWER)
    assert viewer.get("/groups").status_code == 200
    assert viewer.post("/groups", {"name": "Other"}).status_code == 403
    assert ComponentGroup.objects.count() == 1
