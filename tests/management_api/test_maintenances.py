"""Maintenance over the API: as on the console, by the same operations."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.roles import Role
from components import catalogue
from components.models import Component
from components.status import Status
from incidents.models import EventTemplate, Maintenance, MaintenanceSeries, WithdrawnEvent
from subscribers.models import Broadcast
from tests import build
from tests.management_api.calling import BASE, Caller

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def in_(delay: timedelta) -> str:
    at = (timezone.now() + delay).replace(second=0, microsecond=0)
    return at.isoformat().replace("+00:00", "Z")


def window(component: Component | None = None, **fields: object) -> dict[str, Any]:
    component = component or build.component()
    values: dict[str, Any] = {
        "title": "New disks",
        "text": "We replace them.",
        "starts_at": in_(DAY),
        "ends_at": in_(DAY + HOUR),
        "components": [{"id": component.public_id}],
    }
    return values | fields


def planned(api: Caller, **fields: object) -> str:
    made = api.post("/maintenances", window(**fields))  # type: ignore[arg-type]
    assert made.status_code == 201, made.content
    return f"/maintenances/{made.json()['id']}"


def seen(component: Component) -> Status:
    return Component.objects.get(pk=component.pk).shown_status


def test_a_window_is_planned_begun_verified_and_completed() -> None:
    api = Caller()
    search = build.component(name="Search")
    before = catalogue.page().revision
    body = window(search, lead_minutes=[60, 15], mutes_alerts=False)
    made = api.post("/maintenances", body)
    assert made.status_code == 201, made.content
    path = f"/maintenances/{made.json()['id']}"
    assert made.headers["Location"] == BASE + path
    told = made.json()
    assert (told["starts_at"], told["ends_at"]) == (body["starts_at"], body["ends_at"])
    assert (told["state"], told["zone"], told["origin"]) == ("scheduled", "UTC", "api")
    assert told["components"] == [
        {"id": search.public_id, "name": "Search", "status": "under_maintenance"}
    ]
    assert [one["lead_minutes"] for one in told["reminders"]] == [60, 15]
    assert (told["mutes_alerts"], told["auto_start"], told["series"]) == (False, True, None)
    assert api.get(path).json() == told
    assert catalogue.page().revision > before
    assert Broadcast.objects.count() == 1
    for state, status in (
        ("in_progress", Status.UNDER_MAINTENANCE),
        ("verification", Status.UNDER_MAINTENANCE),
        ("completed", Status.OPERATIONAL),
    ):
        step = api.post(f"{path}/updates", {"state": state})
        assert (step.status_code, step.json()["state"]) == (201, state), step.content
        assert seen(search) == status
    assert Broadcast.objects.count() == 4
    kinds = [row["kind"] for row in api.get(f"{path}/updates").json()["data"]]
    assert kinds == ["completed", "verification", "started", "scheduled"]
    refused = api.post(f"{path}/updates", {"state": "in_progress"})
    assert refused.status_code == 409
    assert "Plan a new one instead" in refused.json()["detail"]
    entries = AuditEntry.objects.filter(content_type__model="maintenance", actor=api.owner)
    assert entries.filter(actor_name__contains="(token “test”)").exists()


def test_work_that_nobody_planned_begins_at_once() -> None:
    api = Caller()
    search = build.component()
    body = window(search, ends_at=in_(HOUR), starts_at=None, notify=False, zone="Asia/Tokyo")
    made = api.post("/maintenances", body)
    assert (made.status_code, made.json()["state"]) == (201, "in_progress"), made.content
    assert seen(search) == Status.UNDER_MAINTENANCE
    assert not Broadcast.objects.exists()
    path = f"/maintenances/{made.json()['id']}"
    ends_at = datetime.fromisoformat(made.json()["ends_at"])
    longer = api.post(f"{path}/extend", {"minutes": 15})
    assert datetime.fromisoformat(longer.json()["ends_at"]) == ends_at + timedelta(minutes=15)
    assert not Broadcast.objects.exists()  # as it was planned
    assert api.post(f"{path}/extend", {"minutes": 15, "notify": True}).status_code == 200
    assert Broadcast.objects.count() == 1
    assert api.post(f"{path}/extend", {"minutes": 0}).status_code == 422
    too_long = api.post(f"{path}/extend", {"minutes": 43_200})
    assert (too_long.status_code, [*too_long.json()["errors"]]) == (422, ["ends_at"])


def test_a_window_is_changed_and_only_new_times_are_told() -> None:
    api = Caller()
    search, other = build.component(), build.component()
    path = planned(api, component=search)
    Broadcast.objects.all().delete()
    read = api.get(path)
    words = api.patch(path, {"title": "Newer disks"}, if_match=read.headers["ETag"])
    assert words.status_code == 200, words.content
    assert words.json()["ends_at"] == read.json()["ends_at"]
    assert not Broadcast.objects.exists()
    assert api.patch(path, {"title": "x"}, if_match=read.headers["ETag"]).status_code == 412
    longer = api.patch(path, {"ends_at": in_(DAY + 2 * HOUR)})
    assert (longer.json()["starts_at"], longer.json()["ends_at"]) == (
        read.json()["starts_at"],
        in_(DAY + 2 * HOUR),
    )
    assert Broadcast.objects.count() == 1
    moved = api.patch(
        path,
        {
            "starts_at": in_(2 * DAY),
            "ends_at": in_(2 * DAY + HOUR),
            "components": [{"id": other.public_id, "status": "degraded_performance"}],
            "lead_minutes": [30],
            "notify": False,
        },
    )
    assert (moved.json()["starts_at"], moved.json()["components"][0]["status"]) == (
        in_(2 * DAY),
        "degraded_performance",
    )
    assert [one["lead_minutes"] for one in moved.json()["reminders"]] == [30]
    assert Broadcast.objects.count() == 1
    for wrong, field in (
        ({"ends_at": in_(DAY)}, "ends_at"),
        ({"starts_at": in_(-DAY)}, "starts_at"),
        ({"components": []}, "components"),
        ({"rule": "FREQ=DAILY"}, "rule"),
        ({"zone": "Mars/Base"}, "zone"),
    ):
        refused = api.patch(path, wrong)
        assert (refused.status_code, [*refused.json()["errors"]]) == (422, [field])
    assert api.patch(path, {"applies_to": "following"}).status_code == 409
    assert api.get(path).json() == moved.json()


def test_a_window_that_runs_keeps_its_start_when_its_end_is_changed() -> None:
    api = Caller()
    made = api.post("/maintenances", window(starts_at=None, ends_at=in_(HOUR))).json()
    path = f"/maintenances/{made['id']}"
    later = in_(2 * HOUR)
    changed = api.patch(path, {"starts_at": made["starts_at"], "ends_at": later})
    assert changed.status_code == 200, changed.content
    assert changed.json()["starts_at"] == made["starts_at"]
    assert changed.json()["ends_at"] == later
    assert [*api.patch(path, {"starts_at": in_(HOUR)}).json()["errors"]] == ["starts_at"]


def test_a_series_is_planned_changed_and_cancelled_from_one_window_on() -> None:
    api = Caller()
    path = planned(api, rule="FREQ=WEEKLY", zone="Europe/Berlin")
    first = api.get(path).json()
    assert first["series"]["rule"] == "FREQ=WEEKLY"
    of_series = f"/maintenances?series_id={first['series']['id']}"
    every = api.get(of_series).json()["data"]
    assert len(every) == 5
    assert Broadcast.objects.count() == 1
    third = f"/maintenances/{every[2]['id']}"
    changed = api.patch(
        third, {"applies_to": "following", "title": "Two nights", "rule": "FREQ=WEEKLY;INTERVAL=2"}
    )
    assert changed.status_code == 200, changed.content
    assert (changed.json()["title"], changed.json()["series"]["rule"]) == (
        "Two nights",
        "FREQ=WEEKLY;INTERVAL=2",
    )
    assert api.get(path).json()["title"] == "New disks"
    refused = api.patch(third, {"applies_to": "following", "rule": "FREQ=HOURLY"})
    assert (refused.status_code, [*refused.json()["errors"]]) == (422, ["rule"])
    gone = api.post(f"{third}/cancel", {"applies_to": "following", "text": "Not needed."})
    assert gone.status_code == 200, gone.content
    assert gone.json()["cancelled"][0] == every[2]["id"]
    assert not MaintenanceSeries.objects.filter(is_active=True).exists()
    assert api.get(path).json()["state"] == "scheduled"
    only = api.post(f"{path}/cancel", {"notify": False})
    assert only.json() == {"cancelled": [first["id"]]}
    assert api.post(f"{path}/cancel", {"applies_to": "following"}).status_code == 409
    refused = api.post("/maintenances", window(rule="FREQ=DAILY", starts_at=None))
    assert [*refused.json()["errors"]] == ["starts_at"]


def test_a_time_that_clocks_show_twice_is_planned_in_utc() -> None:
    # Clocks in Berlin go back at 01:00 UTC: at 01:30 they show 02:30 for the second time.
    second = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    body = window(starts_at=second.isoformat(), ends_at=(second + HOUR).isoformat())
    api = Caller()
    refused = api.post("/maintenances", body | {"zone": "Europe/Berlin"})
    assert (refused.status_code, [*refused.json()["errors"]]) == (422, ["zone"])
    made = api.post("/maintenances", body).json()
    assert datetime.fromisoformat(made["starts_at"]) == second


def test_windows_that_meet_are_listed_and_still_planned() -> None:
    api = Caller()
    path = planned(api)
    other = planned(api, title="Cables", starts_at=in_(DAY + HOUR / 2))
    planned(api, title="Later", starts_at=in_(3 * DAY), ends_at=in_(3 * DAY + HOUR))
    assert [row["title"] for row in api.get(f"{path}/overlaps").json()["data"]] == ["Cables"]
    assert [row["title"] for row in api.get(f"{other}/overlaps").json()["data"]] == ["New disks"]


def test_notes_need_a_text_and_are_corrected() -> None:
    api = Caller()
    path = planned(api, notify=False)
    assert api.post(f"{path}/updates", {}).json()["errors"] == {"text": ["Write a message."]}
    note = api.post(f"{path}/updates", {"text": "Parts arived."})
    assert (note.json()["kind"], note.json()["notifies"]) == ("note", False)
    one = f"{path}/updates/{note.json()['id']}"
    fixed = api.patch(one, {"text": "Parts arrived."}, if_match=api.get(one).headers["ETag"])
    assert (fixed.status_code, fixed.json()["text"]) == (200, "Parts arrived.")
    assert api.patch(one, {"text": "x"}, if_match=note.headers["ETag"]).status_code == 412
    assert api.get(f"{path}/updates/{'x' * 12}").status_code == 404


def test_a_template_fills_what_is_left_out() -> None:
    api = Caller()
    search = build.component(name="Search")
    made = api.post(
        "/templates",
        {
            "kind": "maintenance",
            "name": "Disks",
            "title": "Disks of {component}",
            "text": "{component} is slow meanwhile.",
            "component_ids": [search.public_id],
        },
    )
    number = made.json()["id"]
    body = window(template_id=number)
    for name in ("title", "text", "components"):
        del body[name]
    told = api.post("/maintenances", body).json()
    assert (told["title"], told["text"]) == ("Disks of Search", "Search is slow meanwhile.")
    assert [row["id"] for row in told["components"]] == [search.public_id]
    incident = EventTemplate.objects.filter(kind="incident").first()
    assert incident is not None
    refused = api.post("/maintenances", window(template_id=incident.pk))
    assert [*refused.json()["errors"]] == ["template_id"]


def test_a_deleted_window_leaves_the_mark_that_it_was_withdrawn() -> None:
    api = Caller()
    path = planned(api)
    tag = api.get(path).headers["ETag"]
    api.patch(path, {"title": "Other"})
    assert api.delete(path, if_match=tag).status_code == 412
    assert api.delete(path).status_code == 204
    assert WithdrawnEvent.objects.get().kind == "maintenance"
    assert api.get(path).status_code == 404


def test_the_list_is_narrowed() -> None:
    api = Caller()
    search = build.component()
    planned(api, component=search, title="Tomorrow")
    planned(api, title="Next week", starts_at=in_(7 * DAY), ends_at=in_(7 * DAY + HOUR))
    api.post("/maintenances", window(title="Now", starts_at=None, ends_at=in_(HOUR)))

    def titles(query: str) -> list[str]:
        answer = api.get(f"/maintenances{query}")
        assert answer.status_code == 200, answer.content
        return [row["title"] for row in answer.json()["data"]]

    assert titles("") == ["Next week", "Tomorrow", "Now"]
    assert titles("?state=in_progress") == ["Now"]
    assert titles(f"?component_id={search.public_id}") == ["Tomorrow"]
    assert titles(f"?since={in_(3 * DAY)}") == ["Next week"]
    assert titles(f"?until={in_(HOUR / 2)}") == ["Now"]
    assert titles("?series_id=7") == []
    for wrong in ("?state=x", "?series_id=99999999999999999999", "?since=0001-01-01T00:00:00Z"):
        assert api.get(f"/maintenances{wrong}").status_code == 422


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"),
        ({"ends_at": "2001-01-01T00:00:00Z"}, "ends_at"),
        ({"starts_at": "2001-01-01T00:00:00Z", "ends_at": "2001-01-01T01:00:00Z"}, "starts_at"),
        ({"components": []}, "components"),
        ({"components": [{"id": "nothing"}]}, "components"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"rule": "every day"}, "rule"),
        ({"lead_minutes": [10**30]}, "lead_minutes"),
        ({"lead_minutes": [1, 2, 3, 4, 5, 6]}, "lead_minutes"),
    ],
)
def test_what_is_wrong_is_said_by_field_and_nothing_is_saved(
    wrong: dict[str, object], field: str
) -> None:
    answer = Caller().post("/maintenances", window() | wrong)
    assert answer.status_code == 422, answer.content
    assert {name.partition(".")[0] for name in answer.json()["errors"]} == {field}
    assert not Maintenance.objects.exists()


@pytest.mark.parametrize(
    "ask",
    [
        lambda api, path: api.post("/maintenances", window()),
        lambda api, path: api.patch(path, {"title": "x"}),
        lambda api, path: api.post(f"{path}/updates", {"state": "in_progress"}),
        lambda api, path: api.post(f"{path}/cancel", {}),
        lambda api, path: api.post(f"{path}/extend", {"minutes": 5}),
        lambda api, path: api.delete(path),
    ],
    ids=["plan", "change", "step", "cancel", "extend", "delete"],
)
def test_who_may_only_read_writes_nothing(ask: Callable[[Caller, str], Any]) -> None:
    row = build.maintenance(now=timezone.now(), notify=False)
    path = f"/maintenances/{row.public_id}"
    for api in (Caller(role=Role.VIEWER), Caller(scopes=["maintenances:read", "incidents:write"])):
        before = api.get(path)
        assert before.status_code == 200
        assert ask(api, path).status_code == 403
        assert api.get(path).content == before.content
    assert Maintenance.objects.count() == 1


def test_a_long_list_takes_no_more_queries_than_a_short_one() -> None:
    api = Caller()

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as found:
            assert api.get(path).status_code == 200
        return len(found)

    path = planned(api, notify=False, lead_minutes=[15])
    few = (queries("/maintenances"), queries(f"{path}/updates"))
    for _time in range(4):
        planned(api, notify=False, lead_minutes=[15], rule="FREQ=WEEKLY;COUNT=2")
        api.post(f"{path}/updates", {"text": "Note."})
    assert (queries("/maintenances"), queries(f"{path}/updates")) == few
