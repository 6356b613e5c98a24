"""The one way an outcome enters: store it, judge it, and say what changed.

Called with whole waves of observations; the number of SQL statements does not depend on how many
there are. One transaction from the sample to the alert in the outbox.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction

from components.models import StatusChange
from monitoring import alerting, coverage, verdicts
from monitoring.models import HealthChange, Node, Replica, Sample
from monitoring.packing import Outcome
from monitoring.polling import Observation
from probing import health as health_rules
from probing.health import Health

_WRITTEN = [
    "health",
    "health_since",
    "checks_in_health",
    "last_outcome_at",
    "fresh_until",
    "latency_ms",
    "reason",
    "detail",
    "phases",
    "certificate_expires_at",
]
_SAMPLED = {
    None: Outcome.UNKNOWN,
    Health.HEALTHY: Outcome.HEALTHY,
    Health.SICK: Outcome.SICK,
    Health.DEAD: Outcome.DEAD,
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a wave changed."""

    health_changes: list[HealthChange]
    status_changes: list[StatusChange]


def record(*, observations: Sequence[Observation], now: datetime) -> Recorded:
    """Store a wave of observations, judge the replicas and claim what follows for their components.

    An observation older than the last one of its replica loses; one of a replica that was removed
    meanwhile is dropped. Inconclusive outcomes are kept as samples and change no health: the
    replica becomes unknown once nothing conclusive arrived in time (`coverage`).
    """
    coverage.note_gaps(now=now)
    with transaction.atomic():
        replicas = _locked({observation.replica_id for observation in observations})
        samples: list[Sample] = []
        changes: list[HealthChange] = []
        for observation in sorted(observations, key=lambda observation: observation.at):
            replica = replicas.get(observation.replica_id)
            if replica is None or (
                replica.last_outcome_at and observation.at <= replica.last_outcome_at
            ):
                continue
            health = observation.measured or health_rules.replica_health(
                observation.outcome, replica.node.thresholds
            )
            samples.append(_sample(observation, health))
            change = _apply(replica, observation, health, now)
            if change is not None:
                changes.append(change)
        _store(list(replicas.values()), samples, changes)
        status_changes = _say(changes, now) if changes else []
    return Recorded(changes, status_changes)


def _locked(replica_ids: set[int]) -> dict[int, Replica]:
    """The replicas by id, their rows held until the end of the transaction."""
    rows = (
        Replica.objects.filter(id__in=replica_ids)
        .select_for_update(of=("self",))
        .select_related("node__component__group")
        .order_by("id")
    )
    return {replica.id: replica for replica in rows}


def _sample(observation: Observation, health: Health | None) -> Sample:
    latency_ms = observation.outcome.latency_ms
    return Sample(
        replica_id=observation.replica_id,
        at=observation.at,
        latency_ms=None if latency_ms is None else round(latency_ms),
        outcome=_SAMPLED[health],
    )


def _apply(
    replica: Replica, observation: Observation, health: Health | None, now: datetime
) -> HealthChange | None:
    """Bring the replica up to date (not saved); the change of its health, if it is one."""
    outcome = observation.outcome
    replica.last_outcome_at = observation.at
    replica.reason, replica.detail = outcome.reason, outcome.detail
    replica.phases = {
        name: value for name, value in asdict(outcome.phases).items() if value is not None
    }
    if health is None:
        return None
    replica.latency_ms = outcome.latency_ms
    replica.fresh_until = observation.at + replica.node.fresh_for
    if outcome.certificate_expires_at is not None:
        replica.certificate_expires_at = outcome.certificate_expires_at
    if replica.health == health:
        replica.checks_in_health += 1
        return None
    change = HealthChange(
        replica=replica,
        previous=replica.health,
        health=health,
        at=observation.at,
        recorded_at=now,
        reason=outcome.reason,
        detail=outcome.detail,
        phases=replica.phases,
        attempts=outcome.attempts,
    )
    replica.health, replica.health_since, replica.checks_in_health = health, observation.at, 1
    return change


def _store(replicas: list[Replica], samples: list[Sample], changes: list[HealthChange]) -> None:
    Sample.objects.bulk_create(samples)
    HealthChange.objects.bulk_create(changes)
    # An upsert of locked, existing rows is one statement; bulk_update builds a CASE a column and
    # row, which took 20 times as long for 500 replicas.
    Replica.objects.bulk_create(
        replicas, update_conflicts=True, unique_fields=["id"], update_fields=_WRITTEN
    )


def _say(changes: list[HealthChange], now: datetime) -> list[StatusChange]:
    """Refresh what the monitors claim, and tell operators."""
    nodes: dict[int, Node] = {
        change.replica.node.component_id: change.replica.node for change in changes
    }
    status_changes = verdicts.refresh(
        component_ids=nodes,
        now=now,
        at={change.replica.node.component_id: change.at for change in changes},
        notes={
            change.replica.node.component_id: f"{change.replica.node.name}: {change.detail}"
            for change in changes
        },
    )
    alerting.tell_changes(changes=changes, now=now)
    return status_changes
