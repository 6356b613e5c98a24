import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection

from components import claims
from components.models import Component, Page, StatusChange
from components.status import Status
from monitoring import inventory, recording
from monitoring.models import HealthChange, Node, Replica, Sample
from monitoring.polling import Observation
from tests import build, counting
from tests.monitoring.observing import answered, inconclusive, refused

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def status_of(component: Component) -> str:
    return Component.objects.get(id=component.id).status


@pytest.mark.req("E1", "E2", "C0")
def test_a_refused_replica_turns_dead_and_its_component_with_it(now: datetime) -> None:
    replica = build.replica()
    recording.record(observations=[answered(replica, now)], now=now)
    recorded = recording.record(observations=[refused(replica, now + SECOND)], now=now + SECOND)

    (change,) = recorded.health_changes
    assert (change.previous, change.health, change.reason) == ("healthy", "dead", "refused")
    assert change.phases == {"dns_ms": 1.0, "connect_ms": 0.4}
    assert status_of(replica.node.component) == Status.MAJOR_OUTAGE
    (shown,) = recorded.status_changes
    assert (shown.previous, shown.status, shown.cause) == ("operational", "major_outage", "monitor")
    replica.refresh_from_db()
    assert (replica.health, replica.health_since, replica.checks_in_health) == (
        "dead",
        now + SECOND,
        1,
    )


@pytest.mark.req("D3", "E2")
def test_a_slow_answer_is_sick_and_degrades_the_component(now: datetime) -> None:
    replica = build.replica(node=build.node(sick_after_s=0.5, dead_after_s=2))
    recording.record(observations=[answered(replica, now, latency_ms=500.0)], now=now)
    replica.refresh_from_db()
    assert replica.health == "sick"
    assert status_of(replica.node.component) == Status.DEGRADED_PERFORMANCE


@pytest.mark.req("B2")
def test_one_dead_replica_of_three_is_a_partial_outage_and_all_three_a_major_one(
    now: datetime,
) -> None:
    node = build.node()
    replicas = [build.replica(node=node) for _ in range(3)]
    recording.record(observations=[answered(replica, now) for replica in replicas], now=now)
    recording.record(observations=[refused(replicas[0], now + SECOND)], now=now + SECOND)
    assert status_of(node.component) == Status.PARTIAL_OUTAGE
    later = now + 2 * SECOND
    recording.record(observations=[refused(replica, later) for replica in replicas[1:]], now=later)
    assert status_of(node.component) == Status.MAJOR_OUTAGE


def test_an_older_outcome_than_the_last_one_loses(now: datetime) -> None:
    replica = build.replica()
    recording.record(observations=[answered(replica, now)], now=now)
    recording.record(observations=[refused(replica, now - SECOND)], now=now + SECOND)
    replica.refresh_from_db()
    assert replica.health == "healthy"
    assert Sample.objects.count() == 1


def test_a_probe_that_could_not_run_changes_no_health(now: datetime) -> None:
    replica = build.replica()
    recording.record(observations=[answered(replica, now)], now=now)
    recording.record(observations=[inconclusive(replica, now + SECOND)], now=now + SECOND)
    replica.refresh_from_db()
    assert (replica.health, replica.reason) == ("healthy", "own_network")
    assert replica.fresh_until == now + replica.node.fresh_for
    assert list(Sample.objects.order_by("at").values_list("outcome", flat=True)) == [0, 3]


def test_a_replica_removed_while_it_was_checked_stays_removed(now: datetime) -> None:
    replica = build.replica()
    observation = answered(replica, now)
    inventory.remove_replica(replica=replica, now=now)
    recording.record(observations=[observation], now=now)
    assert not Replica.objects.exists()
    assert not Sample.objects.exists()


@pytest.mark.req("D8")
def test_a_changed_threshold_judges_the_next_outcome(now: datetime) -> None:
    replica = build.replica(node=build.node(sick_after_s=5, dead_after_s=10))
    recording.record(observations=[answered(replica, now, latency_ms=900)], now=now)
    inventory.change_node(node=replica.node, now=now, sick_after_s=0.5)
    recording.record(
        observations=[answered(replica, now + SECOND, latency_ms=900)], now=now + SECOND
    )
    replica.refresh_from_db()
    assert replica.health == "sick"


def test_a_component_set_by_hand_ignores_its_monitors(now: datetime) -> None:
    replica = build.replica()
    component = replica.node.component
    claims.hold_by_hand(component=component, held=Status.OPERATIONAL, now=now)
    recording.record(observations=[refused(replica, now)], now=now)
    assert status_of(component) == Status.OPERATIONAL
    claims.follow_monitors(component=component, now=now + SECOND)
    assert status_of(component) == Status.MAJOR_OUTAGE


def test_an_outcome_after_a_gap_leaves_the_gap_unknown(now: datetime) -> None:
    replica = build.replica(node=build.node(interval_s=60, retries=0, dead_after_s=10))
    recording.record(observations=[answered(replica, now)], now=now)
    later = now + timedelta(minutes=30)
    recording.record(observations=[answered(replica, later)], now=later)
    changes = StatusChange.objects.filter(component=replica.node.component, at__gte=now).order_by(
        "at", "id"
    )
    fresh_until = now + timedelta(seconds=3 * 60 + 10)
    assert [(change.status, change.at) for change in changes] == [
        ("unknown", fresh_until),
        ("operational", later),
    ]


def test_a_visible_change_marks_the_page_dirty_and_an_unchanged_outcome_does_not(
    now: datetime,
) -> None:
    replica = build.replica()
    recording.record(observations=[answered(replica, now)], now=now)
    before = Page.objects.get().revision
    recording.record(observations=[answered(replica, now + SECOND)], now=now + SECOND)
    assert Page.objects.get().revision == before
    recording.record(observations=[refused(replica, now + 2 * SECOND)], now=now + 2 * SECOND)
    assert Page.objects.get().revision > before


def test_the_number_of_statements_does_not_grow_with_the_wave(now: datetime) -> None:
    counts = []
    for size in (2, 400):
        now += timedelta(hours=1)
        Node.objects.all().delete()
        node = build.node()
        replicas = Replica.objects.bulk_create(
            [Replica(node=node, address=f"tcp://127.0.0.1:{n + 1}") for n in range(size)]
        )
        recording.record(observations=[answered(replica, now) for replica in replicas], now=now)
        with counting.statements() as run:
            recording.record(
                observations=[refused(replica, now + SECOND) for replica in replicas],
                now=now + SECOND,
            )
        counts.append(len(run))
        assert HealthChange.objects.filter(health="dead").count() == size
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_two_recorders_of_one_component_agree_on_the_worst(now: datetime) -> None:
    node = build.node()
    replicas = [build.replica(node=node) for _ in range(2)]
    for replica in replicas:
        recording.record(observations=[answered(replica, now)], now=now)
    start = threading.Barrier(2)

    def record(observation: Observation) -> None:
        start.wait()
        try:
            recording.record(observations=[observation], now=now + SECOND)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=record, args=[refused(replica, now + SECOND)])
        for replica in replicas
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert status_of(node.component) == Status.MAJOR_OUTAGE
