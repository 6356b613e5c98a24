"""Counters of checks: they only grow, whatever is packed and deleted."""

from datetime import datetime, timedelta

import pytest

from monitoring import retention, totals
from monitoring.models import CheckTotal, Replica, Sample
from monitoring.packing import Outcome
from tests import build

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def sample(replica: Replica, at: datetime, latency_ms: int | None, outcome: Outcome) -> None:
    Sample.objects.create(replica=replica, at=at, latency_ms=latency_ms, outcome=outcome)


def test_counters_are_the_same_before_and_after_packing_and_forgetting(now: datetime) -> None:
    replica = build.replica()
    for minute, latency_ms in enumerate([4, 5, 6, 250, 40_000]):
        sample(replica, now - 40 * MINUTE + minute * MINUTE, latency_ms, Outcome.HEALTHY)
    sample(replica, now - 38 * MINUTE, None, Outcome.DEAD)
    before = totals.read()

    while retention.pack_finished_quarter(now=now):
        pass
    assert not Sample.objects.exists()
    retention.forget(now=now + timedelta(days=4000))
    replica.delete()

    assert totals.read() == before
    healthy = before[Outcome.HEALTHY]
    assert (healthy.count, healthy.timed, healthy.seconds) == (5, 5, 40.265)
    assert healthy.buckets == (2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4)
    dead = before[Outcome.DEAD]
    assert (dead.count, dead.timed) == (1, 0)


def test_packed_and_fresh_checks_count_together(now: datetime) -> None:
    replica = build.replica()
    sample(replica, now - 40 * MINUTE, 20, Outcome.SICK)
    while retention.pack_finished_quarter(now=now):
        pass
    sample(replica, now, 20, Outcome.SICK)

    assert CheckTotal.objects.get(outcome=Outcome.SICK).count == 1
    assert totals.read()[Outcome.SICK].count == 2
    assert totals.read()[Outcome.HEALTHY].count == 0
