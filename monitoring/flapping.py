"""Replicas that change between dead and alive again and again: operators hear of a pair of death and
recovery once in ten minutes, and how many changes that stands for (reliability F-33).

Called by `alerting`. The state that is left when it calms down is always told.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from monitoring.models import HealthChange, Replica
from probing.health import Health

PAIR_EVERY = timedelta(minutes=10)
_ALIVE = [Health.HEALTHY, Health.SICK]


def held(now: datetime) -> Q:
    """Replicas whose next death waits, because their last one was told a moment ago."""
    return Q(alerted_at__gt=now - PAIR_EVERY)


def fold(*, changes: Sequence[HealthChange], now: datetime) -> None:
    """Count the changes that nobody is told of for themselves; before anything is told of them."""
    counts = Counter(
        change.replica_id
        for change in changes
        if Health.DEAD in {change.previous, change.health} and change.previous is not None
    )
    for count in set(counts.values()):
        ids = [replica_id for replica_id, times in counts.items() if times == count]
        Replica.objects.filter(
            held(now) | Q(flaps__gt=0), id__in=ids, dead_told_at__isnull=True
        ).update(flaps=F("flaps") + count, flapped_at=now)


def settled(now: datetime) -> QuerySet[Replica]:
    """Replicas that are alive after changes that were folded, ripe to be told."""
    return Replica.objects.filter(
        flaps__gt=0,
        health__in=_ALIVE,
        dead_told_at__isnull=True,
        alerted_at__lte=now - PAIR_EVERY,
    )


def is_flapping(replica: Replica) -> bool:
    """Whether a change of it was folded lately, as of its last check."""
    if replica.flapped_at is None or replica.last_outcome_at is None:
        return False
    return replica.last_outcome_at < replica.flapped_at + PAIR_EVERY
