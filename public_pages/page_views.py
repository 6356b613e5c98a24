"""What pages are made from: frozen values, one class a subject, read by `reading`.

Each class names the fields that leave the database, so a column that is added to a model is not
on the page until somebody writes it here (reliability A12).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from components import status
from components.status import Status
from components.uptime import Change, Weights
from monitoring.models import Span
from probing import health
from probing.health import Health
from public_pages.event_views import NO_EVENTS, EventLine, HomeEvents
from public_pages.warning import NOT_DEAD, Watch

SPAN_LENGTHS = {
    Span.QUARTER: timedelta(minutes=15),
    Span.HOUR: timedelta(hours=1),
    Span.DAY: timedelta(days=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaView:
    """A replica as visitors see it: its number in the node, or its address where that is shown.

    `counts_as` is what it adds to the health of the page (`monitoring.page_health`): also of a dead
    replica that nobody looked at lately.
    """

    number: int
    label: str
    health: Health | None  # None: nothing recent is known
    is_waiting: bool  # new, and its first outcome is not overdue
    counts_as: Health = Health.HEALTHY
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
    incidents_mark: tuple[int, int] = (0, 0)  # changes with the incidents its page lists

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
    feed_authority: str = ""


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
    events: HomeEvents = NO_EVENTS
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
    def is_watching(self) -> bool:
        """Whether an incident is open although all components are operational: never green then."""
        is_fine = self.status == Status.OPERATIONAL and bool(self.components)
        return is_fine and bool(self.events.open)

    @property
    def code(self) -> str:
        """The two letters of the state that the page as a whole shows."""
        if self.is_watching:
            return Status.UNDER_MAINTENANCE.code
        return self.status.code if self.components else Status.UNKNOWN.code

    @property
    def health(self) -> Health:
        """The worst replica of all (E4, E5); healthy when none is sick or dead (E6).

        Replicas of a component in maintenance do not count (decision 1).
        """
        return health.worst(
            replica.counts_as
            for component in self.components
            if not component.is_in_maintenance
            for replica in component.replicas
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
    """What only a component's own page shows: a year of changes, response times, its incidents."""

    changes: tuple[Change, ...]
    responses: Mapping[Span, tuple[Response, ...]]
    incidents: tuple[EventLine, ...] = ()  # newest first


def _health(replicas: Iterable[ReplicaView]) -> Health | None:
    every = list(replicas)
    known = [replica.health for replica in every if replica.health]
    return None if every and not known else health.worst(known)
