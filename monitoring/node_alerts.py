"""What a node's alerts depend on, and until when it has none."""

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from monitoring import dependencies
from monitoring.models import Node


def set_alerts(*, node: Node, depends_on: Collection[Node], muted_until: datetime | None) -> Node:
    """Set on which nodes a node depends, and mute it until a moment; counts from the next alert.

    Raises ValidationError on `depends_on` when one of them depends on this node in turn, with
    nothing saved.
    """
    with transaction.atomic():
        # Two people at once must not make a circle together.
        list(Node.objects.select_for_update().order_by("id").values_list("id", flat=True))
        wanted = {other.pk for other in depends_on}
        edges = {**dependencies_by_node(), node.pk: wanted}
        for other in depends_on:
            if other.pk == node.pk or node.pk in dependencies.reachable(other.pk, edges):
                message = f"“{other.name}” depends on “{node.name}” already, or on itself."
                raise ValidationError({"depends_on": [message]})
        node.depends_on.set(depends_on)
        node.muted_until = muted_until
        node.save(update_fields=["muted_until"])
    return node


def dependencies_by_node() -> dict[int, set[int]]:
    """What each node depends on directly; in one statement."""
    edges: dict[int, set[int]] = {}
    rows = Node.depends_on.through.objects.values_list("from_node_id", "to_node_id")
    for node_id, other_id in rows:
        edges.setdefault(node_id, set()).add(other_id)
    return edges
