"""Nodes and replicas over the API: limits, options, secrets, mute, and what was last seen."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.roles import Role
from components import catalogue
from monitoring.models import Location, Node, Replica
from tests import build, counting
from tests.management_api.calling import Caller

pytestmark = [pytest.mark.django_db, pytest.mark.req("P1")]


def _made(api: Caller, **fields: Any) -> Any:
    body = {"component_id": build.component(slug="shop").public_id, "name": "Web"} | fields
    return api.post("/nodes", body)


def test_a_node_is_made_with_all_its_limits_changed_and_removed() -> None:
    api = Caller()
    Location.objects.create(name="Paris", slug="paris")
    options = {
        "interval_s": 30,
        "retries": 0,
        "sick_after_s": 1.5,
        "dead_after_s": 3,
        "http_method": "POST",
        "http_status_max": 299,
        "http_body_contains": "ok",
        "bad_checks": 3,
        "locations": ["paris"],
        "quorum": 2,
    }
    made = _made(api, **options)
    assert made.status_code == 201, made.content
    shown = made.json()
    assert {name: shown[name] for name in options} == options
    assert (shown["slug"], shown["mode"], shown["good_checks"]) == ("web", "poll", 1)
    path = f"/nodes/{shown['id']}"
    before = catalogue.page().revision
    changed = api.patch(path, {"interval_s": 10, "quorum": None})
    assert changed.json() == shown | {"interval_s": 10, "quorum": None}
    assert catalogue.page().revision > before
    assert api.patch(path, {"name": "X"}, if_match=made.headers["ETag"]).status_code == 412
    assert api.delete(path).status_code == 204
    assert not Node.objects.exists()


def test_headers_are_stored_sealed_and_told_to_nobody() -> None:
    api = Caller()
    made = _made(api, http_headers={"Authorization": "Bearer s3cret"})
    node = Node.objects.get()
    assert node.http_headers == {"Authorization": "Bearer s3cret"}
    assert made.json()["has_http_headers"]
    path = f"/nodes/{node.pk}"
    api.patch(path, {"name": "Other"})
    node.refresh_from_db()
    assert node.http_headers == {"Authorization": "Bearer s3cret"}
    told = made.content + api.get(path).content + api.get("/nodes").content
    assert b"s3cret" not in told
    assert "s3cret" not in str(list(AuditEntry.objects.values_list("changes", flat=True)))
    assert not api.patch(path, {"http_headers": {}}).json()["has_http_headers"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"sick_after_s": 9, "dead_after_s": 3}, "body"),
        ({"http_status_min": 500}, "body"),
        ({"http_body_regex": "("}, "http_body_regex"),
        ({"http_headers": {"Content-Length": "1"}}, "http_headers"),
        ({"http_headers": {"a b": "1"}}, "http_headers"),
        ({"http_method": "HEAD", "http_body_contains": "ok"}, "http_method"),
        ({"locations": ["nowhere"]}, "locations"),
        ({"is_polled_centrally": False}, "is_polled_centrally"),
        ({"depends_on": [999]}, "depends_on"),
        ({"component_id": "nothing"}, "component_id"),
        ({"interval_s": 10**30}, "interval_s"),
        ({"mode": "listen"}, "mode"),
    ],
)
def test_a_node_that_could_not_be_checked_is_refused_whole(
    fields: dict[str, Any], field: str
) -> None:
    answer = _made(Caller(), **fields)
    assert answer.status_code == 422, answer.content
    assert field in answer.json()["errors"], answer.content
    assert not Node.objects.exists()


def test_nodes_depend_on_each_other_but_never_in_a_circle() -> None:
    api = Caller()
    web, proxy = build.node(), build.node()
    changed = api.patch(f"/nodes/{web.pk}", {"depends_on": [proxy.pk]})
    assert changed.json()["depends_on"] == [proxy.pk]
    circle = api.patch(f"/nodes/{proxy.pk}", {"depends_on": [web.pk], "name": "Renamed"})
    assert (circle.status_code, list(circle.json()["errors"])) == (422, ["depends_on"])
    proxy.refresh_from_db()
    assert proxy.name != "Renamed"


def test_a_responder_mutes_a_node_and_changes_nothing_else_of_it() -> None:
    api = Caller(role=Role.RESPONDER)
    node, other = build.node(), build.node()
    node.depends_on.add(other)
    path = f"/nodes/{node.pk}"
    until = timezone.now() + timedelta(hours=1)
    muted = api.put(f"{path}/mute", {"muted_until": until.isoformat()})
    assert muted.status_code == 200, muted.content
    assert muted.json()["depends_on"] == [other.pk]
    node.refresh_from_db()
    assert node.muted_until == until
    assert api.put(f"{path}/mute", {"muted_until": None}).json()["muted_until"] is None
    assert api.patch(path, {"name": "Other"}).status_code == 403
    viewer = Caller(role=Role.VIEWER)
    assert viewer.get(path).status_code == 200
    assert viewer.put(f"{path}/mute", {"muted_until": None}).status_code == 403


def test_a_replica_is_added_pointed_elsewhere_moved_and_removed() -> None:
    api = Caller()
    node = build.node()
    made = api.post("/replicas", {"node_id": node.pk, "address": "tcp://127.0.0.1:9000"})
    assert made.status_code == 201, made.content
    assert made.json()["health"] is None
    path = f"/replicas/{made.json()['id']}"
    Replica.objects.update(health="dead", reason="refused", latency_ms=3.5)
    seen = api.get(path).json()
    assert (seen["health"], seen["reason"], seen["latency_ms"]) == ("dead", "refused", 3.5)
    assert [row["id"] for row in api.get("/replicas?health=dead").json()["data"]] == [seen["id"]]
    assert api.get("/replicas?health=healthy").json()["data"] == []
    moved = api.patch(path, {"position": 4}).json()
    assert (moved["position"], moved["health"]) == (4, "dead")
    pointed = api.patch(path, {"address": "tcp://127.0.0.1:9001"}).json()
    assert (pointed["address"], pointed["health"]) == ("tcp://127.0.0.1:9001", None)
    told = AuditEntry.objects.filter(object_repr__startswith="tcp://").latest("id")
    assert (told.actor_id, "token “test”" in told.actor_name) == (api.owner.pk, True)
    assert api.delete(path).status_code == 204
    assert not Replica.objects.exists()


def test_an_address_that_cannot_be_checked_is_refused() -> None:
    api = Caller()
    node, pushed = build.node(), build.node(mode="push")
    for node_id, address, field in (
        (node.pk, "gopher://x", "address"),
        (pushed.pk, "tcp://127.0.0.1:1", "address"),
        (9999, "tcp://127.0.0.1:1", "node_id"),
    ):
        answer = api.post("/replicas", {"node_id": node_id, "address": address})
        assert answer.status_code == 422
        assert list(answer.json()["errors"]) == [field]
    assert not Replica.objects.exists()


def test_lists_are_narrowed_and_cost_the_same_however_long_they_are() -> None:
    api = Caller()
    node = build.node()
    build.node(component=build.component(slug="shop"))
    only = api.get("/nodes?component_id=shop").json()["data"]
    assert [row["id"] for row in only] == [Node.objects.latest("id").pk]
    assert api.get("/nodes?component_id=nothing").status_code == 404
    build.replica(node=node)
    assert api.get(f"/replicas?node_id={node.pk}").json()["data"][0]["node_id"] == node.pk
    paths = ("/nodes", "/replicas", "/groups", "/components", "/pages", "/uptime")
    build.group()
    few = {path: _cost(api, path) for path in paths}
    for _ in range(3):
        group = build.group()
        component = build.component(group=group)
        build.replica(node=build.node(component=component))
        build.page(components=[component], groups=[group])
    assert {path: _cost(api, path) for path in paths} == few


def _cost(api: Caller, path: str) -> int:
    """How many statements a list takes, once what is read for good has been."""
    api.get(path)
    with counting.statements() as found:
        assert api.get(path).status_code == 200
    return len(found)
