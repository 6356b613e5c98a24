import threading
from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.db import connection

from monitoring import polling, scheduling
from monitoring.models import Replica
from tests import build, counting

pytestmark = pytest.mark.django_db


def test_a_due_replica_is_claimed_once_and_moves_to_its_next_slot(now: datetime) -> None:
    due = build.replica(
        next_probe_at=now - timedelta(seconds=1), last_outcome_at=now - timedelta(seconds=61)
    )
    build.replica(next_probe_at=now + timedelta(seconds=1))
    assert scheduling.claim_due_replicas(now=now).replica_ids == [due.id]
    assert scheduling.claim_due_replicas(now=now).replica_ids == []
    due.refresh_from_db()
    assert due.next_probe_at is not None
    assert now < due.next_probe_at <= now + timedelta(seconds=60)


@pytest.mark.req("C0")
def test_a_new_replica_is_checked_at_once_however_long_it_waited(now: datetime) -> None:
    replica = build.replica(next_probe_at=now - timedelta(hours=1))
    assert scheduling.claim_due_replicas(now=now).replica_ids == [replica.id]


def test_after_a_stop_everything_is_checked_at_once_and_then_in_its_slots_again(
    now: datetime,
) -> None:
    node = build.node(interval_s=60)
    stopped_at = now - timedelta(minutes=10)
    for _ in range(120):
        build.replica(node=node, next_probe_at=stopped_at, last_outcome_at=stopped_at)
    assert len(scheduling.claim_due_replicas(now=now).replica_ids) == 120
    assert scheduling.claim_due_replicas(now=now).replica_ids == [], "nothing is caught up"
    slots = Counter(Replica.objects.values_list("next_probe_at", flat=True))
    assert len(slots) == scheduling.SLOTS_AN_INTERVAL
    assert max(slots.values()) <= 30, "an even share is ten"


@pytest.mark.req("C0")
def test_after_a_pause_a_thousand_replicas_start_within_five_seconds(now: datetime) -> None:
    nodes = [build.node(interval_s=60) for _ in range(10)]
    Replica.objects.bulk_create(
        Replica(
            node=nodes[number % 10],
            address=f"http://192.0.2.1/{number}",
            next_probe_at=now - timedelta(seconds=number),
        )
        for number in range(1000)
    )
    starts = {}
    # One run of the dispatcher claims all; two batches run beside each other, whatever hangs.
    while batch := scheduling.claim_due_replicas(now=now):
        for number, replica_id in enumerate(batch.replica_ids):
            starts[replica_id] = now + timedelta(seconds=polling.start_after_s(number))
    assert len(starts) == 1000
    assert max(starts.values()) <= now + timedelta(seconds=1)
    assert len(set(starts.values())) == 50, "twenty milliseconds apart, no burst"


def test_slots_lie_one_interval_apart_and_spread_over_it(now: datetime) -> None:
    slot = scheduling.next_slot(7, 30, now)
    following = scheduling.next_slot(7, 30, slot + timedelta(milliseconds=1))
    assert abs((following - slot).total_seconds() - 30) < 0.01
    seconds = {int(scheduling.next_slot(n, 60, now).timestamp()) % 60 for n in range(1, 500)}
    assert seconds == set(range(0, 60, 5))
    assert len({scheduling.next_slot(n, 4, now) for n in range(1, 500)}) == 4, "a second at least"


def test_the_number_of_statements_does_not_grow_with_the_batch(now: datetime) -> None:
    counts = []
    for size in (3, 300):
        Replica.objects.all().delete()
        node = build.node()
        Replica.objects.bulk_create(
            [
                Replica(node=node, address=f"tcp://127.0.0.1:{n + 1}", next_probe_at=now)
                for n in range(size)
            ]
        )
        with counting.statements() as run:
            assert len(scheduling.claim_due_replicas(now=now).replica_ids) == size
        counts.append(len(run))
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_at_once_never_claim_the_same_replica(now: datetime) -> None:
    node = build.node()
    for _ in range(40):
        build.replica(node=node, next_probe_at=now)
    claimed: list[int] = []
    start = threading.Barrier(4)

    def dispatch() -> None:
        start.wait()
        try:
            while batch := scheduling.claim_due_replicas(now=now, limit=7).replica_ids:
                claimed.extend(batch)
        finally:
            connection.close()

    threads = [threading.Thread(target=dispatch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(set(claimed))
    remaining = Replica.objects.due(now=now).count()
    assert len(claimed) + remaining == 40
