"""Everything a page is made from, read with a fixed number of queries into frozen values.

Called by the publisher, and later by customer pages. Each class names the fields that leave the
database, so a column that is added to a model is not on the page until somebody writes it here
(reliability A12): hidden components are not read at all, and a replica's address only where the
operator shows addresses.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.db import models

from common import timespan
from components import catalogue, status
from components.models import Component, Page, StatusChange, StatusClaim
from components.status import Source, Status
from components.uptime import Change, Weights
from incidents.models import Announcement
from monitoring import evidence
from monitoring.models import (
    AlertSettings,
    Mode,
    Node,
    PageHealthChange,
    Replica,
    ResponseSummary,
    Span,
)
from probing import health
from probing.health import Health
from public_pages import unseen
from public_pages.warning import NOT_DEAD, Watch

HISTORY_DAYS = 90
YEAR_DAYS = 365
SPAN_LENGTHS = {
    Span.QUARTER: timedelta(minutes=15),
    Span.HOUR: timedelta(hours=1),
    Span.DAY: timedelta(days=1),
}
_SPANS_READ = {
    Span.QUARTER: timedelta(hours=26),
    Span.HOUR: timedelta(days=8),
    Span.DAY: timedelta(days=93),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaView:
    """A replica as visitors see it: its number in the node, or its address where that is shown."""

    number: int
    label: str
    health: Health | None  # None: nothing recent is known
    is_waiting: bool  # new, and its first outcome is not overdue
    why: str = ""  # one sentence, for what is sick or dead; names no address


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeView:
    """A node with its replicas in order; `schemes` are the probe kinds in use, like "https"."""

    name: str
    schemes: tuple[str, ...]
    interval_s: int
    sick_after_s: float
    replicas: tuple[ReplicaView, ...]

    @property
    def status(self) -> Status | None:
        """What its replicas say together; None without replicas."""
        return status.from_replicas([[replica.health for replica in self.replicas]])

    @property
    def health(self) -> Health | None:
        """The worst measured health; None when there are replicas and nothing is known of any."""
        return _health(self.replicas)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentView:
    """A visible component. Equal views make equal pages, apart from clock and response times."""

    id: int
    slug: str
    name: str
    description: str
    group_name: str
    status: Status
    status_since: datetime | None
    is_in_maintenance: bool
    was_checked: bool
    nodes: tuple[NodeView, ...]
    changes: tuple[Change, ...]  # of the days shown, the first one holding from before them

    @property
    def replicas(self) -> Iterator[ReplicaView]:
        """The replicas of all nodes."""
        return (replica for node in self.nodes for replica in node.replicas)

    @property
    def is_monitored(self) -> bool:
        """Whether there is anything that is measured."""
        return any(node.replicas for node in self.nodes)

    @property
    def health(self) -> Health | None:
        """The worst measured health (E7); None when there are replicas and nothing is known."""
        return _health(self.replicas)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """Components under one heading; without a name for those that belong to no group."""

    name: str
    is_collapsed: bool
    components: tuple[ComponentView, ...]

    @property
    def status(self) -> Status:
        """The worst of its components (B8)."""
        return status.overall(component.status for component in self.components)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteView:
    """What every page shows of the page row."""

    name: str
    time_zone: ZoneInfo
    weights: Weights
    is_demo: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementView:
    """A current announcement; `text` is the Markdown that was written."""

    ident: str
    title: str
    text: str
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """The whole public page at one moment."""

    revision: int
    as_of: datetime
    site: SiteView
    groups: tuple[GroupView, ...]
    checked_at: datetime | None  # the latest outcome of any visible replica
    interrupted_since: datetime | None = None  # our own network is down: states are the last known
    announcements: tuple[AnnouncementView, ...] = ()  # newest first
    warning: Watch = NOT_DEAD
    changes_at: datetime | None = None  # when it says something else by the clock alone

    @property
    def components(self) -> tuple[ComponentView, ...]:
        """All components in page order."""
        return tuple(component for group in self.groups for component in group.components)

    @property
    def status(self) -> Status:
        """The worst of the components (B8)."""
        return status.overall(component.status for component in self.components)

    @property
    def health(self) -> Health:
        """The worst replica of all (E4, E5); healthy when none is sick or dead (E6).

        Replicas of a component in maintenance do not count (decision 1).
        """
        return health.worst(
            replica.health
            for component in self.components
            if not component.is_in_maintenance
            for replica in component.replicas
            if replica.health
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Response times of a component over one span that starts at `start_at`."""

    start_at: datetime
    answered: int
    failed: int
    p50_ms: int | None
    p95_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailView:
    """What only a component's own page shows: a year of changes, and its response times."""

    changes: tuple[Change, ...]
    responses: Mapping[Span, tuple[Response, ...]]


def page(*, now: datetime) -> PageView:
    """Read the public page, with the same number of queries however many components there are.

    The revision is read first: what changes while the rest is read raises it again, so the next
    look at it finds something to publish.
    """
    row = catalogue.page()
    site = _site(row)
    since = _days_ago(HISTORY_DAYS - 1, now=now, time_zone=site.time_zone)
    rows = list(
        Component.objects.visible()
        .in_page_order()
        .select_related("group")
        .annotate(**_before(since))
    )
    in_maintenance = set(
        StatusClaim.objects.filter(
            source=Source.MAINTENANCE, component__is_visible=True
        ).values_list("component_id", flat=True)
    )
    changes = _changes(rows, StatusChange.objects.filter(component__is_visible=True), since=since)
    blind = unseen.stretches(since=since)
    unseen.put(changes, blind=blind)
    interrupted_since = blind[-1][0] if blind and blind[-1][1] is None else None
    nodes, checked = _nodes(
        {row.id for row in rows if row.shows_addresses},
        now=now,
        is_interrupted=interrupted_since is not None,
    )
    views = [
        _component(row, nodes[row.id], changes[row.id], checked, row.id in in_maintenance)
        for row in rows
    ]
    announcements, changes_at = _announcements(now)
    warning = _warning()
    return PageView(
        revision=row.revision,
        as_of=now,
        site=site,
        groups=_groups(rows, views),
        checked_at=max(checked.values(), default=None),
        interrupted_since=interrupted_since,
        announcements=announcements,
        warning=warning,
        changes_at=min(
            (at for at in (changes_at, warning.due_at) if at and at > now), default=None
        ),
    )


def details(
    *, component_ids: Iterable[int], now: datetime, time_zone: ZoneInfo
) -> Mapping[int, DetailView]:
    """Read what only the pages of these components show, in a fixed number of queries."""
    ids = list(component_ids)
    since = _days_ago(YEAR_DAYS - 1, now=now, time_zone=time_zone)
    rows = list(Component.objects.visible().filter(id__in=ids).annotate(**_before(since)))
    changes = _changes(rows, StatusChange.objects.filter(component_id__in=ids), since=since)
    unseen.put(changes, blind=unseen.stretches(since=since))
    responses = _responses(ids, now=now)
    return {
        row.id: DetailView(
            changes=changes[row.id],
            responses={span: tuple(responses[row.id, span]) for span in SPAN_LENGTHS},
        )
        for row in rows
    }


def _site(row: Page) -> SiteView:
    return SiteView(
        name=row.name,
        time_zone=ZoneInfo(row.time_zone),
        weights=Weights(
            major_outage=row.major_outage_weight,
            partial_outage=row.partial_outage_weight,
            degraded_performance=row.degraded_performance_weight,
            under_maintenance=row.under_maintenance_weight,
        ),
        is_demo=row.is_demo,
    )


def _announcements(now: datetime) -> tuple[tuple[AnnouncementView, ...], datetime | None]:
    """The current ones, and when the next one starts or ends."""
    rows = list(Announcement.objects.not_over(now=now))
    moments = (at for row in rows for at in (row.starts_at, row.ends_at) if at and at > now)
    views = (
        AnnouncementView(
            ident=str(row.uuid),
            title=row.title,
            text=row.text,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
        for row in rows
        if row.starts_at <= now
    )
    return tuple(views), min(moments, default=None)


def _warning() -> Watch:
    latest = PageHealthChange.objects.order_by("-at", "-id").first()
    chosen = AlertSettings.objects.filter(id=1).first() or AlertSettings()
    is_dead = latest is not None and latest.health == Health.DEAD
    return Watch(
        dead_since=latest.at if latest and is_dead else None,
        after_s=chosen.warns_after_s,
        is_on=chosen.warns,
    )


def _days_ago(days: int, *, now: datetime, time_zone: ZoneInfo) -> datetime:
    """The start of the calendar day so many days before today, in the page's zone."""
    day = now.astimezone(time_zone).date() - timedelta(days=days)
    return timespan.day_start(day, time_zone=time_zone)


def _before(since: datetime) -> dict[str, models.Subquery]:
    """Annotations: the status that held at `since`, and from when."""
    earlier = StatusChange.objects.filter(component=models.OuterRef("pk"), at__lt=since)
    last = earlier.order_by("-at", "-id")
    return {
        "status_before": models.Subquery(last.values("status")[:1]),
        "before_at": models.Subquery(last.values("at")[:1]),
    }


def _changes(
    rows: Sequence[Component], stored: "models.QuerySet[StatusChange]", *, since: datetime
) -> dict[int, tuple[Change, ...]]:
    """The changes by component, led by the one that held at `since`.

    Of the changes at one instant the one stored later comes later and so holds.
    """
    found: dict[int, list[Change]] = defaultdict(list)
    for row in rows:
        if held := getattr(row, "status_before", None):
            found[row.id].append(Change(at=getattr(row, "before_at"), status=Status(held)))  # noqa: B009 - annotated
    within = stored.filter(at__gte=since).order_by("at", "id")
    for component_id, at, value in within.values_list("component_id", "at", "status"):
        found[component_id].append(Change(at=at, status=Status(value)))
    return defaultdict(tuple, {component_id: tuple(held) for component_id, held in found.items()})


def _nodes(
    shows_addresses: set[int], *, now: datetime, is_interrupted: bool
) -> tuple[dict[int, tuple[NodeView, ...]], dict[int, datetime]]:
    """The nodes by component, and when each component was last checked."""
    replicas: dict[int, list[Replica]] = defaultdict(list)
    for replica in Replica.objects.filter(node__component__is_visible=True).order_by(
        "node_id", "position", "id"
    ):
        replicas[replica.node_id].append(replica)
    why = evidence.sentences(replicas=[each for mine in replicas.values() for each in mine])
    nodes: dict[int, list[NodeView]] = defaultdict(list)
    checked: dict[int, datetime] = {}
    for node in Node.objects.filter(component__is_visible=True).order_by("position", "name", "id"):
        mine = replicas[node.id]
        nodes[node.component_id].append(
            _node(
                node,
                mine,
                is_open=node.component_id in shows_addresses,
                # What is checked from here is shown as it was last known.
                fresh_at=None if is_interrupted and node.mode == Mode.POLL else now,
                why=why,
            )
        )
        for replica in mine:
            if seen := replica.last_outcome_at:
                checked[node.component_id] = max(checked.get(node.component_id, seen), seen)
    return defaultdict(tuple, {key: tuple(views) for key, views in nodes.items()}), checked


def _node(
    node: Node,
    replicas: Sequence[Replica],
    *,
    is_open: bool,
    fresh_at: datetime | None,
    why: Mapping[int, str],
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


def _component(
    row: Component,
    nodes: tuple[NodeView, ...],
    changes: tuple[Change, ...],
    checked: Mapping[int, datetime],
    is_in_maintenance: bool,
) -> ComponentView:
    view = ComponentView(
        id=row.id,
        slug=row.slug,
        name=row.name,
        description=row.description,
        group_name=row.group.name if row.group else "",
        status=row.shown_status,
        status_since=row.status_since,
        is_in_maintenance=is_in_maintenance,
        was_checked=row.id in checked,
        nodes=nodes,
        changes=changes,
    )
    if view.status == Status.OPERATIONAL and not row.is_manual and _is_unheard(view):
        return replace(view, status=Status.UNKNOWN)
    return view


def _is_unheard(view: ComponentView) -> bool:
    """Whether the replicas give no ground to say "operational" (DESIGN: no green without evidence).

    The gap is normally noted in the status itself; this holds also when nobody could write it.
    A new replica beside others is still silent without raising doubt.
    """
    heard = [replica.health for replica in view.replicas if not replica.is_waiting]
    return None in heard or (view.is_monitored and not heard)


def _health(replicas: Iterable[ReplicaView]) -> Health | None:
    every = list(replicas)
    known = [replica.health for replica in every if replica.health]
    return None if every and not known else health.worst(known)


def _groups(rows: Sequence[Component], views: Sequence[ComponentView]) -> tuple[GroupView, ...]:
    groups = []
    for _, pairs in groupby(zip(rows, views, strict=True), key=lambda pair: pair[0].group_id):
        members = list(pairs)
        group = members[0][0].group
        groups.append(
            GroupView(
                name=group.name if group else "",
                is_collapsed=bool(group and group.is_collapsed),
                components=tuple(view for _, view in members),
            )
        )
    return tuple(groups)


def _responses(ids: Sequence[int], *, now: datetime) -> dict[tuple[int, Span], list[Response]]:
    found: dict[tuple[int, Span], list[Response]] = defaultdict(list)
    wanted = models.Q()
    for kind, length in _SPANS_READ.items():
        wanted |= models.Q(span=kind, start_at__gte=now.astimezone(UTC) - length)
    rows = ResponseSummary.objects.filter(wanted, component_id__in=ids).order_by("start_at")
    for component_id, span, start_at, answered, failed, p50_ms, p95_ms in rows.values_list(
        "component_id", "span", "start_at", "answered", "failed", "p50_ms", "p95_ms"
    ):
        found[component_id, Span(span)].append(
            Response(
                start_at=start_at, answered=answered, failed=failed, p50_ms=p50_ms, p95_ms=p95_ms
            )
        )
    return found
