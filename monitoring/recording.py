"""The one way an outcome enters: store it, judge it, and say what changed.

Called with whole waves of observations; the number of SQL statements does not depend on how many
there are. One transaction from the sample to the alert in the outbox.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from common import rows
from components.models import StatusChange
from monitoring import (
    alerting,
    ballots,
    blindness,
    coverage,
    evidence,
    findings,
    judging,
    page_health,
    steady,
)
from monitoring import verdicts as claiming
from monitoring.ballots import Booth
from monitoring.judging import Limits, Verdict, Vote
from monitoring.models import Blindness, HealthChange, Mode, Node, Replica, Sample
from monitoring.polling import Observation
from probing.health import Health

_WRITTEN = [
    "id",
    "health",
    "health_since",
    "checks_in_health",
    "last_outcome_at",
    "fresh_until",
    "first_healthy_at",
    "latency_ms",
    "streak_health",
    "streak",
    "streak_far",
    "reason",
    "detail",
    "phases",
    "certificate_expires_at",
]

# Further ahead of us no check ends: the clock was set back while it ran (`clock_steps`).
_AHEAD = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a wave changed."""

    health_changes: list[HealthChange]
    status_changes: list[StatusChange]


@dataclass(slots=True)
class _Wave:
    """A wave while it is recorded: the rows to write, and what they are judged by."""

    now: datetime
    replicas: dict[int, Replica]
    booth: Booth | None
    samples: list[rows.Row]
    changes: list[HealthChange]
    limits: dict[int, Limits]


def record(*, observations: Sequence[Observation], now: datetime) -> Recorded:
    """Store a wave of observations, judge the replicas and claim what follows for their components.

    An observation older than the last one of its replica and place loses; one of a replica that was
    removed or pointed elsewhere meanwhile is dropped, and one from a place that has no vote, or from
    before the clock was set back. Inconclusive outcomes are kept as samples and change no health: the
    replica becomes unknown once nothing conclusive arrived in time (`coverage`). Times are kept in
    tenths of a second, as samples are.
    """
    coverage.note_gaps(now=now)
    observations = [item for item in observations if item.at <= now + _AHEAD]
    with transaction.atomic():
        others = steady.store(observations=observations)
        return record_each(observations=others, now=now) if others else Recorded([], [])


def record_each(*, observations: Sequence[Observation], now: datetime) -> Recorded:
    """The long way of `record`: for outcomes that change something, and good for all others."""
    with transaction.atomic():
        replicas = _locked({observation.replica_id for observation in observations})
        observations = [item for item in observations if _is_meant(item, replicas)]
        observations = blindness.weigh(observations=observations, replicas=replicas, now=now)
        booth = ballots.load(replicas=replicas.values())
        wave = _Wave(now, replicas, booth, [], [], {})
        for observation in sorted(observations, key=lambda observation: observation.at):
            _take(wave, replicas[observation.replica_id], observation)
        _store(wave)
        status_changes = _say(wave.changes, now) if wave.changes else []
    return Recorded(wave.changes, status_changes)


def _locked(replica_ids: set[int]) -> dict[int, Replica]:
    """The replicas by id, their rows held until the end of the transaction.

    Each knows whether others vote on it and whether we are blind, at no statement of its own.
    """
    locations = Node.locations.through.objects.filter(node_id=OuterRef("node_id"))
    found = (
        Replica.objects.filter(id__in=replica_ids)
        .select_for_update(of=("self",))
        .select_related("node__component__group")
        .annotate(
            has_places=Exists(locations),
            is_blind=Exists(Blindness.objects.filter(is_open=True)),
        )
        .order_by("id")
    )
    return {replica.id: replica for replica in found}


def _is_meant(observation: Observation, replicas: Mapping[int, Replica]) -> bool:
    replica = replicas.get(observation.replica_id)
    return replica is not None and findings.is_meant(
        observation, address=replica.address, mode=Mode(replica.node.mode)
    )


def _take(wave: _Wave, replica: Replica, observation: Observation) -> None:
    """Bring the replica up to date with one observation (not saved)."""
    at = findings.tenths(observation.at)
    booth = wave.booth if wave.booth and replica.id in wave.booth.votes else None
    if booth is not None and observation.place not in booth.places(replica.node):
        return
    if booth is None and observation.place and not Mode(replica.node.mode).is_reported:
        return
    heard_at = replica.last_outcome_at
    if booth is not None:
        heard_at = booth.last_heard(replica, observation.place)
    if heard_at is not None and at <= heard_at:
        return
    limits = wave.limits.get(replica.node_id) or findings.limits_of(replica.node)
    wave.limits[replica.node_id] = limits
    found, latency_ms = findings.found(observation, limits)
    wave.samples.append(
        {
            "replica_id": replica.id,
            "at": at,
            "latency_ms": latency_ms,
            "outcome": findings.SAMPLED[found].value,
            "place": observation.place if booth is not None else "",
        }
    )
    if booth is None or observation.place == "" or not replica.node.is_polled_centrally:
        _show(replica, observation)
    replica.last_outcome_at = max(at, replica.last_outcome_at or at)
    if found is None:
        return
    if booth is None:
        change = _judge(wave, replica, observation, at=at, found=found, latency_ms=latency_ms)
    else:
        change = _poll(wave, booth, replica, observation, at=at, found=found)
    if change is not None:
        wave.changes.append(change)


def _show(replica: Replica, observation: Observation) -> None:
    """What the console shows of the latest check."""
    outcome = observation.outcome
    replica.reason, replica.detail = outcome.reason, outcome.detail
    replica.phases = findings.phases(outcome.phases)
    if outcome.reachable is None and observation.measured is None:
        return
    replica.latency_ms = outcome.latency_ms
    if outcome.certificate_expires_at is not None:
        replica.certificate_expires_at = outcome.certificate_expires_at


def _judge(
    wave: _Wave,
    replica: Replica,
    observation: Observation,
    *,
    at: datetime,
    found: Health,
    latency_ms: int | None,
) -> HealthChange | None:
    """Judge a replica that is checked from one place; the change of its health, if it is one."""
    limits = wave.limits[replica.node_id]
    previous = replica.measured
    health, streak = judging.damp(
        health=previous, streak=ballots.streak_of(replica), found=found, limits=limits
    )
    ballots.put_streak(replica, streak)
    replica.fresh_until = at + replica.node.fresh_for
    if health is None or health is previous:
        replica.checks_in_health += 1
        return None
    verdict = judging.explain_checks(
        previous=previous,
        health=health,
        limits=limits,
        latency_ms=latency_ms,
        reason=observation.outcome.reason,
        attempts=observation.outcome.attempts,
    )
    return _change(wave, replica, observation, at=at, verdict=verdict)


def _poll(
    wave: _Wave,
    booth: Booth,
    replica: Replica,
    observation: Observation,
    *,
    at: datetime,
    found: Health,
) -> HealthChange | None:
    """Count the places' votes on a replica; the change of its health, if it is one."""
    limits = wave.limits[replica.node_id]
    places = booth.places(replica.node)
    vote = judging.cast(
        vote=booth.votes[replica.id].get(observation.place),
        place=observation.place,
        name=places[observation.place],
        found=found,
        at=at,
        fresh_for=replica.node.fresh_for,
        limits=limits,
    )
    votes: list[Vote] = booth.cast(replica, vote, observation)
    replica.fresh_until = max(vote.fresh_until for vote in votes)
    health = judging.count(votes, at=at, places=len(places), limits=limits)
    if health is None or health is replica.measured:
        replica.checks_in_health += 1
        return None
    verdict = judging.explain_count(votes, health=health, at=at, places=len(places), limits=limits)
    return _change(wave, replica, observation, at=at, verdict=verdict)


def _change(
    wave: _Wave, replica: Replica, observation: Observation, *, at: datetime, verdict: Verdict
) -> HealthChange:
    """Apply the verdict to the replica (not saved)."""
    outcome = observation.outcome
    # Places are heard out of turn: a change never lies before the one it follows.
    at = max(at, replica.health_since) if replica.health and replica.health_since else at
    change = HealthChange(
        replica=replica,
        previous=replica.health,
        health=verdict.health,
        at=at,
        recorded_at=wave.now,
        reason=outcome.reason,
        detail=outcome.detail,
        phases=replica.phases,
        attempts=outcome.attempts,
    )
    change.verdict = verdict.as_json()
    replica.health, replica.health_since, replica.checks_in_health = verdict.health, at, 1
    if verdict.health is Health.HEALTHY and replica.first_healthy_at is None:
        replica.first_healthy_at = at
    return change


def _store(wave: _Wave) -> None:
    rows.insert(Sample, wave.samples)
    if wave.changes:
        evidence.attach(changes=wave.changes)
    HealthChange.objects.bulk_create(wave.changes)
    rows.update(
        Replica,
        [{name: getattr(row, name) for name in _WRITTEN} for row in wave.replicas.values()],
    )
    if wave.booth is not None:
        wave.booth.store()


def _say(changes: list[HealthChange], now: datetime) -> list[StatusChange]:
    """Refresh what the monitors claim, and tell operators and the receivers of the page's health."""
    nodes: dict[int, Node] = {
        change.replica.node.component_id: change.replica.node for change in changes
    }
    status_changes = claiming.refresh(
        component_ids=nodes,
        now=now,
        at={change.replica.node.component_id: change.at for change in changes},
        notes={
            change.replica.node.component_id: f"{change.replica.node.name}: {change.detail}"
            for change in changes
        },
    )
    alerting.tell_changes(changes=changes, now=now)
    page_health.note(now=now)
    return status_changes
