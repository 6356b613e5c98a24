"""Replaying what was stored finds what was recorded, and says what other settings would have made."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring import backtest, blindness, coverage, recording, replaying, retention
from monitoring.models import HealthChange, Location, Node, Replica
from monitoring.polling import Observation
from monitoring.replaying import Change, Outage
from probing.health import Health
from tests import build
from tests.monitoring.observing import answered, inconclusive, refused

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 19, 14, 0, tzinfo=build.LONG_AGO.tzinfo)
Check = tuple[int, str, int]  # ms since the one before, place, latency in ms (-1 none, -2 not run)

checks = st.lists(
    st.tuples(
        st.integers(150, 400_000),
        st.sampled_from(["", "paris", "tokyo"]),
        st.sampled_from([-2, -1, -1, 80, 80, 80, 499, 500, 2500, 9000]),
    ),
    max_size=40,
)


def undone(trial: Callable[[], None]) -> None:
    """Run the trial and take back all that it stored: hypothesis runs many in one test."""
    with transaction.atomic():
        trial()
        transaction.set_rollback(True)


def measure(replica: Replica, found: list[Check]) -> datetime:
    """Record these checks one by one through the real recording; when the last one was."""
    at = START
    for after_ms, place, latency_ms in found:
        at += timedelta(milliseconds=after_ms)
        made = {-1: refused, -2: inconclusive}.get(latency_ms)
        observation = made(replica, at) if made else answered(replica, at, float(latency_ms) + 0.7)
        observation = Observation(replica.id, observation.outcome, at, place=place)
        recording.record(observations=[observation], now=at)
    return at


def recorded(replica: Replica) -> list[Change]:
    rows = HealthChange.objects.filter(replica=replica).order_by("at", "id")
    return [
        Change(
            row.at,
            Health(row.previous) if row.previous else None,
            Health(row.health) if row.health else None,
        )
        for row in rows
    ]


def replayed(replica: Replica, until: datetime, **trial: Any) -> list[Change]:
    node = Node.objects.get(id=replica.node_id)
    result = backtest.run(node=node, days=1, now=until, **trial)
    return list(result.replicas[0].replayed)


def options(bad: int, good: int, quorum: int | None = None) -> dict[str, Any]:
    return {
        "interval_s": 30,
        "retries": 0,
        "sick_after_s": 0.5,
        "dead_after_s": 2.5,
        "bad_checks": bad,
        "good_checks": good,
        "quorum": quorum,
    }


@settings(
    max_examples=settings().max_examples // 6,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(checks, st.integers(1, 3), st.integers(1, 3), st.booleans())
def test_a_replay_with_the_live_settings_finds_the_recorded_changes(
    found: list[Check], bad: int, good: int, is_packed: bool
) -> None:
    def trial() -> None:
        replica = build.replica(node=build.node(**options(bad, good)))
        end = measure(replica, [(after, "", ms) for after, _, ms in found])
        end += timedelta(minutes=5)
        coverage.note_gaps(now=end)
        while is_packed and retention.pack_finished_quarter(now=end):
            pass
        assert replayed(replica, end) == recorded(replica)

    undone(trial)


@settings(
    max_examples=settings().max_examples // 6,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(checks, st.integers(1, 2), st.integers(1, 2), st.sampled_from([None, 1, 2, 3]))
def test_a_replay_of_several_places_finds_the_recorded_changes(
    found: list[Check], bad: int, good: int, quorum: int | None
) -> None:
    def trial() -> None:
        node = build.node(**options(bad, good, quorum))
        node.locations.set(
            [Location.objects.create(name=name, slug=name.lower()) for name in ("Paris", "Tokyo")]
        )
        replica = build.replica(node=node)
        end = measure(replica, found) + timedelta(minutes=5)
        coverage.note_gaps(now=end)
        while retention.pack_finished_quarter(now=end):
            pass
        assert replayed(replica, end) == recorded(replica)

    undone(trial)


def test_a_blind_stretch_is_replayed_as_it_was(now: datetime) -> None:
    replica = build.replica(node=build.node(**options(1, 1)), address="tcp://192.0.2.7:80")
    recording.record(observations=[answered(replica, now)], now=now)
    blindness.begin(at=now + timedelta(seconds=20), now=now + timedelta(seconds=20))
    for minute in (1, 2, 3, 4, 5, 6):
        at = now + timedelta(minutes=minute)
        recording.record(observations=[refused(replica, at)], now=at)
    end = now + timedelta(minutes=7)
    assert not blindness.note_round(is_good=True, now=end)
    assert blindness.note_round(is_good=True, now=end)
    later = end + timedelta(seconds=80)
    recording.record(observations=[answered(replica, later)], now=later)
    last = later + timedelta(minutes=10)
    coverage.note_gaps(now=last)
    changes = recorded(replica)
    assert [change.health for change in changes] == ["healthy", None]
    assert replayed(replica, last) == changes


def test_a_stricter_or_milder_setting_shows_other_outages_and_alerts() -> None:
    replica = build.replica(node=build.node(**options(1, 1)))
    minute = 30_000
    found = [(minute, "", ms) for ms in [80, -1, 80, -1, -1, 80, 700, 80]]
    end = measure(replica, found)
    node = Node.objects.get(id=replica.node_id)

    live = backtest.run(node=node, days=1, now=end)
    assert (live.recorded_alerts, live.replayed_alerts) == (4, 4)
    damped = backtest.run(node=node, days=1, now=end, bad_checks=2)
    assert (damped.recorded_alerts, damped.replayed_alerts) == (4, 2)
    (outage,) = damped.replicas[0].replayed_outages
    at = START + timedelta(milliseconds=5 * minute)
    assert outage == Outage(at, at + timedelta(milliseconds=minute))
    assert len(damped.replicas[0].recorded_outages) == 2
    strict = backtest.run(node=node, days=1, now=end, sick_after_s=0.1, dead_after_s=0.6)
    assert strict.replayed_alerts == 6


def test_an_unknown_stretch_is_neither_a_death_nor_a_recovery() -> None:
    at = [START + timedelta(minutes=minute) for minute in range(5)]
    changes = [
        Change(at[0], None, Health.DEAD),
        Change(at[1], Health.DEAD, None),
        Change(at[2], None, Health.DEAD),
        Change(at[3], Health.DEAD, Health.SICK),
    ]
    assert replaying.alerts(changes) == 2
    assert replaying.outages(changes) == [Outage(at[0], at[1]), Outage(at[2], at[3])]
