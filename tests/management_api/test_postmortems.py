"""Postmortems over the API."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.roles import Role
from incidents import publishing
from incidents.lifecycle import State
from incidents.models import Incident, Postmortem
from subscribers.models import Broadcast
from tests import build
from tests.management_api.calling import Caller

pytestmark = pytest.mark.django_db

REPORT: dict[str, Any] = {
    "title": "Payments failed",
    "summary": "For an hour nobody could pay.",
    "entries": [
        {"at": "2026-01-01T02:00:00Z", "text": "Fixed."},
        {"at": "2026-01-01T01:00:00Z", "text": "Alerted."},
    ],
    "actions": [{"text": "Watch the disk", "owner": "Ada", "due_on": "2026-02-01"}],
}


def resolved(**fields: Any) -> Incident:
    row = build.incident(notify=False, **fields)
    publishing.post_update(
        incident=row,
        state=State.RESOLVED,
        text="Over.",
        notify=False,
        now=build.LONG_AGO + timedelta(hours=1),
    )
    return row


def test_a_report_is_written_published_taken_back_and_deleted() -> None:
    api = Caller()
    row = resolved(title="Payments fail")
    path = f"/incidents/{row.public_id}/postmortem"
    assert api.get(path).status_code == 404
    suggested = api.get(f"{path}/suggestion").json()
    assert suggested["title"] == "Payments fail"
    assert [one["text"] for one in suggested["entries"]] == [
        "Investigating: We are looking.",
        "Resolved: Over.",
    ]
    assert api.put(path, REPORT, if_match='"' + "0" * 32 + '"').status_code == 412
    written = api.put(path, REPORT)
    assert written.status_code == 200, written.content
    assert [one["text"] for one in written.json()["entries"]] == ["Alerted.", "Fixed."]
    assert written.json()["actions"] == [
        {"text": "Watch the disk", "owner": "Ada", "due_on": "2026-02-01", "is_done": False}
    ]
    assert written.json()["published_at"] is None
    assert api.get(path).json() == written.json()
    assert not Broadcast.objects.exists()

    tag = written.headers["ETag"]
    published = api.post(f"{path}/publish", if_match=tag)
    assert published.json()["published_at"] is not None
    assert api.get(f"/incidents/{row.public_id}").json()["state"] == "postmortem"
    assert [one.stage for one in Broadcast.objects.all()] == ["postmortem_published"]
    assert api.post(f"{path}/publish").status_code == 409
    assert api.put(path, REPORT, if_match=tag).status_code == 412
    empty = api.put(path, REPORT | {"summary": ""})
    assert (empty.status_code, [*empty.json()["errors"]]) == (422, ["summary"])
    assert Postmortem.objects.get().summary == REPORT["summary"]

    assert api.post(f"{path}/unpublish").json()["published_at"] is None
    assert api.post(f"{path}/unpublish").status_code == 409
    assert api.delete(path).status_code == 204
    for gone in (api.get(path), api.post(f"{path}/publish"), api.delete(path)):
        assert gone.status_code == 404


def test_of_what_goes_on_there_is_no_report_yet() -> None:
    api = Caller()
    path = f"/incidents/{build.incident(notify=False).public_id}/postmortem"
    refused = api.put(path, REPORT)
    assert refused.status_code == 409
    assert "Resolve the incident" in refused.json()["detail"]
    draft = api.post("/incidents", {"is_draft": True}).json()["id"]
    assert api.put(f"/incidents/{draft}/postmortem", REPORT).status_code == 409
    assert not Postmortem.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "title"),
        ({"entries": [{"at": "yesterday", "text": "x"}]}, "entries.0.at"),
        ({"entries": [{"at": "2026-01-01T01:00:00Z", "text": " "}]}, "entries"),
        ({"actions": [{"text": "x", "due_on": "0001-01-01"}]}, "actions.0.due_on"),
        ({"actions": [{"text": "x"}] * 201}, "actions"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_said_by_field_and_nothing_is_saved(
    wrong: dict[str, object], field: str
) -> None:
    answer = Caller().put(f"/incidents/{resolved().public_id}/postmortem", REPORT | wrong)
    assert (answer.status_code, [*answer.json()["errors"]]) == (422, [field])
    assert not Postmortem.objects.exists()


@pytest.mark.parametrize(
    "ask",
    [
        lambda api, path: api.put(path, REPORT),
        lambda api, path: api.post(f"{path}/publish"),
        lambda api, path: api.delete(path),
    ],
    ids=["write", "publish", "delete"],
)
def test_who_may_only_read_writes_nothing(ask: Callable[[Caller, str], Any]) -> None:
    path = f"/incidents/{resolved().public_id}/postmortem"
    assert Caller().put(path, REPORT).status_code == 200
    for api in (Caller(role=Role.VIEWER), Caller(scopes=["postmortems:read", "incidents:write"])):
        before = api.get(path)
        assert before.status_code == 200
        assert ask(api, path).status_code == 403
        assert api.get(path).content == before.content
