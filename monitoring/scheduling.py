"""Which replicas are checked now: due time is a column, claimed by a conditional update.

A lost tick, a dead beat or two beats only shift when a due row is found; nothing is counted in
ticks (style guide 14).
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import connection, models, transaction

from monitoring.models import Node, Replica

BATCH_LIMIT = 500
# Slots lie on a grid, so that a batch holds several replicas and costs less for each: at 1,000
# replicas a minute a batch of 83 costs half as much CPU a probe as one of 17.
SLOTS_AN_INTERVAL = 12


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

    After a stop everything is overdue and is checked at once, within seconds; what was missed
    meanwhile is not caught up, and the next checks lie on the replicas' slots again. A batch starts
    its probes one after the other (`polling.START_EVERY_S`), so that this is no burst.
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
                    models.When(id__in=replica_ids, then=models.Value(slot))
                    for slot, replica_ids in _by_slot(slots).items()
                ),
                output_field=models.DateTimeField(),
            )
        )
        if claimed != len(due):  # another dispatcher was faster: it has these rows, we have none
            transaction.set_rollback(True)
            return ClaimedBatch([], 1)
    return ClaimedBatch(
        [row[0] for row in due if row[-1]],
        min(row[2] for row in due),
        _elsewhere([row[0] for row in due if row[-2]]),
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


def _by_slot(slots: Mapping[int, datetime]) -> dict[datetime, list[int]]:
    found: dict[datetime, list[int]] = defaultdict(list)
    for replica_id, slot in slots.items():
        found[slot].append(replica_id)
    return found


def next_slot(replica_id: int, interval_s: int, now: datetime) -> datetime:
    """The replica's first slot after `now`.

    Slots lie a whole interval apart; their phase comes from the replica's id, so that a thousand
    replicas saved in one second spread over their interval.
    """
    digest = hashlib.blake2b(replica_id.to_bytes(8), digest_size=8).digest()
    grid_s = max(1.0, interval_s / SLOTS_AN_INTERVAL)
    phase_s = int(int.from_bytes(digest) / 2**64 * interval_s / grid_s) * grid_s
    passed = (now.timestamp() - phase_s) // interval_s
    slot = datetime.fromtimestamp(round((passed + 1) * interval_s + phase_s, 3), tz=UTC)
    return slot if slot > now else slot + timedelta(seconds=interval_s)
