import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings

from components.models import Component
from monitoring import recording
from monitoring.models import Ballot, Blindness, HealthChange, Location, Node, Replica, Sample
from monitoring.polling import Observation
from probing.health import Health
from tests import build, counting
from tests.monitoring.observing import answered, inconclusive, refused

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
# What identifies a row, and where it hangs: different for twins.
_OWN = {"id", "uuid", "node_id", "replica_id", "address"}


def make_twins(chance: random.Random) -> tuple[list[Replica], list[Replica]]:
    """Twice the same replicas of nodes that differ in everything a verdict depends on."""
    paris, _ = Location.objects.get_or_create(name="Paris", slug="paris")
    first: list[Replica] = []
    second: list[Replica] = []
    for number in range(4):
        fields: dict[str, Any] = {
            "mode": "local" if number == 3 else "poll",
            "sick_after_s": 0.5,
            "dead_after_s": 1.5,
            "bad_checks": chance.randint(1, 3),
            "good_checks": chance.randint(1, 3),
            "interval_s": chance.choice([7, 60]),
            "retries": chance.randint(0, 2),
        }
        for replicas in (first, second):
            node = build.node(**fields)
            if number == 2:
                node.locations.add(paris)
            replicas += [build.replica(node=node) for _ in range(2)]
    return first, second


def make_observation(chance: random.Random, replica: Replica, at: datetime) -> Observation:
    slow = answered(replica, at, latency_ms=chance.choice([80.25, 499.9, 500.0, 900.0, 1500.0]))
    expiry = datetime(2027, 1, chance.randint(1, 28), tzinfo=UTC)
    unusual = [
        inconclusive(replica, at),
        refused(replica, at),
        replace(refused(replica, at), silent_share=0.5),
        answered(replica, at - 90 * SECOND),
        slow,
        replace(slow, measured=chance.choice(list(Health))),
        replace(slow, place="paris"),
        replace(slow, outcome=replace(slow.outcome, certificate_expires_at=expiry)),
    ]
    return chance.choice([answered(replica, at)] * 6 + unusual)


def told(replicas: list[Replica]) -> list[Any]:
    """Everything stored of these replicas and their components, without what tells twins apart."""
    ids = [replica.id for replica in replicas]
    nodes = Node.objects.filter(replicas__in=ids)
    found: list[Any] = list(
        Component.objects.filter(nodes__in=nodes).distinct().order_by("id").values_list("status")
    )
    tables: list[tuple[str, list[dict[str, Any]]]] = [
        ("id", [dict(row) for row in Replica.objects.values()]),
        ("replica_id", [dict(row) for row in Sample.objects.values()]),
        ("replica_id", [dict(row) for row in HealthChange.objects.values()]),
        ("replica_id", [dict(row) for row in Ballot.objects.values()]),
    ]
    for key, rows in tables:
        mine = [row for row in rows if row[key] in ids]
        found.append(
            sorted(
                str((ids.index(row[key]), {k: v for k, v in row.items() if k not in _OWN}))
                for row in mine
            )
        )
    return found


@pytest.mark.parametrize("seed", range(max(2, settings().max_examples // 30)))
def test_the_quick_way_stores_exactly_what_the_long_way_stores(seed: int, now: datetime) -> None:
    chance = random.Random(seed)
    first, second = make_twins(chance)
    for step in range(15):
        at = now + timedelta(seconds=step * 7, microseconds=chance.randrange(10**6))
        wave = chance.choices(range(len(first)), k=chance.randint(1, 10))
        pairs = []
        for number in wave:
            observation = make_observation(chance, first[number], at)
            pairs.append((observation, replace(observation, replica_id=second[number].id)))
        if chance.random() < 0.1:
            Blindness.objects.all().delete() or Blindness.objects.create(started_at=at)
        blind_before = list(Blindness.objects.values())
        recording.record(observations=[pair[0] for pair in pairs], now=at)
        Blindness.objects.exclude(id__in=[row["id"] for row in blind_before]).delete()
        recording.record_each(observations=[pair[1] for pair in pairs], now=at)
        assert told(first) == told(second), f"step {step}"


def test_a_wave_that_changes_nothing_takes_the_quick_way_however_large_it_is(now: datetime) -> None:
    node = build.node()
    replicas = [build.replica(node=node) for _ in range(30)]
    recording.record(observations=[answered(replica, now) for replica in replicas], now=now)
    later = now + SECOND
    with counting.statements() as counted:
        recording.record(observations=[answered(replica, later) for replica in replicas], now=later)
    written = [sql for sql in counted if "INSERT" in sql or ("UPDATE" in sql and "SET" in sql)]
    assert len(written) == 2
    assert len(counted) <= 7
    assert set(Replica.objects.values_list("checks_in_health", "last_outcome_at")) == {(2, later)}
    assert Sample.objects.filter(at=later).count() == 30


def test_a_check_that_agrees_ends_a_streak_on_the_quick_way_too(now: datetime) -> None:
    replica = build.replica(node=build.node(bad_checks=2))
    made = [answered, refused, answered, refused]
    for number, make in enumerate(made):
        at = now + number * SECOND
        recording.record(observations=[make(replica, at)], now=at)
    replica.refresh_from_db()
    assert (replica.health, replica.streak) == ("healthy", 1)
