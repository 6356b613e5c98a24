"""What pages are made from: frozen values, one class a subject, read by `reading`.

Each class names the fields that leave the database, so a column that is added to a model is not
on the page until somebody writes it here (reliability A12).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from branding import brand_views
from branding.brand_views import BrandView
from components import status
from components.models import PageKind
from components.models.pages import MAIN_ID
from components.page_addresses import PageAddress
from components.status import Status
from components.uptime import Change, Weights
from monitoring.models import Span
from probing import health
from probing.health import Health
from public_pages.event_views import NO_EVENTS, EventLine, HomeEvents
from public_pages.warning import NOT_DEAD, Watch

_NOWHERE = PageAddress("http://localhost")
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
    is_restricted: bool = False  # only on pages that chose it
    incidents_mark: tuple[int, int] = (0, 0)  # changes with the incidents its page lists
    checked_at: datetime | None = field(default=None, compare=False)  # the clock's, as said above

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
class ContactView:
    """For whom a customer page was made: who is signed in. `is_preview`: an operator looks at it."""

    mailbox: str = ""
    is_preview: bool = False

    @property
    def domain(self) -> str:
        """The part of the address that let them in."""
        return self.mailbox.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteView:
    """What everything on a page shares: its row, and where it is.

    `base` is the path that links on the page begin with, empty or like /s/eu: bytes are the same
    under every host name of the page. `address` is where links from elsewhere lead.
    """

    name: str
    time_zone: ZoneInfo
    weights: Weights
    is_demo: bool
    feed_authority: str = ""
    page_id: int = MAIN_ID
    kind: PageKind = PageKind.PUBLIC
    shows_all: bool = True  # nothing is kept from it
    is_general: bool = True  # tells what concerns no service
    is_set_up: bool = True
    language: str = "en"
    base: str = ""
    address: PageAddress = _NOWHERE
    brand: BrandView = brand_views.DEFAULT
    contact: ContactView | None = None  # on customer pages

    @property
    def is_main(self) -> bool:
        """Whether it is the installation's own page."""
        return self.page_id == MAIN_ID

    @property
    def is_open(self) -> bool:
        """Whether everybody may read it: it is no customer's."""
        return self.kind is not PageKind.CUSTOMER

    @property
    def origin(self) -> str:
        """The origin of its host, as in https://status.example.com."""
        return self.address.origin

    def url(self, path: str) -> str:
        """The absolute address of a path of the page; of the page itself for an empty one."""
        return self.address.url(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementView:
    """An announcement; `text` is the Markdown that was written.

    `pages` are those it is on; without any it is on every page, or on none if it `is_for_some`.
    Both are empty again once it is on one.
    """

    ident: str
    title: str
    text: str
    starts_at: datetime
    ends_at: datetime | None
    pages: frozenset[int] = frozenset()
    is_for_some: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """A page at one moment; or the world, from which `projecting` cuts the part of each page.

    The world has every visible component and event, and announcements that are still to come.
    """

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
    def general_ids(self) -> frozenset[int]:
        """The components that a page of every service shows."""
        return frozenset(one.id for one in self.components if not one.is_restricted)

    @property
    def status(self) -> Status:
        """The worst of the components (B8)."""
        return status.overall(component.status for component in self.components)

    @property
    def is_nameless(self) -> bool:
        """Whether nobody has named the page and nothing is on it: then it is not a status page (A1)."""
        is_bare = not (self.components or self.announcements) and self.events == NO_EVENTS
        return is_bare and not self.site.is_set_up

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
