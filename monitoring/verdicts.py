"""From the health of replicas to what the monitors claim about their components."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from components import claims, status
from components.claims import Claim
from components.models import Component, StatusChange
from components.status import Source
from monitoring.models import Replica

# All monitors of a component speak with one voice: "some nodes dead" is a sentence about them together.
REFERENCE = "monitors"
_READ = (
    "node__component_id",
    "node__mode",
    "health",
    "first_healthy_at",
    "fresh_until",
    "last_outcome_at",
)


def refresh(
    *,
    component_ids: Iterable[int],
    now: datetime,
    at: Mapping[int, datetime] | None = None,
    notes: Mapping[int, str] | None = None,
) -> list[StatusChange]:
    """Claim anew what the replicas of these components say, in a fixed number of statements.

    `at` and `notes` give, by component, since when it holds and why. A component without replicas
    is no longer spoken for. Returns the changes that visitors see.
    """
    ids = sorted(set(component_ids))
    at, notes = at or {}, notes or {}
    with transaction.atomic():
        # Lock first, then read: of two recorders the second sees what the first one stored.
        locked = Component.objects.select_for_update(of=("self",)).filter(id__in=ids).order_by("id")
        known = list(locked.values_list("id", flat=True))
        healths = _healths_by_node(known)
        return claims.set_claims(
            source=Source.MONITOR,
            reference=REFERENCE,
            claims=[
                Claim(
                    component_id=component_id,
                    status=status.from_replicas(healths[component_id]),
                    at=at.get(component_id, now),
                    note=notes.get(component_id, ""),
                )
                for component_id in known
            ],
            now=now,
        )


def _healths_by_node(component_ids: list[int]) -> dict[int, list[list[str | None]]]:
    """For each component its nodes' replica healths; a new replica stays silent beside others."""
    nodes: dict[int, dict[int, list[str | None]]] = defaultdict(lambda: defaultdict(list))
    waiting: set[int] = set()
    replicas = Replica.objects.filter(node__component_id__in=component_ids).select_related("node")
    for replica in replicas.only(*_READ):  # of thousands, when all of a component report anew
        if replica.is_waiting:
            waiting.add(replica.node.component_id)
        elif not replica.is_unproven:
            nodes[replica.node.component_id][replica.node_id].append(replica.health)
    healths = {component_id: list(nodes[component_id].values()) for component_id in component_ids}
    for component_id in waiting:
        healths[component_id] = healths[component_id] or [[None]]
    return healths
