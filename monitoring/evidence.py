"""The checks that a health change rests on: read when it is made, and what is told of it later."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import F

from monitoring.models import HealthChange, Replica, Sample
from monitoring.packing import Outcome

_KEPT = 12
_WORDS = {
    Outcome.HEALTHY: "healthy",
    Outcome.SICK: "sick",
    Outcome.DEAD: "dead",
    Outcome.UNKNOWN: "unknown",
}


def attach(*, changes: Sequence[HealthChange]) -> None:
    """Add the last samples to the verdicts of these changes (not saved), in one statement.

    Call after the samples of the wave are stored. Samples older than a quarter hour are packed and
    not looked for.
    """
    since = min(change.at - _reach(change) for change in changes)
    samples: dict[int, list[tuple[datetime, int | None, int, str]]] = defaultdict(list)
    rows = Sample.objects.filter(
        at__gte=since, replica_id__in={change.replica_id for change in changes}
    ).order_by("at")
    for replica_id, *sample in rows.values_list(
        "replica_id", "at", "latency_ms", "outcome", "place"
    ):
        samples[replica_id].append(tuple(sample))  # type: ignore[arg-type]
    for change in changes:
        seen = [sample for sample in samples[change.replica_id] if sample[0] <= change.at]
        change.verdict["samples"] = [
            [at.isoformat(), latency_ms, _WORDS[Outcome(outcome)], place]
            for at, latency_ms, outcome, place in seen[-_KEPT:]
        ]


def sentences(*, replicas: Collection[Replica]) -> Mapping[int, str]:
    """Why each of these replicas has the health it has, in one sentence, by replica; one statement.

    Only for what is not healthy: health needs no reason.
    """
    ailing = [replica.pk for replica in replicas if replica.health not in {None, "healthy"}]
    if not ailing:
        return {}
    rows = HealthChange.objects.filter(
        replica_id__in=ailing, at=F("replica__health_since"), health=F("replica__health")
    ).order_by("id")
    return {
        replica_id: verdict["sentence"]
        for replica_id, verdict in rows.values_list("replica_id", "verdict")
        if verdict.get("sentence")
    }


def _reach(change: HealthChange) -> timedelta:
    node = change.replica.node
    checks = max(node.bad_checks, node.good_checks, 3)
    return timedelta(seconds=min(checks * node.interval_s, 900))
