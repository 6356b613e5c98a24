"""The quick way for outcomes that leave a replica as healthy, sick or dead as it is: most of them.

They change nothing that anybody is told, so no object is made of a replica, and a whole wave is
written in two statements. Whatever might be more goes the long way (`recording`), which would store
exactly the same of these, too: the tests hold one against the other.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from common import rows
from monitoring import findings
from monitoring.judging import Limits
from monitoring.models import Blindness, Mode, Node, Replica, Sample
from monitoring.polling import Observation


class _Known(NamedTuple):
    """What of a replica's row the judgement and the new row need."""

    node_id: int
    address: str
    health: str | None
    last_outcome_at: datetime | None
    checks_in_health: int
    certificate_expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Judge:
    """What a node says of its replicas' outcomes."""

    limits: Limits
    fresh_for: timedelta
    mode: Mode


def store(*, observations: Sequence[Observation]) -> Sequence[Observation]:
    """Store the observations that change no health; returns the others, in their order.

    Call it in the transaction that stores those: the rows of all their replicas are held.
    """
    if any(observation.silent_share for observation in observations):
        return observations  # perhaps our own network: then no outcome means what it says
    times = Counter(observation.replica_id for observation in observations)
    known = _held(times)
    judges = _judges({row.node_id for row in known.values()})
    updates: list[rows.Row] = []
    samples: list[rows.Row] = []
    others = []
    for observation in observations:
        row = known.get(observation.replica_id)
        judge = judges.get(row.node_id) if row else None
        is_alone = times[observation.replica_id] == 1 and not observation.place
        written = _written(observation, row, judge) if row and judge and is_alone else None
        if written is None:
            others.append(observation)
        else:
            updates.append(written[0])
            samples.append(written[1])
    rows.update(Replica, updates)
    rows.insert(Sample, samples)
    return others


def _held(replica_ids: Collection[int]) -> dict[int, _Known]:
    """What is known of these replicas by id, their rows held until the end of the transaction."""
    found = Replica.objects.filter(id__in=replica_ids).select_for_update().order_by("id")
    return {
        replica_id: _Known(*values)
        for replica_id, *values in found.values_list("id", *_Known._fields)
    }


def _judges(node_ids: Collection[int]) -> dict[int, _Judge]:
    """The nodes' limits, without nodes on which several places vote; none at all while we are blind."""
    places = Node.locations.through.objects.filter(node_id=OuterRef("id"))
    found = Node.objects.filter(
        ~Exists(places), ~Exists(Blindness.objects.filter(is_open=True)), id__in=node_ids
    ).only(
        "mode",
        "interval_s",
        "sick_after_s",
        "dead_after_s",
        "bad_checks",
        "good_checks",
        "quorum",
        "retries",
    )
    return {node.id: _judge(node) for node in found}


def _judge(node: Node) -> _Judge:
    return _Judge(findings.limits_of(node), node.fresh_for, Mode(node.mode))


def _written(
    observation: Observation, row: _Known, judge: _Judge
) -> tuple[rows.Row, rows.Row] | None:
    """The replica's new columns and the sample; None when its health may change or it is too old."""
    found, latency_ms = findings.found(observation, judge.limits)
    at = findings.tenths(observation.at)
    is_next = row.last_outcome_at is None or at > row.last_outcome_at
    is_meant = findings.is_meant(observation, address=row.address, mode=judge.mode)
    if found is None or found != row.health or not (is_next and is_meant):
        return None
    outcome = observation.outcome
    update = {
        "id": observation.replica_id,
        "last_outcome_at": at,
        "fresh_until": at + judge.fresh_for,
        "checks_in_health": row.checks_in_health + 1,
        "streak_health": "",  # a check that agrees ends every streak (`judging.damp`)
        "streak": 0,
        "streak_far": 0,
        "latency_ms": outcome.latency_ms,
        "reason": outcome.reason.value,
        "detail": outcome.detail,
        "phases": findings.phases(outcome.phases),
        "certificate_expires_at": outcome.certificate_expires_at or row.certificate_expires_at,
    }
    sample = {
        "replica_id": observation.replica_id,
        "at": at,
        "latency_ms": latency_ms,
        "outcome": findings.SAMPLED[found].value,
        "place": "",
    }
    return update, sample
