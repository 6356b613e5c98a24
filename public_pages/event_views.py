"""What pages about events are made from: frozen values, read by `events` and `event_lists`.

As in `page_views`, each class names the fields that leave the database; drafts are never read.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from components.status import Status
from incidents import lifecycle, windows
from incidents.lifecycle import Impact


class Kind(StrEnum):
    """What happened: unplanned or planned."""

    INCIDENT = "incident"
    MAINTENANCE = "maintenance"


State = lifecycle.State | windows.State


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedView:
    """A visible component that an event touches, and what the event says of it; None: nothing."""

    id: int
    slug: str
    name: str
    status: Status | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipView:
    """What visitors saw of a component before and after an update; `key` tells components apart.

    `component_id` is None for one that was removed since.
    """

    key: str
    name: str
    previous: Status
    status: Status
    component_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateView:
    """One entry of a timeline; `html` was rendered and cleaned when it was written.

    `audience` is the one page that it is on; None: on every page that shows the event.
    """

    ident: str
    state: State
    is_change: bool
    html: str
    at: datetime
    corrected_at: datetime | None
    chips: tuple[ChipView, ...]
    title: str = ""  # what it tells when that is not its state
    audience: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionView:
    """Something that is changed so that it does not happen again."""

    text: str
    owner: str
    due_on: date | None
    is_done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PostmortemView:
    """A published report; its texts are Markdown."""

    title: str
    summary: str
    impact: str
    root_cause: str
    published_at: datetime
    author_name: str
    entries: tuple[tuple[datetime, str], ...]  # oldest first
    actions: tuple[ActionView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """A public incident with all that was said; `updates` are newest first.

    `dedicated` are the ids of components it touches or touched that only some pages chose, also
    those that are gone; empty again once it is cut to a page, as with all events.
    """

    ident: str
    title: str
    state: lifecycle.State
    impact: Impact
    started_at: datetime
    ended_at: datetime | None
    next_update_by: datetime | None
    is_retroactive: bool
    is_detected: bool  # monitors drafted it
    touched: tuple[TouchedView, ...]
    updates: tuple[UpdateView, ...]
    postmortem: PostmortemView | None
    dedicated: frozenset[int] = frozenset()

    @property
    def path(self) -> str:
        """Its address."""
        return f"/incidents/{self.ident}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceView:
    """A maintenance with all that was said; `updates` are newest first."""

    ident: str
    title: str
    html: str
    state: windows.State
    starts_at: datetime
    ends_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    touched: tuple[TouchedView, ...]
    updates: tuple[UpdateView, ...]
    dedicated: frozenset[int] = frozenset()

    @property
    def path(self) -> str:
        """Its address."""
        return f"/maintenance/{self.ident}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AsideView:
    """What one page alone was told of an incident last, and how often."""

    page_id: int
    at: datetime
    html: str  # empty: nothing in words
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenView:
    """What lists need to cut an incident down to a page; nothing of it is left on one.

    `shown` is what visitors saw of components (None: removed since) while it was open, `claimed`
    what the incident says of itself, `said_at` when everybody was told something last.
    """

    shown: tuple[tuple[int | None, Status], ...] = ()
    claimed: Status | None = None
    said_at: datetime | None = None
    asides: tuple[AsideView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """An event as lists show it; `html` is the latest text that was said.

    `starts_at` is the day it is listed under; the plan, for maintenance, which alone has a
    `planned_end` and a `began_at`.
    """

    kind: Kind
    ident: str
    title: str
    state: State
    worst: Status
    html: str
    starts_at: datetime
    ended_at: datetime | None
    touched: tuple[TouchedView, ...]
    updates: int = 0
    next_update_by: datetime | None = None
    planned_end: datetime | None = None
    began_at: datetime | None = None
    has_postmortem: bool = False
    seen: SeenView | None = None
    dedicated: frozenset[int] = frozenset()

    @property
    def path(self) -> str:
        """Its address."""
        folder = "incidents" if self.kind is Kind.INCIDENT else "maintenance"
        return f"/{folder}/{self.ident}"

    @property
    def is_open(self) -> bool:
        """Whether it is going on."""
        if isinstance(self.state, lifecycle.State):
            return self.state.is_open
        return self.state.is_running


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeEvents:
    """What the home page tells about events."""

    open: tuple[EventLine, ...] = ()  # incidents, worst first, the newest first among equals
    running: tuple[EventLine, ...] = ()  # maintenance
    upcoming: tuple[EventLine, ...] = ()  # maintenance of the next days, soonest first
    recent: tuple[EventLine, ...] = ()  # what began in the past days, newest first

    @property
    def promised(self) -> tuple[datetime, ...]:
        """When what was promised is due."""
        every = (line.next_update_by for line in self.open)
        return tuple(at for at in every if at is not None)


NO_EVENTS = HomeEvents()
