"""Time in which nobody looked: it becomes "unknown", never "dead" and never "still fine".

Called by beat, by every recorder and by every publisher, so that a gap is noticed while any one
of them is alive, and dated from when the last outcome stopped speaking for the replica.
"""

from datetime import datetime

from django.db import transaction

from components.models import StatusChange
from monitoring import alerting, judging, page_health, vantage, verdicts
from monitoring.models import HealthChange, Mode, Replica, ReplicaQuerySet

NO_DATA = "no_data"


def note_gaps(*, now: datetime, limit: int = 1000) -> list[StatusChange]:
    """Turn replicas without a recent outcome to unknown; returns the changes that visitors see.

    While our own network is down (`blindness`) what is polled from here is left as it was last known.
    """
    if not Replica.objects.gone_quiet(now=now).exists():
        return []  # the common case takes no write lock
    with transaction.atomic():
        quiet = list(
            _gone_quiet(now)
            .select_for_update(of=("self",))
            .select_related("node__component")
            .order_by("id")[:limit]
        )
        if not quiet:
            return []
        gaps = [_gap(replica, now) for replica in quiet]
        HealthChange.objects.bulk_create([gap for gap in gaps if gap.previous is not None])
        Replica.objects.bulk_update(
            quiet,
            [
                "health",
                "health_since",
                "fresh_until",
                "checks_in_health",
                "streak_health",
                "streak",
                "streak_far",
            ],
        )
        changes = verdicts.refresh(
            component_ids={replica.node.component_id for replica in quiet},
            now=now,
            at={
                replica.node.component_id: gap.at for replica, gap in zip(quiet, gaps, strict=True)
            },
            notes={replica.node.component_id: "no recent outcome" for replica in quiet},
        )
        alerting.tell_interrupted(gaps=gaps, now=now)
        page_health.note(now=now)
    return changes


def _gone_quiet(now: datetime) -> ReplicaQuerySet:
    quiet = Replica.objects.gone_quiet(now=now)
    if vantage.is_blind(now=now):
        quiet = quiet.exclude(node__mode=Mode.POLL, node__is_polled_centrally=True)
    return quiet


def _gap(replica: Replica, now: datetime) -> HealthChange:
    """The change to unknown, applied to the replica (not saved)."""
    ended = replica.fresh_until or now
    gap = HealthChange(
        replica=replica,
        previous=replica.health,
        health=None,
        at=ended,
        recorded_at=now,
        reason=NO_DATA,
        detail="No outcome arrived in time.",
        verdict=judging.explain_gap(fresh_for=replica.node.fresh_for).as_json(),
    )
    replica.streak_health, replica.streak, replica.streak_far = "", 0, 0
    replica.health, replica.health_since, replica.fresh_until, replica.checks_in_health = (
        None,
        ended,
        None,
        0,
    )
    return gap
