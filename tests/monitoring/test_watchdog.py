"""The truth watchdog: found once, told once, acknowledged, and cleared when it is fixed."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.apps import apps

from accounts.models import AuditEntry
from components import claims
from components.models import Component, StatusClaim
from components.status import Source, Status
from incidents import publishing
from incidents.lifecycle import State
from incidents.models import Incident, Maintenance
from incidents.publishing import Report
from monitoring import recording, watchdog
from monitoring.models import AlertChannel, Finding, Replica, TruthSettings
from tests import build
from tests.monitoring.observing import answered, refused

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def operators() -> AlertChannel:
    return AlertChannel.objects.create(kind="email", recipients=["ops@example.com"])


@pytest.fixture
def replica() -> Replica:
    component = build.component(name="Checkout")
    return build.replica(node=build.node(component=component, bad_checks=1, good_checks=1))


def record(outcome: Callable[..., object], replica: Replica, at: datetime) -> None:
    recording.record(observations=[outcome(replica, at)], now=at)  # type: ignore[list-item]


def told() -> list[str]:
    deliveries = apps.get_model("notifications", "Delivery").objects.order_by("id")
    return [one.message["subject"] for one in deliveries if one.dedupe_key.startswith("truth:")]


def incident_about(component: Component, *, at: datetime, **fields: object) -> Incident:
    report = Report(title="Payments fail", components={component.pk: None}, **fields)  # type: ignore[arg-type]
    return publishing.open_incident(report=report, notify=False, now=at)


def open_kinds() -> list[str]:
    return [finding.kind for finding in watchdog.current()]


def test_dead_for_long_with_no_incident_is_found_once_and_told_once(
    now: datetime, replica: Replica
) -> None:
    record(refused, replica, now)
    assert watchdog.look(now=now + 9 * MINUTE) == []

    (finding,) = watchdog.look(now=now + 10 * MINUTE)
    assert finding.sentence == "Checkout has been dead for 10 min, and no incident says so."
    assert watchdog.look(now=now + 11 * MINUTE) == []
    assert told() == [finding.sentence]


def test_an_incident_that_names_it_clears_the_finding_and_a_draft_does_not(
    now: datetime, replica: Replica
) -> None:
    record(refused, replica, now)
    watchdog.look(now=now + 10 * MINUTE)
    component = replica.node.component
    draft = publishing.save_draft(
        report=Report(title="Down", components={component.pk: None}), notify=False, now=now
    )
    watchdog.look(now=now + 11 * MINUTE)
    assert open_kinds() == ["unsaid"]

    publishing.publish_draft(incident=draft, now=now + 12 * MINUTE)
    watchdog.look(now=now + 13 * MINUTE)

    assert open_kinds() == []
    assert Finding.objects.get().cleared_at == now + 13 * MINUTE


def test_a_component_held_operational_by_hand_while_it_is_dead_is_found(
    now: datetime, replica: Replica
) -> None:
    claims.hold_by_hand(component=replica.node.component, held=Status.OPERATIONAL, now=now)
    record(refused, replica, now)

    watchdog.look(now=now + 10 * MINUTE)
    assert open_kinds() == ["unsaid"]


def test_an_incident_left_open_while_every_check_passes_is_found(
    now: datetime, replica: Replica
) -> None:
    record(answered, replica, now)
    incident = incident_about(replica.node.component, at=now, state=State.MONITORING)
    assert watchdog.look(now=now + 29 * MINUTE) == []

    (finding,) = watchdog.look(now=now + 30 * MINUTE)
    assert finding.kind == "green"
    assert incident.title in finding.sentence

    publishing.post_update(
        incident=incident, state=State.RESOLVED, text="Done.", notify=False, now=now + 31 * MINUTE
    )
    watchdog.look(now=now + 32 * MINUTE)
    assert open_kinds() == []


def test_investigating_with_no_word_for_half_an_hour_is_found_and_an_update_clears_it(
    now: datetime, replica: Replica
) -> None:
    record(refused, replica, now)
    incident = incident_about(replica.node.component, at=now)
    assert watchdog.look(now=now + 29 * MINUTE) == []

    (finding,) = watchdog.look(now=now + 30 * MINUTE)
    assert finding.sentence == "“Payments fail” is being investigated, with no word for 30 min."

    publishing.post_update(
        incident=incident,
        state=State.INVESTIGATING,
        text="Still looking.",
        notify=False,
        now=now + 31 * MINUTE,
    )
    watchdog.look(now=now + 32 * MINUTE)
    assert open_kinds() == []


def test_a_promised_update_that_did_not_come_is_found(now: datetime, replica: Replica) -> None:
    incident_about(replica.node.component, at=now, next_update_by=now + 20 * MINUTE)
    assert watchdog.look(now=now + 20 * MINUTE) == []

    (finding,) = watchdog.look(now=now + 21 * MINUTE)
    assert finding.sentence == "“Payments fail”: the next update was promised for 14:52 UTC."


def test_maintenance_that_runs_longer_than_planned_is_found(now: datetime) -> None:
    window = Maintenance.objects.create(
        title="Upgrade",
        state="in_progress",
        starts_at=now - HOUR,
        ends_at=now,
        wall_start="2026-11-19T13:32",
        duration=HOUR,
        created_at=now - HOUR,
        changed_at=now - HOUR,
    )
    assert watchdog.look(now=now + 4 * MINUTE) == []

    (finding,) = watchdog.look(now=now + 5 * MINUTE)
    assert finding.sentence == "Maintenance “Upgrade” runs 5 min longer than planned."

    Maintenance.objects.filter(pk=window.pk).update(state="completed")
    watchdog.look(now=now + 6 * MINUTE)
    assert open_kinds() == []


@pytest.mark.parametrize(
    ("is_monitored", "held", "is_found"),
    [
        (True, Status.OPERATIONAL, True),
        (True, Status.MAJOR_OUTAGE, True),
        (False, Status.MAJOR_OUTAGE, True),
        (False, Status.OPERATIONAL, False),  # a person's word is all there is
    ],
)
def test_a_status_set_by_hand_and_forgotten_is_found(
    now: datetime, *, is_monitored: bool, held: Status, is_found: bool
) -> None:
    component = build.component(name="Search")
    if is_monitored:
        record(answered, build.replica(node=build.node(component=component)), now)
    claims.hold_by_hand(component=component, held=held, now=now)
    assert watchdog.look(now=now + 23 * HOUR) == []

    watchdog.look(now=now + 24 * HOUR)
    assert open_kinds() == (["held"] if is_found else [])

    claims.follow_monitors(component=component, now=now + 25 * HOUR)
    watchdog.look(now=now + 25 * HOUR)
    assert open_kinds() == []


def test_an_acknowledged_finding_is_kept_last_until_it_is_fixed(
    now: datetime, replica: Replica
) -> None:
    record(refused, replica, now)
    incident_about(build.component(), at=now)
    watchdog.look(now=now + 40 * MINUTE)
    first, second = watchdog.current()
    somebody = build.operator()

    assert watchdog.acknowledge(finding=first, by=somebody, now=now + 41 * MINUTE)
    assert not watchdog.acknowledge(finding=first, by=build.operator(), now=now + 42 * MINUTE)

    assert [row.pk for row in watchdog.current()] == [second.pk, first.pk]
    assert watchdog.current()[1].acknowledged_by == somebody
    assert len(told()) == 1  # both in one message
    (entry,) = AuditEntry.objects.filter(object_repr=first.sentence)
    assert entry.changes == {"acknowledged_by": ["None", somebody.get_username()]}


def test_announced_work_is_no_disagreement(now: datetime, replica: Replica) -> None:
    StatusClaim.objects.create(
        component=replica.node.component,
        source=Source.MAINTENANCE,
        reference="x",
        status=Status.UNDER_MAINTENANCE,
        claimed_at=now,
    )
    record(refused, replica, now)
    assert watchdog.look(now=now + HOUR) == []


def test_findings_can_be_kept_silent(now: datetime, replica: Replica) -> None:
    TruthSettings.objects.create(tells=False)
    record(refused, replica, now)

    assert watchdog.look(now=now + HOUR)
    assert told() == []
