"""Cachet 2.x as a plan: every row of the mapping table, and answers of another form."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from components.status import Status
from importing import cachet
from importing.plans import Incident, Plan
from importing.problems import SourceUnreadable

BERLIN = ZoneInfo("Europe/Berlin")


def component(key: int, **fields: object) -> dict[str, Any]:
    return {
        "id": key,
        "name": f"C{key}",
        "description": "",
        "link": "",
        "status": 1,
        "order": key,
        "group_id": 0,
        "enabled": True,
        "meta": None,
        "created_at": "2025-01-01 00:00:00",
        "updated_at": "2025-01-01 00:00:00",
        "deleted_at": None,
        "status_name": "Operational",
        "tags": {},
    } | fields


def incident(**fields: object) -> dict[str, Any]:
    return {
        "id": 7,
        "component_id": 1,
        "name": "Checkout fails",
        "status": 1,
        "message": "We **look**.",
        "visible": 1,
        "stickied": False,
        "occurred_at": "2026-07-10 12:00:00",
        "created_at": "2026-07-10 12:05:00",
        "updated_at": "2026-07-10 12:05:00",
        "deleted_at": None,
        "is_resolved": False,
        "updates": [],
    } | fields


def update(key: int, status: int, clock: str) -> dict[str, Any]:
    return {
        "id": key,
        "incident_id": 7,
        "status": status,
        "message": f"Entry {key}",
        "created_at": f"2026-07-10 {clock}:00",
    }


def schedule(**fields: object) -> dict[str, Any]:
    return {
        "id": 3,
        "name": "New disks",
        "message": "Soon",
        "status": 0,
        "scheduled_at": "2026-12-01 23:00:00",
        "completed_at": None,
        "components": [{"id": 1, "schedule_id": 3, "component_id": 1, "component_status": 2}],
    } | fields


def subscriber(key: int, **fields: object) -> dict[str, Any]:
    return {
        "id": key,
        "email": f"s{key}@example.com",
        "phone_number": None,
        "slack_webhook_url": None,
        "verify_code": "s3cret",
        "verified_at": "2026-01-01 12:00:00",
        "global": True,
        "subscriptions": [],
    } | fields


def read(zone: ZoneInfo = BERLIN, **lists: Any) -> Plan:
    export = cachet.Export(**{"components": [component(1), component(2)], **lists})
    return cachet.plan(export, zone=zone, schedule_length=timedelta(hours=2))


def one(**fields: object) -> Incident:
    (found,) = read(incidents=[incident(**fields)]).incidents
    return found


def reasons(plan: Plan) -> Mapping[str, str]:
    return {each.what: each.reason for each in plan.unmapped}


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}:00+00:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (0, Status.OPERATIONAL),
        (1, Status.OPERATIONAL),
        (2, Status.DEGRADED_PERFORMANCE),
        (3, Status.PARTIAL_OUTAGE),
        (4, Status.MAJOR_OUTAGE),
    ],
)
def test_statuses_are_ours(number: int, status: Status) -> None:
    plan = read(components=[component(1, status=number)])

    assert plan.components[0].status == status
    assert ("component C1" in reasons(plan)) is (number == 0)


def test_groups_and_components_keep_their_order_and_what_is_hidden_stays_hidden() -> None:
    groups = [
        {"id": 1, "name": "Core", "order": 4, "collapsed": 2, "visible": 1},
        {"id": 2, "name": "Inner", "order": 5, "collapsed": 0, "visible": 0},
    ]
    rows = [
        component(1, group_id=1, description="For all"),
        component(2, group_id=2),
        component(3, enabled=False),
        component(4, link="https://x.example", tags={"a": "b"}, meta={"k": 1}),
        component(5, deleted_at="2026-01-01 00:00:00"),
        component(6, group_id=99),
    ]
    plan = read(components=rows, groups=groups)

    assert [(each.key, each.name, each.position, each.is_collapsed) for each in plan.groups] == [
        ("1", "Core", 4, True),
        ("2", "Inner", 5, False),
    ]
    assert [(each.key, each.group, each.is_visible) for each in plan.components] == [
        ("1", "1", True),
        ("2", "2", False),
        ("3", "", False),
        ("4", "", True),
        ("6", "", True),
    ]
    assert plan.components[0].description == "For all"
    told = reasons(plan)
    for what in ("C4: link", "C4: tags", "C4: meta", "C5"):
        assert told[f"component {what}"]
    assert told["group Inner"]


def test_nothing_is_claimed_of_a_time_of_which_cachet_keeps_no_status() -> None:
    assert {each.created_at for each in read().components} == {None}
    assert all(each.nodes == () for each in read().components)


def test_times_are_of_cachets_zone() -> None:
    assert one().started_at == at("2026-07-10T10:00")
    (found,) = read(ZoneInfo("UTC"), incidents=[incident()]).incidents
    assert found.started_at == at("2026-07-10T12:00")


def test_a_time_with_a_zone_keeps_it_and_mysqls_zero_is_none() -> None:
    assert one(occurred_at="2026-07-10T12:00:00+00:00").started_at == at("2026-07-10T12:00")
    assert one(occurred_at="0000-00-00 00:00:00").started_at == at("2026-07-10T10:05")


def test_an_incident_is_its_message_and_what_was_added() -> None:
    rows = [update(12, 4, "13:00"), update(11, 3, "12:30")]
    found = one(status=4, updates=rows)

    assert [(each.key, each.state, each.text) for each in found.updates] == [
        ("7-first", "investigating", "We **look**."),
        ("11", "monitoring", "Entry 11"),
        ("12", "resolved", "Entry 12"),
    ]
    assert (found.started_at, found.resolved_at) == (at("2026-07-10T10:00"), at("2026-07-10T11:00"))
    assert found.components == ("1",)


@pytest.mark.parametrize(
    ("number", "state"),
    [(1, "investigating"), (2, "identified"), (3, "monitoring"), (4, "resolved")],
)
def test_an_incident_without_updates_has_the_state_it_shows(number: int, state: str) -> None:
    found = one(status=number)

    assert [each.state for each in found.updates] == [state]
    assert (found.resolved_at is not None) is (number == 4)


def test_updates_that_were_asked_for_by_themselves_count_as_well() -> None:
    row = incident(status=4)
    del row["updates"]
    plan = read(incidents=[row], updates={"7": [update(11, 4, "12:30")]})

    assert [each.state for each in plan.incidents[0].updates] == ["investigating", "resolved"]


@pytest.mark.parametrize(
    ("number", "impact"), [(1, "none"), (2, "minor"), (3, "major"), (4, "critical")]
)
def test_the_impact_is_what_the_component_shows_now(number: int, impact: str) -> None:
    rows = [component(1, status=number)]

    assert read(components=rows, incidents=[incident()]).incidents[0].impact == impact
    over = [incident(updates=[update(11, 4, "12:30")])]
    assert read(components=rows, incidents=over).incidents[0].impact == "none"
    assert read(components=rows, incidents=[incident(component_id=0)]).incidents[0].impact == "none"


def test_hidden_incidents_are_drafts_and_deleted_ones_stay_away() -> None:
    rows = [incident(visible=0), incident(id=8, name="Gone", deleted_at="2026-07-11 00:00:00")]
    plan = read(incidents=rows)

    assert [each.is_draft for each in plan.incidents] == [True]
    assert "incident Gone" in reasons(plan)


def test_a_stickied_incident_is_told() -> None:
    assert "incident Checkout fails: stickied" in reasons(read(incidents=[incident(stickied=True)]))


def test_planned_work_lasts_as_long_as_it_did_or_as_was_asked() -> None:
    planned, running, done = read(
        schedules=[
            schedule(),
            schedule(id=4, status=1),
            schedule(id=5, status=2, completed_at="2026-12-02 00:30:00"),
        ]
    ).maintenances

    assert (planned.state, planned.starts_at) == ("scheduled", at("2026-12-01T22:00"))
    assert planned.ends_at - planned.starts_at == timedelta(hours=2)
    assert (planned.components, planned.zone, planned.text) == (("1",), "Europe/Berlin", "Soon")
    assert running.state == "in_progress"
    assert (done.state, done.ends_at) == ("completed", at("2026-12-01T23:30"))


def test_that_a_length_was_assumed_is_told() -> None:
    assert "assumed" in reasons(read(schedules=[schedule()]))["schedule New disks"]


def test_planned_work_of_an_old_cachet_is_maintenance_too() -> None:
    rows = [
        incident(status=0, scheduled_at="2026-12-01 23:00:00"),
        incident(id=9, name="Lost", status=0),
    ]
    plan = read(incidents=rows)

    assert [(each.key, each.starts_at) for each in plan.maintenances] == [
        ("incident-7", at("2026-12-01T22:00"))
    ]
    assert "incident Lost" in reasons(plan)


def test_subscribers_stay_what_they_are() -> None:
    plan = read(
        subscribers=[
            subscriber(1),
            subscriber(2, verified_at=None),
            subscriber(3, **{"global": False, "subscriptions": [{"component_id": 2}]}),
            subscriber(4, email=None, phone_number="+15550100"),
            subscriber(5, slack_webhook_url="https://hooks.example/s3cret"),
            subscriber(6, email=None),
        ]
    )

    assert [(each.key, each.is_confirmed, each.components) for each in plan.subscribers] == [
        ("1", True, None),
        ("2", False, None),
        ("3", True, ("2",)),
        ("5", True, None),
    ]
    assert plan.subscribers[0].confirmed_at == at("2026-01-01T11:00")
    assert {"subscriber 4: phone", "subscriber 6"} <= set(reasons(plan))
    assert [each.where for each in plan.secrets] == ["subscriber 5"]
    assert "s3cret" not in repr(plan)


def test_what_needs_a_token_or_has_no_place_is_told() -> None:
    told = reasons(read())

    assert told["subscribers and hidden things"]
    assert told["metrics and their points"]
    assert told["users, API tokens, incident templates and theme"]
    assert "subscribers and hidden things" not in reasons(read(subscribers=[]))


def test_cachet_3_is_refused_with_a_clear_sentence() -> None:
    row = {"id": "1", "type": "components", "attributes": {"name": "API"}}

    with pytest.raises(SourceUnreadable, match=r"This is Cachet 3.*Only Cachet 2\.x"):
        read(components=[row])


@pytest.mark.parametrize(
    ("lists", "sentence"),
    [
        ({"components": [7]}, "should be an object"),
        ({"components": [{"name": "x"}]}, "id is missing"),
        ({"components": [component(1, status=9)]}, "a number from 0 to 4"),
        ({"components": [component(1, status="bad")]}, "should be a number, but is the text bad"),
        ({"incidents": [incident(status=8)]}, "a number from 1 to 4"),
        ({"incidents": [incident(occurred_at="soon")]}, "a time like"),
        ({"incidents": [incident(occurred_at=None, created_at=None)]}, "created_at is missing"),
        ({"incidents": [incident(name={})]}, "should be a text, but is an object"),
        ({"schedules": [schedule(status=5)]}, "0, 1 or 2"),
        ({"schedules": [schedule(components="x")]}, "should be a list"),
        ({"subscribers": [{"email": "x"}]}, "id is missing"),
    ],
)
def test_answers_of_another_form_are_refused_with_one_sentence(
    lists: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SourceUnreadable, match=sentence):
        read(**lists)
