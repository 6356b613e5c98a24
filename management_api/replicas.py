"""Replicas: the endpoints themselves, and the last thing seen of each."""

from datetime import datetime
from typing import Annotated, Any

from ninja import Query, Router
from pydantic import Field

from management_api import etags, naming, operations, paging
from management_api.guard import ApiRequest
from management_api.paging import Paging
from management_api.problems import not_found
from management_api.schemas import In, Listed, Out, Position, RowId, left_out
from monitoring import inventory
from monitoring.models import Node, Replica
from probing.health import Health

router = Router(tags=["replicas"])
_SEEN: Any = {"scope": "replicas:read", "permission": "monitoring.view_node"}
# As in the console: whoever may change a node may say what it watches.
_CHANGED: Any = {"scope": "replicas:write", "permission": "monitoring.change_node"}
Address = Annotated[
    str, Field(min_length=1, max_length=2000, examples=["https://shop.example.com/health"])
]
NodeId = Annotated[int, Field(ge=1, le=2**31 - 1)]


class ReplicaOut(Out):
    """A replica. `health` is null while nothing is known of it; `reason` says why it is not healthy.

    `cpu` and `ram` are told of those that report themselves.
    """

    id: int
    node_id: int
    address: str
    position: int
    health: Health | None
    health_since: datetime | None
    last_outcome_at: datetime | None
    latency_ms: float | None
    reason: str
    detail: str
    cpu: float | None
    ram: float | None
    certificate_expires_at: datetime | None


class ReplicaIn(In):
    """A new replica: https://…, http://…, tcp://host:port, icmp://host or dns://name."""

    node_id: NodeId
    address: Address
    position: Position | None = None


class ReplicaChange(In):
    """What is to be different. With another address, what was measured so far no longer counts."""

    address: Address = left_out()
    position: Position = left_out(int)


class ReplicaFilter(Paging):
    """Which replicas: those of a node, and those of a health."""

    node_id: NodeId | None = None
    health: Health | None = None


@operations.reads(router, "/replicas", gives=Listed[ReplicaOut], **_SEEN)
def list_replicas(request: ApiRequest, wanted: Query[ReplicaFilter]) -> Listed[ReplicaOut]:
    """List replicas, in the order of their making."""
    del request
    rows = Replica.objects.all()
    if wanted.node_id is not None:
        rows = rows.filter(node_id=wanted.node_id)
    if wanted.health is not None:
        rows = rows.filter(health=wanted.health)
    return paging.page(rows, wanted, by=["id"], show=_shown)


@operations.creates(
    router, "/replicas", gives=ReplicaOut, at=lambda out: f"/replicas/{out.id}", **_CHANGED
)
def create_replica(request: ApiRequest, body: ReplicaIn) -> ReplicaOut:
    """Add a replica to a node; it is checked at once, and unknown until then.

    Those of a push node appear with their first report instead.
    """
    node = Node.objects.select_for_update(of=("self",)).filter(pk=body.node_id).first()
    if node is None:
        raise naming.missing("node_id", [body.node_id])
    row = inventory.add_replica(
        node=node, address=body.address, position=body.position, now=request.now
    )
    return _shown(row)


@operations.reads(router, "/replicas/{replica_id}", gives=ReplicaOut, **_SEEN)
def get_replica(request: ApiRequest, replica_id: RowId) -> ReplicaOut:
    """Show a replica with the last outcome."""
    del request
    return _shown(_replica(replica_id))


@operations.changes(router, "/replicas/{replica_id}", gives=ReplicaOut, **_CHANGED)
def change_replica(request: ApiRequest, replica_id: RowId, body: ReplicaChange) -> ReplicaOut:
    """Point a replica at another address, or give it another place among those of its node."""
    row = _replica(replica_id, is_held=True)
    etags.check(request, _shown(row))
    given: dict[str, Any] = body.given()
    if "address" in given:
        inventory.change_replica(replica=row, address=given["address"], now=request.now)
    if "position" in given:
        inventory.move_replica(replica=row, position=given["position"])
    return _shown(_replica(replica_id))


@operations.removes(router, "/replicas/{replica_id}", **_CHANGED)
def delete_replica(request: ApiRequest, replica_id: RowId) -> None:
    """Remove a replica and what was measured of it."""
    row = _replica(replica_id, is_held=True)
    etags.check(request, _shown(row))
    inventory.remove_replica(replica=row, now=request.now)


def _replica(replica_id: int, *, is_held: bool = False) -> Replica:
    rows = Replica.objects.select_related("node__component")
    if is_held:
        rows = rows.select_for_update(of=("self",))
    return rows.filter(pk=replica_id).first() or not_found("replica")


def _shown(row: Replica) -> ReplicaOut:
    own = {name: getattr(row, name) for name in ReplicaOut.model_fields if name != "health"}
    return ReplicaOut(health=row.measured, **own)
