"""Which replicas are checked now: due time is a column, claimed by a conditional update.

A lost tick, a dead beat or two beats only shift when a due row is found; nothing is counted in
ticks (style guide 14).
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, models, transaction

from monitoring.models import Node, Replica

BATCH_LIMIT = 500


@dataclass(frozen=True, slots=True)
class ClaimedBatch:
    """Replicas that now have to be checked, and for how long the claim makes sense.

    `replica_ids` are checked from here, `elsewhere` by the location whose slug it says.
    """

    replica_ids: list[int]
    expires_s: int
    elsewhere: Mapping[str, list[int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.replica_ids or self.elsewhere)


def claim_due_replicas(
    *, now: datetime, limit: int = BATCH_LIMIT, overdue_by: timedelta = timedelta(0)
) -> ClaimedBatch:
    """Claim up to `limit` replicas that are due (for at least `overdue_by`) and move each to its next slot.

    A replica that missed a whole slot (nobody was there to check) is not checked at once but in its
    next slot, so that a long stop is not followed by a burst (reliability F-03, F-32).
    """
    with transaction.atomic():
        due = list(
            Replica.objects.due(now=now - overdue_by)
            .select_for_update(
                of=("self",), skip_locked=connection.features.has_select_for_update_skip_locked
            )
            .order_by("next_probe_at")
            .annotate(
                has_places=models.Exists(
                    Node.locations.through.objects.filter(node_id=models.OuterRef("node_id"))
                )
            )
            .values_list(
                "id",
                "next_probe_at",
                "node__interval_s",
                "last_outcome_at",
                "has_places",
                "node__is_polled_centrally",
            )[:limit]
        )
        if not due:
            return ClaimedBatch([], 1)
        slots = {
            replica_id: next_slot(replica_id, interval_s, now)
            for replica_id, _, interval_s, *_ in due
        }
        claimed = Replica.objects.filter(id__in=slots, next_probe_at__lte=now).update(
            next_probe_at=models.Case(
                *(
                    models.When(id=replica_id, then=models.Value(slot))
                    for replica_id, slot in slots.items()
                ),
                output_field=models.DateTimeField(),
            )
        )
        if claimed != len(due):  # another dispatcher was faster: it has these rows, we have none
            transaction.set_rollback(True)
            return ClaimedBatch([], 1)
    on_time = {
        replica_id: (has_places, is_central)
        for replica_id, next_probe_at, interval_s, last_outcome_at, has_places, is_central in due
        if last_outcome_at is None
        or (next_probe_at is not None and now - next_probe_at < timedelta(seconds=interval_s))
    }
    return ClaimedBatch(
        [replica_id for replica_id, (_, is_central) in on_time.items() if is_central],
        min(row[2] for row in due),
        _elsewhere([replica_id for replica_id, (has_places, _) in on_time.items() if has_places]),
    )


def _elsewhere(replica_ids: Collection[int]) -> dict[str, list[int]]:
    """The replicas by the slug of each location that checks them, too."""
    if not replica_ids:
        return {}
    found: dict[str, list[int]] = defaultdict(list)
    rows = Replica.objects.filter(id__in=replica_ids, node__locations__isnull=False).order_by("id")
    for slug, replica_id in rows.values_list("node__locations__slug", "id"):
        found[slug].append(replica_id)
    return dict(found)


def next_slot(replica_id: int, interval_s: int, now: datetime) -> datetime:
    """The replica's first slot after `now`.

    Slots lie a whole interval apart; their phase comes from the replica's id, so that a thousand
    replicas saved in one second spread over their interval.
    """
    digest = hashlib.blake2b(replica_id.to_bytes(8), digest_size=8).digest()
    phase_s = int.from_bytes(digest) / 2**64 * interval_s
    elapsed = (now.timestamp() - phase_s) % interval_s
    return now + timedelta(seconds=interval_s - elapsed)
