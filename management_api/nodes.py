"""Nodes: the ways a component is watched, with the limits that judge its replicas."""

from typing import Any

from django.core.exceptions import ValidationError
from ninja import Query, Router

from components.models import Component
from management_api import etags, naming, node_shapes, operations, paging
from management_api.components import component_of
from management_api.guard import ApiRequest
from management_api.node_shapes import MuteIn, NodeChange, NodeIn, NodeOut
from management_api.paging import Paging
from management_api.problems import not_found
from management_api.schemas import Listed, RowId, Words
from monitoring import inventory, node_alerts, places, services
from monitoring.models import Location, Mode, Node
from probing import options
from probing.options import HttpOptions

router = Router(tags=["nodes"])
_SEEN: Any = {"scope": "nodes:read", "permission": "monitoring.view_node"}
_CHANGED: Any = {"scope": "nodes:write", "permission": "monitoring.change_node"}
# Each is set by an operation of its own, in the transaction of the others.
_JUDGING = ("bad_checks", "good_checks", "is_polled_centrally", "quorum")
_APART = frozenset({*_JUDGING, "locations", "depends_on", "component_id"})
_HTTP_FIELDS = {"status": "http_status_min"}


class NodeFilter(Paging):
    """Which nodes: those of a component, by its id or its slug."""

    component_id: Words = ""


@operations.reads(router, "/nodes", gives=Listed[NodeOut], **_SEEN)
def list_nodes(request: ApiRequest, wanted: Query[NodeFilter]) -> Listed[NodeOut]:
    """List nodes, in the order of their making."""
    del request
    rows = Node.objects.select_related("component").prefetch_related("locations", "depends_on")
    if wanted.component_id:
        rows = rows.filter(component=component_of(wanted.component_id))
    return paging.page(rows, wanted, by=["id"], show=node_shapes.shown)


@operations.creates(
    router,
    "/nodes",
    scope="nodes:write",
    permission="monitoring.add_node",
    gives=NodeOut,
    at=lambda out: f"/nodes/{out.id}",
)
def create_node(request: ApiRequest, body: NodeIn) -> NodeOut:
    """Add a node to a component, below the others; without a slug it gets one from its name."""
    given: dict[str, Any] = body.given()
    own = {name: value for name, value in given.items() if name not in _APART}
    row = services.add_node(
        component=_component(body.component_id),
        now=request.now,
        **{"name": body.name, "slug": body.slug} | own,
    )
    return _finish(request, row, given)


@operations.reads(router, "/nodes/{node_id}", gives=NodeOut, **_SEEN)
def get_node(request: ApiRequest, node_id: RowId) -> NodeOut:
    """Show a node."""
    del request
    return node_shapes.shown(node_of(node_id))


@operations.changes(router, "/nodes/{node_id}", gives=NodeOut, **_CHANGED)
def change_node(request: ApiRequest, node_id: RowId, body: NodeChange) -> NodeOut:
    """Change a node; the next check uses its new limits and options."""
    row = node_of(node_id, is_held=True)
    etags.check(request, node_shapes.shown(row))
    given: dict[str, Any] = body.given()
    own = {name: value for name, value in given.items() if name not in _APART}
    if own:
        inventory.change_node(node=row, now=request.now, **own)
    return _finish(request, row, given)


@operations.acts(
    router,
    "/nodes/{node_id}/mute",
    scope="nodes:write",
    permission="monitoring.mute_node",
    gives=NodeOut,
    method="PUT",
)
def mute_node(request: ApiRequest, node_id: RowId, body: MuteIn) -> NodeOut:
    """Tell operators of no death of this node until a moment; null: tell them again."""
    row = node_of(node_id, is_held=True)
    etags.check(request, node_shapes.shown(row))
    node_alerts.set_alerts(
        node=row, depends_on=list(row.depends_on.all()), muted_until=body.muted_until
    )
    return node_shapes.shown(node_of(node_id))


@operations.removes(router, "/nodes/{node_id}", **_CHANGED)
def delete_node(request: ApiRequest, node_id: RowId) -> None:
    """Remove a node with its replicas and what was measured of them."""
    row = node_of(node_id, is_held=True)
    etags.check(request, node_shapes.shown(row))
    inventory.remove_node(node=row, now=request.now)


def node_of(node_id: int, *, is_held: bool = False) -> Node:
    """The node with this id; `is_held` locks it to the end of the transaction."""
    rows = Node.objects.select_related("component").prefetch_related("locations", "depends_on")
    if is_held:
        rows = rows.select_for_update(of=("self",))
    return rows.filter(pk=node_id).first() or not_found("node")


def _component(name: str) -> Component:
    """The component that a body names."""
    rows = Component.objects
    found = rows.filter(public_id=name).first() or rows.filter(slug=name).first()
    if found is None:
        raise naming.missing("component_id", [name])
    return found


def _finish(request: ApiRequest, row: Node, given: dict[str, Any]) -> NodeOut:
    """Set what has operations of its own, and tell how the node is then."""
    _check_http(row, given)
    if given.keys() & {*_JUDGING, "locations", "mode"}:
        _set_judging(request, row, given)
    if "depends_on" in given:
        others = Node.objects.filter(
            pk__in=naming.ids_of(
                Node.objects.all(), given["depends_on"], field="depends_on", by="pk"
            )
        )
        node_alerts.set_alerts(node=row, depends_on=list(others), muted_until=row.muted_until)
    return node_shapes.shown(node_of(row.pk))


def _set_judging(request: ApiRequest, row: Node, given: dict[str, Any]) -> None:
    known = Location.objects.order_by("slug")
    slugs = given.get("locations", [location.slug for location in row.locations.all()])
    wanted = set(naming.ids_of(known, slugs, field="locations", by="slug"))
    values = {name: given.get(name, getattr(row, name)) for name in _JUDGING}
    places.set_judging(
        node=row,
        locations=[location for location in known if location.pk in wanted],
        new_location="",
        now=request.now,
        **values,
    )


def _check_http(row: Node, given: dict[str, Any]) -> None:
    """Refuse options that a check could not use; stored headers were looked at when they came."""
    if row.mode == Mode.PUSH:
        return
    wanted = HttpOptions(
        method=row.http_method,
        headers=given.get("http_headers") or {},
        status_min=row.http_status_min,
        status_below=row.http_status_max + 1,
        body_contains=row.http_body_contains or None,
        body_regex=row.http_body_regex or None,
    )
    errors: dict[str, list[str]] = {}
    for name, sentence in options.problems(wanted):
        errors.setdefault(_HTTP_FIELDS.get(name, f"http_{name}"), []).append(sentence)
    if errors:
        raise ValidationError(errors)
