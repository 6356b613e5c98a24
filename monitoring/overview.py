"""All reads for the console's "Monitored services" screen and the dashboard, in fixed query counts.

Frozen values out, nothing lazy: groups as sheets, in them services, nodes and replicas with what
was measured last, in words (decision 14).
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median_low

from components import status
from components.models import Component
from components.status import Status
from monitoring import evidence, flapping, remarks, wording
from monitoring.models import Mode, Node, Replica
from monitoring.wording import Summary
from probing.health import Health

# Dead nodes start open, so that the reason is on the screen; only a few, so that it stays one.
OPENED_AT_MOST = 3
CERTIFICATE_WARNING = timedelta(days=21)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaRow:
    """One replica. `code` is the icon's; `since` is when its present health began."""

    id: int
    number: int
    address: str
    code: str
    word: str
    why: str
    verdict: str  # what made it sick or dead, in one sentence
    since: datetime | None
    checks: int
    checked_at: datetime | None
    latency_ms: float | None
    phases: tuple[tuple[str, float], ...]
    certificate_ends_at: datetime | None  # only when that is soon


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRow:
    """One node with its replicas. `has_targets`: these are addresses that can be asked."""

    id: int
    name: str
    mode: str
    summary: Summary
    latency_ms: float | None
    replicas: tuple[ReplicaRow, ...]
    remarks: tuple[str, ...]
    has_targets: bool
    is_flapping: bool
    is_open: bool
    is_first: bool
    is_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceBlock:
    """One component with its nodes. `shown` is what visitors see of it."""

    id: int
    name: str
    shown: Status
    is_manual: bool
    is_visible: bool
    summary: Summary
    nodes: tuple[NodeRow, ...]
    is_first: bool
    is_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A group, or the components without one (`group_id` None)."""

    group_id: int | None
    name: str
    summary: Summary
    services: tuple[ServiceBlock, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The whole screen."""

    sheets: tuple[Sheet, ...]
    dead: int
    sick: int
    healthy: int
    unknown: int
    checked_at: datetime | None
    is_empty: bool

    @property
    def code(self) -> str:
        if self.dead:
            return "ma"
        if self.sick:
            return "de"
        return "op" if self.healthy and not self.unknown else "un"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the screen is asked for: text in names or addresses, trouble only, nodes to open."""

    text: str = ""
    only_trouble: bool = False
    open_nodes: Collection[int] = ()

    @property
    def is_filter(self) -> bool:
        return bool(self.text or self.only_trouble)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the monitors say about one component, for the dashboard."""

    status: Status
    summary: Summary
    finding: str  # the same inside a sentence: "1 of 2 replicas of Search sick"
    since: datetime | None
    has_replicas: bool


def read(*, wanted: Wanted | None = None) -> Overview:
    """The screen, with three queries whatever the number of services."""
    wanted = wanted or Wanted()
    components = list(Component.objects.select_related("group").in_page_order())
    by_component = _nodes_by_component(None)
    replicas = [
        replica for nodes in by_component.values() for node in nodes for replica in _replicas(node)
    ]
    counts = Counter(replica.health for replica in replicas)
    return Overview(
        sheets=tuple(_sheets(components, by_component, wanted)),
        dead=counts[Health.DEAD],
        sick=counts[Health.SICK],
        healthy=counts[Health.HEALTHY],
        unknown=counts[None],
        checked_at=max(
            (replica.last_outcome_at for replica in replicas if replica.last_outcome_at),
            default=None,
        ),
        is_empty=not components,
    )


def read_node(*, node: Node) -> NodeRow:
    """One node as the screen shows it open."""
    siblings = list(Node.objects.filter(component=node.component_id).order_by("position", "name"))
    fresh = _nodes_by_component([node.component_id])[node.component_id]
    place = next(index for index, sibling in enumerate(siblings) if sibling.pk == node.pk)
    return _node_row(fresh[place], place, len(siblings), is_open=True)


def measured(*, components: Iterable[Component]) -> dict[int, Measured]:
    """What is measured, by component; components without nodes are left out."""
    names = {component.pk: component.name for component in components}
    found = {}
    for component_id, nodes in _nodes_by_component(names.keys()).items():
        replicas = [replica for node in nodes for replica in _replicas(node)]
        said = status.from_replicas([[replica.health for replica in replicas]])
        worst = wording.worst(replicas)
        starts = [
            replica.health_since
            for replica in replicas
            if replica.health == worst and replica.health_since
        ]
        found[component_id] = Measured(
            status=said or Status.UNKNOWN,
            summary=wording.share(replicas, said or Status.UNKNOWN),
            finding=wording.finding(names[component_id], replicas),
            since=min(starts, default=None),
            has_replicas=bool(replicas),
        )
    return found


def count_dead() -> int:
    """How many replicas are dead now, for the number in the menu."""
    return Replica.objects.filter(health=Health.DEAD).count()


def numbers(*, node_ids: Collection[int]) -> dict[int, int]:
    """The number that each replica of these nodes has, by replica."""
    found: dict[int, int] = {}
    counts: Counter[int] = Counter()
    rows = Replica.objects.filter(node__in=node_ids).order_by("position", "pk")
    for replica_id, node_id in rows.values_list("pk", "node_id"):
        counts[node_id] += 1
        found[replica_id] = counts[node_id]
    return found


def _nodes_by_component(component_ids: Collection[int] | None) -> dict[int, list[Node]]:
    nodes = Node.objects.order_by("position", "name")
    if component_ids is not None:
        nodes = nodes.filter(component__in=component_ids)
    by_component: dict[int, list[Node]] = defaultdict(list)
    for node in nodes.prefetch_related("replicas"):
        by_component[node.component_id].append(node)
    every = [
        replica for mine in by_component.values() for node in mine for replica in _replicas(node)
    ]
    told = evidence.sentences(replicas=every)
    for replica in every:
        replica.sentence = told.get(replica.pk, "")  # type: ignore[attr-defined]
    return by_component


def _replicas(node: Node) -> list[Replica]:
    """The prefetched replicas in the order of their numbers."""
    return sorted(node.replicas.all(), key=lambda replica: (replica.position, replica.pk))


def _sheets(
    components: Sequence[Component], by_component: dict[int, list[Node]], wanted: Wanted
) -> Iterable[Sheet]:
    by_group: dict[int | None, list[Component]] = defaultdict(list)
    for component in components:
        by_group[component.group_id].append(component)
    opened = _Opener(wanted)
    for group_id, members in by_group.items():
        blocks = []
        for place, component in enumerate(members):
            nodes = by_component.get(component.pk, [])
            block = _block(component, nodes, (place, len(members)), wanted, opened)
            if block is not None:
                blocks.append(block)
        if not blocks:
            continue
        shown = {block.id for block in blocks}
        replicas = [
            replica
            for component in members
            if component.pk in shown
            for node in by_component.get(component.pk, [])
            for replica in _replicas(node)
        ]
        group = members[0].group
        yield Sheet(
            group_id=group_id,
            name=group.name if group else "",
            summary=wording.summary(replicas),
            services=tuple(blocks),
        )


class _Opener:
    """Decides which nodes start open: those asked for, and the first few dead ones."""

    def __init__(self, wanted: Wanted) -> None:
        self.asked = set(wanted.open_nodes)
        self.left = 0 if self.asked else OPENED_AT_MOST

    def opens(self, node: Node, replicas: Sequence[Replica]) -> bool:
        if node.pk in self.asked:
            return True
        if self.left and any(replica.health == Health.DEAD for replica in replicas):
            self.left -= 1
            return True
        return False


def _block(
    component: Component,
    nodes: Sequence[Node],
    place: tuple[int, int],
    wanted: Wanted,
    opener: _Opener,
) -> ServiceBlock | None:
    """The component as a block; None when the filter leaves nothing of it."""
    rows = [
        _node_row(node, index, len(nodes), is_open=opener.opens(node, _replicas(node)))
        for index, node in enumerate(nodes)
        if _is_wanted(component, node, wanted)
    ]
    names_it = wanted.text.casefold() in component.name.casefold() and not wanted.only_trouble
    if wanted.is_filter and not rows and not names_it:
        return None
    return ServiceBlock(
        id=component.pk,
        name=component.name,
        shown=component.shown_status,
        is_manual=component.is_manual,
        is_visible=component.is_visible,
        summary=wording.summary([replica for node in nodes for replica in _replicas(node)]),
        nodes=tuple(rows),
        is_first=place[0] == 0,
        is_last=place[0] == place[1] - 1,
    )


def _is_wanted(component: Component, node: Node, wanted: Wanted) -> bool:
    replicas = _replicas(node)
    if wanted.only_trouble and all(replica.health == Health.HEALTHY for replica in replicas):
        return False
    texts = [component.name, node.name, *(replica.address for replica in replicas)]
    return any(wanted.text.casefold() in text.casefold() for text in texts)


def _node_row(node: Node, index: int, count: int, *, is_open: bool) -> NodeRow:
    replicas = _replicas(node)
    latencies = [replica.latency_ms for replica in replicas if replica.latency_ms is not None]
    return NodeRow(
        id=node.pk,
        name=node.name,
        mode=str(Mode(node.mode).label),
        summary=wording.summary(replicas),
        latency_ms=median_low(latencies) if latencies else None,
        replicas=tuple(
            _replica_row(replica, node, number) for number, replica in enumerate(replicas, start=1)
        ),
        remarks=remarks.of_node(node, replicas),
        has_targets=node.mode != Mode.PUSH,
        is_flapping=any(flapping.is_flapping(replica) for replica in replicas),
        is_open=is_open,
        is_first=index == 0,
        is_last=index == count - 1,
    )


def _replica_row(replica: Replica, node: Node, number: int) -> ReplicaRow:
    health = replica.measured
    return ReplicaRow(
        id=replica.pk,
        number=number,
        address=replica.address,
        code=wording.HEALTH_CODES[health],
        word=wording.health(health, is_waiting=replica.is_waiting),
        why=wording.why(replica, node),
        verdict=getattr(replica, "sentence", ""),
        since=replica.health_since if health else None,
        checks=replica.checks_in_health,
        checked_at=replica.last_outcome_at,
        latency_ms=replica.latency_ms,
        phases=wording.phases(replica.phases),
        certificate_ends_at=_soon(replica.certificate_expires_at, replica.last_outcome_at),
    )


def _soon(ends_at: datetime | None, checked_at: datetime | None) -> datetime | None:
    """The end of a certificate, once it is near enough to be somebody's business."""
    if ends_at is None or checked_at is None:
        return None
    return ends_at if ends_at - checked_at < CERTIFICATE_WARNING else None
