"""Channels that alert the team, over the API."""

from typing import Any

import pytest

from accounts.roles import Role
from monitoring.models import AlertChannel
from notifications.models import Delivery
from tests.management_api.calling import Caller

pytestmark = pytest.mark.django_db

HOOK = "https://hooks.slack.com/services/T0/B0/verysecret"


def slack(api: Caller, **fields: Any) -> Any:
    return api.post("/channels", {"kind": "slack", "values": {"url": HOOK}} | fields)


def test_a_channel_is_made_changed_tested_and_removed_and_its_secret_is_never_told() -> None:
    api = Caller()
    made = slack(api, name="team")
    assert made.status_code == 201, made.content
    path = f"/channels/{made.json()['id']}"
    assert (made.json()["values"], made.json()["stored_secrets"]) == ({}, ["url"])
    changed = api.patch(path, {"is_enabled": False}, if_match=made.headers["ETag"])
    assert (changed.json()["is_enabled"], changed.json()["stored_secrets"]) == (False, ["url"])
    assert AlertChannel.objects.get().secrets == {"url": HOOK}
    assert api.post(f"{path}/test").json() == {"recipients": 1}
    assert Delivery.objects.filter(channel="slack").count() == 1
    for answer in (made, changed, api.get(path), api.get("/channels")):
        assert b"verysecret" not in answer.content
    assert api.delete(path).status_code == 204
    assert not AlertChannel.objects.exists()


def test_recipients_are_values_that_stay_when_others_change() -> None:
    api = Caller()
    people = "ada@acme.example\nbob@acme.example"
    made = api.post("/channels", {"kind": "email", "values": {"recipients": people}})
    path = f"/channels/{made.json()['id']}"
    assert made.json()["values"]["recipients"] == people
    assert api.patch(path, {"name": "ops"}).json()["values"]["recipients"] == people
    one = api.patch(path, {"values": {"recipients": "ada@acme.example"}})
    assert AlertChannel.objects.get().recipients == ["ada@acme.example"]
    assert one.json()["name"] == "ops"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "pigeon"}, "kind"),
        ({"kind": "slack", "values": {}}, "url"),
        ({"kind": "slack", "values": {"url": "no address"}}, "url"),
        ({"kind": "slack", "values": {"address": HOOK}}, "values.address"),
        ({"kind": "email", "values": {"recipients": "nobody"}}, "recipients"),
    ],
)
def test_what_a_channel_cannot_work_with_is_said_by_field(
    body: dict[str, object], field: str
) -> None:
    answer = Caller().post("/channels", body)
    assert answer.status_code == 422, answer.content
    assert field in answer.json()["errors"]
    assert not AlertChannel.objects.exists()


def test_only_owners_see_channels() -> None:
    slack(Caller())
    for role in (Role.RESPONDER, Role.VIEWER):
        assert Caller(role=role).get("/channels").status_code == 403
