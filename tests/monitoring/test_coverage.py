from datetime import datetime, timedelta

import pytest

from components.models import Component, StatusChange
from components.status import Status
from monitoring import coverage, inventory, recording
from monitoring.models import HealthChange
from tests import build
from tests.monitoring.observing import answered, refused

pytestmark = pytest.mark.django_db


def test_a_replica_that_nobody_checked_for_three_intervals_is_unknown_and_never_dead(
    now: datetime,
) -> None:
    replica = build.replica(node=build.node(interval_s=60, retries=1, dead_after_s=5))
    recording.record(observations=[answered(replica, now)], now=now)
    ends = now + timedelta(seconds=3 * 60 + 2 * 5)
    assert coverage.note_gaps(now=ends - timedelta(seconds=1)) == []

    (change,) = coverage.note_gaps(now=ends + timedelta(seconds=7))
    assert (change.status, change.at) == (Status.UNKNOWN, ends), (
        "dated from when it stopped being known"
    )
    replica.refresh_from_db()
    assert replica.health is None
    gap = HealthChange.objects.latest("id")
    assert (gap.previous, gap.health, gap.reason) == ("healthy", None, "no_data")
    assert coverage.note_gaps(now=ends + timedelta(seconds=8)) == [], "noted once"


def test_an_unchecked_dead_replica_is_unknown_too(now: datetime) -> None:
    replica = build.replica()
    recording.record(observations=[refused(replica, now)], now=now)
    coverage.note_gaps(now=now + timedelta(hours=1))
    assert Component.objects.get().status == Status.UNKNOWN


def test_a_new_replica_does_not_disturb_its_checked_neighbours_until_it_is_overdue(
    now: datetime,
) -> None:
    node = build.node(interval_s=60, retries=0, dead_after_s=10)
    checked = inventory.add_replica(node=node, address="tcp://127.0.0.1:4001", now=now)
    assert Component.objects.get().status == Status.UNKNOWN, "nothing was seen yet"
    recording.record(observations=[answered(checked, now)], now=now)
    inventory.add_replica(node=node, address="tcp://127.0.0.1:4002", now=now)
    assert Component.objects.get().status == Status.OPERATIONAL
    later = now + timedelta(seconds=150)
    recording.record(observations=[answered(checked, later)], now=later)
    coverage.note_gaps(now=now + timedelta(seconds=191))
    assert Component.objects.get().status == Status.UNKNOWN


def test_removing_the_last_replica_withdraws_what_the_monitors_claimed(now: datetime) -> None:
    node = build.node()
    replica = inventory.add_replica(node=node, address="tcp://127.0.0.1:4001", now=now)
    recording.record(observations=[refused(replica, now)], now=now)
    inventory.remove_replica(replica=replica, now=now + timedelta(seconds=1))
    assert Component.objects.get().status == Status.OPERATIONAL
    assert StatusChange.objects.latest("id").previous == Status.MAJOR_OUTAGE
