"""The steps that bring dependencies and mutes of nodes to what the file says, once all nodes are there."""

from collections.abc import Mapping
from datetime import datetime

from monitoring import node_alerts
from monitoring.config_file.problems import shorten
from monitoring.config_file.run import PlacedNode, Run, differences
from monitoring.config_file.values import nearest
from monitoring.dependencies import reachable
from monitoring.models import Node


def change_dependencies(run: Run) -> None:
    """Bring dependencies and mutes of the file's nodes to what it says, once all nodes are there.

    What is named may stand anywhere in the file, or in the database only.
    """
    rows = {
        f"{row.component.slug}/{row.slug}": row
        for row in Node.objects.select_related("component").order_by("id")
    }
    stored = node_alerts.dependencies_by_node()
    wanted = {placed.row.pk: _targets(run, placed, rows) for placed in run.nodes}
    _refuse_circles(run, wanted=wanted, stored=stored, rows=rows)
    if run.problems:
        return
    by_pk = {row.pk: row for row in rows.values()}
    # What goes goes first: an edge may change its direction.
    for placed in run.nodes:
        before, after = stored.get(placed.row.pk, set()), set(wanted[placed.row.pk].values())
        if before - after:
            node_alerts.set_alerts(
                node=placed.row,
                depends_on=[by_pk[pk] for pk in before & after],
                muted_until=placed.row.muted_until,
            )
    labels = {row.pk: label for label, row in rows.items()}
    for placed in run.nodes:
        old = {labels[pk] for pk in stored.get(placed.row.pk, set())}
        _set_alerts(run, placed, old, {labels[pk] for pk in wanted[placed.row.pk].values()}, rows)


def _set_alerts(
    run: Run, placed: PlacedNode, old: set[str], new: set[str], rows: Mapping[str, Node]
) -> None:
    row, wanted = placed.row, placed.wanted
    says_mute = "muted_until" in wanted.model_fields_set
    muted_until = wanted.muted_until if says_mute else row.muted_until
    changes = differences(
        {"depends_on": sorted(old), "muted_until": _text(row.muted_until)},
        {"depends_on": sorted(new), "muted_until": _text(muted_until)},
    )
    if changes:
        with run.reporting((*placed.path, "depends_on")):
            node_alerts.set_alerts(
                node=row, depends_on=[rows[label] for label in sorted(new)], muted_until=muted_until
            )
            run.changed("node", placed.label, changes)


def _text(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _targets(run: Run, placed: PlacedNode, rows: Mapping[str, Node]) -> dict[int, int]:
    """The nodes it depends on, by their index in the list of the file."""
    found = {}
    for index, label in enumerate(placed.wanted.depends_on):
        if label in rows:
            found[index] = rows[label].pk
            continue
        hint = nearest(label, rows)
        meant = f"Did you mean {hint}?" if hint else "Write the slugs of a component and its node."
        run.problem(
            (*placed.path, "depends_on", index), f"There is no node {shorten(label)}. {meant}"
        )
    return found


def _refuse_circles(
    run: Run,
    *,
    wanted: Mapping[int, Mapping[int, int]],
    stored: Mapping[int, set[int]],
    rows: Mapping[str, Node],
) -> None:
    """Report every dependency of the file that closes a circle, one for each circle."""
    labels = {row.pk: label for label, row in rows.items()}
    edges = {node: set(others) for node, others in stored.items() if node not in wanted}
    for placed in run.nodes:
        pk = placed.row.pk
        for index, other in wanted[pk].items():
            if other == pk or pk in reachable(other, edges):
                way = [labels[step] for step in _way(other, pk, edges)]
                circle = " → ".join([labels[pk], *way])
                message = f"This makes a circle: {circle}. Leave one of them out."
                run.problem((*placed.path, "depends_on", index), message)
            else:
                edges.setdefault(pk, set()).add(other)


def _way(start: int, goal: int, edges: Mapping[int, set[int]]) -> list[int]:
    """A shortest way from one node to another along its dependencies, both ends included."""
    ways = [[start]]
    seen = {start}
    while ways:
        way = ways.pop(0)
        if way[-1] == goal:
            return way
        for other in sorted(edges.get(way[-1], set()) - seen):
            seen.add(other)
            ways.append([*way, other])
    return [start, goal]
