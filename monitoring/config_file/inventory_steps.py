"""The steps that bring nodes and replicas to what the file says."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError

from common import sealing
from components.models import Component
from monitoring import addresses, inventory
from monitoring.config_file import judging_steps, schema
from monitoring.config_file.node_schema import Node as WantedNode
from monitoring.config_file.plans import FieldChange
from monitoring.config_file.problems import Path
from monitoring.config_file.run import PlacedNode, Run, differences, positions
from monitoring.models import Mode, Node, Replica


def change_nodes(run: Run, *, component: Component, wanted: schema.Component, path: Path) -> None:
    """Add, change and leave over the nodes of one component, and their replicas."""
    nodes = component.nodes.order_by("position", "name").prefetch_related("locations")
    stored = {row.slug: row for row in nodes}
    rows = [stored.get(node.slug) for node in wanted.nodes]
    places = positions([row.position if row else None for row in rows])
    for index, (node, position) in enumerate(zip(wanted.nodes, places, strict=True)):
        inner = (*path, "nodes", index)
        row = _save_node(
            run,
            component=component,
            wanted=node,
            row=stored.pop(node.slug, None),
            position=position,
            path=inner,
        )
        if row is None:
            continue
        placed = PlacedNode(inner, node, row, f"{component.slug}/{node.slug}")
        run.nodes.append(placed)
        judging_steps.change_judging(run, placed)
        if row.mode != Mode.PUSH:  # those of a push node come and go by reports
            _change_replicas(run, node=row, wanted=node, path=inner)
    for row in stored.values():
        run.left_over(
            "node", _label(row), remove=partial(inventory.remove_node, node=row, now=run.now)
        )


def _label(node: Node) -> str:
    return f"{node.component.slug}/{node.slug}"


def _save_node(
    run: Run,
    *,
    component: Component,
    wanted: WantedNode,
    row: Node | None,
    position: int,
    path: Path,
) -> Node | None:
    """The node's row; None when it was refused and the refusal is among the problems."""
    headers, header_changes = _headers(run, wanted, row, path)
    options = {**_options(wanted), "position": position, "http_headers": headers}
    label = f"{component.slug}/{wanted.slug}"
    if row is None:
        with run.reporting(path):
            row = inventory.add_node(component=component, slug=wanted.slug, now=run.now, **options)
            run.added("node", label)
        return row
    said = {**_said(_options(wanted)), "position": position}
    stored = {
        **_said({name: getattr(row, name) for name in _options(wanted)}),
        "position": row.position,
    }
    if changes := differences(stored, said) + header_changes:
        with run.reporting(path):
            inventory.change_node(node=row, now=run.now, **options)
            run.changed("node", label, changes)
    return row


def _options(wanted: WantedNode) -> dict[str, Any]:
    """The node as the fields of its row, without position and headers."""
    http = wanted.http
    return {
        "name": wanted.name,
        "mode": wanted.mode,
        "interval_s": wanted.interval_s,
        "retries": wanted.retries,
        "dead_after_s": wanted.dead_after_s,
        "sick_after_s": wanted.sick_after_s,
        "silent_after_s": wanted.silent_after_s,
        "silence_rule": wanted.silence_rule,
        "ping_every_s": wanted.ping_every_s,
        "cpu_sick_above": wanted.cpu_sick_above,
        "ram_sick_above": wanted.ram_sick_above,
        "http_method": http.method,
        "http_status_min": http.status[0],
        "http_status_max": http.status[1],
        "http_body_contains": http.body_contains or "",
        "http_body_regex": http.body_regex or "",
        "http_follow_redirects": http.follow_redirects,
        "http_verify_tls": http.verify_tls,
    }


def _said(options: Mapping[str, object]) -> dict[str, object]:
    """The fields of a row by their keys in the file."""
    said: dict[str, object] = {}
    for name, value in options.items():
        prefix, _, rest = name.partition("_")
        said[f"http.{rest}" if prefix == "http" else name] = value
    said["http.status"] = [said.pop("http.status_min"), said.pop("http.status_max")]
    return said


def _headers(
    run: Run, wanted: WantedNode, row: Node | None, path: Path
) -> tuple[dict[str, str], list[FieldChange]]:
    """The headers to store and what is new about them. A null in the file keeps the stored value."""
    try:
        stored = row.http_headers if row else {}
    except sealing.SealBroken:
        stored = {}
    by_lower = {name.lower(): value for name, value in stored.items()}
    headers: dict[str, str] = {}
    for name, value in wanted.http.headers.items():
        kept = by_lower.get(name.lower())
        if value is None and kept is None:
            message = "No value is stored that could be kept. Write the header's value here once."
            run.problems.append(run.loaded.problem((*path, "http", "headers", name), message))
        headers[name] = value if value is not None else kept or ""
    is_readable = bool(stored) or not (row and row.http_headers_sealed)
    if headers == stored and is_readable:
        return headers, []
    old, new = ", ".join(stored) or "none", ", ".join(headers) or "none"
    return headers, [FieldChange("http.headers", old, f"{new} (values are not shown)")]


def _change_replicas(run: Run, *, node: Node, wanted: WantedNode, path: Path) -> None:
    stored: dict[str, Replica] = {}
    doubled: list[Replica] = []
    for replica in node.replicas.order_by("position", "id"):
        url = _normalised(replica.address)
        doubled += [replica] if url in stored else []
        stored.setdefault(url, replica)
    if not (stored or wanted.replicas):
        return
    if not stored:  # a new node: one claim for all of them instead of one each
        with run.reporting((*path, "replicas")):
            inventory.add_replicas(node=node, addresses=wanted.replicas, now=run.now, position=0)
            for address in wanted.replicas:
                run.added("replica", f"{_label(node)} {address}")
        return
    rows = [stored.get(address) for address in wanted.replicas]
    places = positions([row.position if row else None for row in rows])
    for index, (address, position) in enumerate(zip(wanted.replicas, places, strict=True)):
        row = stored.pop(address, None)
        if row is not None:
            _move(run, node, row, position)
            continue
        with run.reporting((*path, "replicas", index)):
            inventory.add_replica(node=node, address=address, now=run.now, position=position)
            run.added("replica", f"{_label(node)} {address}")
    for row in [*stored.values(), *doubled]:
        run.left_over(
            "replica",
            f"{_label(node)} {row.address}",
            remove=partial(inventory.remove_replica, replica=row, now=run.now),
        )


def _normalised(address: str) -> str:
    """The stored address as the schema would read it; as it is when it would be refused now."""
    try:
        return addresses.check(address).url
    except ValidationError:
        return address


def _move(run: Run, node: Node, row: Replica, position: int) -> None:
    if changes := differences({"position": row.position}, {"position": position}):
        inventory.move_replica(replica=row, position=position)
        run.changed("replica", f"{_label(node)} {row.address}", changes)
