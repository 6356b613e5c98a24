"""Webhooks in Statuspage's form, as a receiver gets them: every key, its order, and what stays away."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
from jsonschema import Draft202012Validator
from pytest_django import Settings

from common import public_ids
from components.models import Component
from components.status import Status
from incidents import publishing, status_telling
from incidents.lifecycle import Impact, State
from notifications.channels.webhook import new_secret
from subscribers import fanout
from tests import build, web
from tests.notifications import post

pytestmark = [pytest.mark.django_db, pytest.mark.req("D7")]
MINUTE = timedelta(minutes=1)
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
SCHEMA = json.loads(
    (Path(__file__).parents[1] / "public_pages/statuspage-v2.schema.json").read_text()
)


@pytest.fixture
def component(settings: Settings) -> Component:
    settings.ALLOW_PRIVATE_HOOKS = True
    group = build.group(name="Shop")
    build.component(name="Search", group=group, position=0)
    return build.component(name="Checkout", group=group, position=1)


def received(server: web.Server, now: datetime) -> dict[str, Any]:
    """What the newest webhook brought."""
    fanout.expand(now=now)
    post.drain(now=now)
    found: dict[str, Any] = server.got[-1].json
    return found


def listen(server: web.Server, **fields: Any) -> str:
    """Subscribe a webhook in this form; the secret that it is signed with."""
    secret = new_secret()
    build.subscriber(
        channel="webhook",
        address="hook",
        options={"payload": "statuspage"},
        secrets={"url": f"{server.url}/hook", "secret": secret},
        **fields,
    )
    return secret


def is_valid(kind: str, found: Any) -> list[str]:
    schema = {"$ref": f"#/$defs/{kind}", "$defs": SCHEMA["$defs"]}
    return [error.message for error in Draft202012Validator(schema).iter_errors(found)]


def test_an_incident_comes_with_the_page_its_updates_and_whole_components(
    component: Component, now: datetime
) -> None:
    with web.server() as server:
        secret = listen(server)
        row = build.incident(
            components={component: Status.PARTIAL_OUTAGE}, impact=Impact.MAJOR, now=now
        )
        publishing.post_update(
            incident=row, state=State.MONITORING, text="Better\nnow.", notify=True, now=now + MINUTE
        )
        told = received(server, now + MINUTE)
        got = server.got[-1]

    hook = standardwebhooks.Webhook(secret)
    at = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), tz=now.tzinfo)
    signed = hook.sign(got.headers["webhook-id"], at.astimezone(), got.body.decode())
    assert signed in got.headers["webhook-signature"].split(" ")
    assert list(told) == ["meta", "page", "incident"]
    assert list(told["meta"]) == ["unsubscribe", "documentation", "generated_at"]
    assert list(told["page"]) == ["id", "status_indicator", "status_description"]
    assert told["page"]["status_indicator"] == "major"
    incident = told["incident"]
    assert list(incident)[:11] == [
        "id",
        "name",
        "status",
        "created_at",
        "updated_at",
        "monitoring_at",
        "resolved_at",
        "impact",
        "shortlink",
        "started_at",
        "page_id",
    ]
    assert list(incident)[-2:] == ["incident_updates", "components"]
    assert incident["page_id"] == told["page"]["id"]
    assert [one["status"] for one in incident["incident_updates"]] == [
        "monitoring",
        "investigating",
    ]
    assert incident["incident_updates"][0]["body"] == "Better<br />now."
    assert incident["monitoring_at"] == incident["incident_updates"][0]["created_at"]
    (whole,) = incident["components"]
    assert is_valid("component", whole) == []
    assert (whole["id"], whole["position"]) == (component.public_id, 2)
    assert whole["group_id"] == component.group.public_id  # type: ignore[union-attr]
    v2 = {name: incident[name] for name in list(incident)[:12]} | {
        name: incident[name] for name in ("incident_updates", "components")
    }
    assert is_valid("incident", v2) == []


def test_a_status_set_by_hand_comes_as_an_update_of_a_component(
    component: Component, now: datetime
) -> None:
    with web.server() as server:
        listen(server)
        status_telling.choose(choices={component.pk: Status.UNDER_MAINTENANCE}, now=now, by="ada")
        told = received(server, now)

    assert list(told) == ["meta", "page", "component_update", "component"]
    assert (told["page"]["status_indicator"], told["page"]["status_description"]) == (
        "maintenance",
        "Service Under Maintenance",
    )
    update = told["component_update"]
    assert list(update) == [
        "id",
        "component_id",
        "component_type",
        "old_status",
        "new_status",
        "created_at",
    ]
    assert public_ids.is_valid(update["id"])
    assert list(told["component"]) == [
        "id",
        "name",
        "status",
        "created_at",
        "updated_at",
        "position",
        "description",
        "showcase",
        "page_id",
        "group_id",
    ]
    assert told["component"]["id"] == update["component_id"] == component.public_id
    assert told["component"]["status"] == update["new_status"] == "under_maintenance"
    assert STAMP.fullmatch(update["created_at"])


def test_a_component_that_is_removed_meanwhile_keeps_its_id_and_holds_up_nothing(
    component: Component, now: datetime
) -> None:
    public_id = component.public_id
    with web.server() as server:
        listen(server)
        status_telling.choose(choices={component.pk: Status.MAJOR_OUTAGE}, now=now, by="ada")
        build.incident(components={component: None}, now=now)
        component.delete()
        received(server, now)
        told = [got.json for got in server.got]

    by_kind = {next(key for key in one if key not in {"meta", "page"}): one for one in told}
    assert by_kind["component_update"]["component"]["id"] == public_id
    assert by_kind["incident"]["incident"]["components"] == []


def test_a_sub_page_says_its_own_id_and_status(component: Component, now: datetime) -> None:
    other = build.component()
    page = build.page(components=[component])
    with web.server() as server:
        listen(server, page=page)
        status_telling.choose(choices={other.pk: Status.MAJOR_OUTAGE}, now=now, by="ada")
        build.incident(components={component: Status.OPERATIONAL}, impact=Impact.NONE, now=now)
        told = received(server, now)

    assert told["page"] == {
        "id": page.public_id,
        "status_indicator": "none",
        "status_description": "All Systems Operational",
    }
    assert [one["position"] for one in told["incident"]["components"]] == [1]
