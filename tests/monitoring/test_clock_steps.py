"""The wall clock is set back: nobody waits for it to catch up."""

from datetime import datetime, timedelta

import pytest

from monitoring import listening, recording, scheduling
from monitoring.models import Location, Pulse, Replica
from monitoring.polling import Observation
from tests import build
from tests.monitoring.observing import answered, refused

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.mark.req("C0")
@pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(hours=2), timedelta(days=400)])
def test_after_the_clock_was_set_back_targets_are_checked_and_believed_again(
    ahead: timedelta, now: datetime
) -> None:
    plain, voted = build.replica(next_probe_at=now), build.replica(next_probe_at=now)
    voted.node.locations.add(Location.objects.create(name="Paris", slug="paris"))
    wrong = now + ahead
    listening.find_silent(now=wrong)
    scheduling.claim_due_replicas(now=wrong)
    from_paris = Observation(voted.id, answered(voted, wrong).outcome, wrong, place="paris")
    recording.record(
        observations=[answered(plain, wrong), answered(voted, wrong), from_paris], now=wrong
    )

    listening.find_silent(now=now)

    assert sorted(scheduling.claim_due_replicas(now=now).replica_ids) == [plain.id, voted.id]
    later = now + SECOND
    for replica in Replica.objects.select_related("node"):
        assert replica.fresh_until is not None
        assert replica.fresh_until <= now + replica.node.fresh_for
    from_paris = Observation(voted.id, refused(voted, later).outcome, later, place="paris")
    recording.record(
        observations=[refused(plain, later), refused(voted, later), from_paris], now=later
    )
    assert set(Replica.objects.values_list("health", flat=True)) == {"dead"}
    plain.node.component.refresh_from_db()
    assert plain.node.component.status == "major_outage"


def test_a_clock_that_is_right_again_within_seconds_makes_no_burst(now: datetime) -> None:
    build.replica(next_probe_at=now)
    wrong = now + timedelta(seconds=20)
    listening.find_silent(now=wrong)
    scheduling.claim_due_replicas(now=wrong)

    listening.find_silent(now=now)

    assert not scheduling.claim_due_replicas(now=now)


def test_the_clock_of_another_host_brings_nothing_back(now: datetime) -> None:
    """Two that differ would make each other check everything every few seconds."""
    build.replica(next_probe_at=now)
    listening.find_silent(now=now)
    ahead = now + timedelta(minutes=5)
    scheduling.claim_due_replicas(now=ahead)
    Pulse.objects.filter(name="silence").update(at=ahead)  # as the other host leaves it

    listening.find_silent(now=now + SECOND)

    assert not scheduling.claim_due_replicas(now=now + SECOND)


def test_another_host_that_comes_first_hides_no_clock_that_was_set_back(now: datetime) -> None:
    replica = build.replica(next_probe_at=now)
    wrong = now + timedelta(hours=2)
    listening.find_silent(now=wrong)
    scheduling.claim_due_replicas(now=wrong)
    Pulse.objects.filter(name="silence").update(at=now)  # as the other host leaves it

    listening.find_silent(now=now + SECOND)

    assert scheduling.claim_due_replicas(now=now + SECOND).replica_ids == [replica.id]


def test_a_call_that_waited_for_a_busy_database_brings_nothing_back(now: datetime) -> None:
    replica = build.replica(next_probe_at=now)
    later = now + 18 * SECOND
    listening.find_silent(now=later)
    recording.record(observations=[answered(replica, later)], now=later)

    listening.find_silent(now=now)

    replica.refresh_from_db()
    assert replica.last_outcome_at == later


def test_clocks_of_hosts_that_are_gone_are_forgotten(now: datetime) -> None:
    Pulse.objects.create(name="clock-0123456789abcdef", at=now - timedelta(days=2))

    listening.find_silent(now=now)

    assert Pulse.objects.filter(name__startswith="clock-").count() == 1


def test_a_check_that_was_under_way_when_the_clock_was_set_back_is_dropped(now: datetime) -> None:
    """Dated ahead, it would win against every later one until the clock has caught up."""
    replica = build.replica(next_probe_at=now)
    wrong = now + timedelta(hours=1)
    listening.find_silent(now=wrong)
    recording.record(observations=[answered(replica, wrong)], now=wrong)
    listening.find_silent(now=now)

    recording.record(observations=[answered(replica, wrong + SECOND)], now=now + SECOND)
    later = now + 5 * SECOND
    recording.record(observations=[refused(replica, later)], now=later)

    replica.refresh_from_db()
    assert replica.health == "dead"
