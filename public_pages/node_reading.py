"""The nodes and replicas of all visible components, read with a fixed number of queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from monitoring import evidence, page_health
from monitoring.models import Mode, Node, Replica
from probing.health import Health
from public_pages.page_views import NodeView, ReplicaView


def nodes(
    shows_addresses: set[int], *, now: datetime, is_interrupted: bool
) -> tuple[dict[int, tuple[NodeView, ...]], dict[int, datetime]]:
    """The nodes by component, and when each component was last checked.

    Addresses are in it only for the components in `shows_addresses`.
    """
    replicas: dict[int, list[Replica]] = defaultdict(list)
    for replica in Replica.objects.filter(node__component__is_visible=True).order_by(
        "node_id", "position", "id"
    ):
        replicas[replica.node_id].append(replica)
    ailing = {
        replica.pk: Health(replica.known)  # type: ignore[attr-defined]
        for replica in page_health.ailing()
    }
    why = evidence.sentences(replicas=[each for mine in replicas.values() for each in mine])
    found: dict[int, list[NodeView]] = defaultdict(list)
    checked: dict[int, datetime] = {}
    for node in Node.objects.filter(component__is_visible=True).order_by("position", "name", "id"):
        mine = replicas[node.id]
        found[node.component_id].append(
            _node(
                node,
                mine,
                is_open=node.component_id in shows_addresses,
                # What is checked from here is shown as it was last known.
                fresh_at=None if is_interrupted and node.mode == Mode.POLL else now,
                why=why,
                ailing=ailing,
            )
        )
        for replica in mine:
            if seen := replica.last_outcome_at:
                checked[node.component_id] = max(checked.get(node.component_id, seen), seen)
    return defaultdict(tuple, {key: tuple(views) for key, views in found.items()}), checked


def _node(
    node: Node,
    replicas: Sequence[Replica],
    *,
    is_open: bool,
    fresh_at: datetime | None,
    why: Mapping[int, str],
    ailing: Mapping[int, Health],
) -> NodeView:
    return NodeView(
        name=node.name,
        schemes=tuple(sorted({replica.address.partition("://")[0] for replica in replicas})),
        interval_s=node.interval_s,
        sick_after_s=node.sick_after_s,
        replicas=tuple(
            ReplicaView(
                number=number,
                label=replica.address if is_open else str(number),
                # Past `fresh_until` the last outcome no longer speaks for the replica, whether or
                # not anybody has noted the gap yet.
                health=replica.measured if _speaks(replica, node, fresh_at) else None,
                is_waiting=replica.is_waiting,
                counts_as=ailing.get(replica.id, Health.HEALTHY),
                why=why.get(replica.id, ""),
            )
            for number, replica in enumerate(replicas, start=1)
        ),
    )


def _speaks(replica: Replica, node: Node, fresh_at: datetime | None) -> bool:
    """Whether the last outcome still counts. Without a moment it does; silence was a verdict."""
    if fresh_at is None or (replica.fresh_until is not None and replica.fresh_until > fresh_at):
        return True
    return Mode(node.mode).is_reported and replica.fresh_until is None
