"""Which events feeds and calendars tell, and the planned work itself.

Called by the publisher when an event has changed, and by customer pages. The number of statements is fixed; how much they
read depends on what goes on and on half a year of history, not on the whole archive.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from django.db import models

from components.models import Page
from incidents import lifecycle, windows
from incidents.models import (
    AffectedComponent,
    AffectedService,
    Incident,
    Maintenance,
    WithdrawnEvent,
)
from public_pages import events, projecting
from public_pages.event_views import Kind, TouchedView
from public_pages.page_views import SiteView

ENTRIES = 50
PER_COMPONENT = 25
COMPONENT_DAYS = 180
CALENDAR_DAYS = 90  # what is over stays in calendars, above all that it was cancelled
_PLANNED = 500  # windows that a calendar holds beside those that are over
_SCHEDULED = 25  # windows ahead that a feed tells of, the soonest
_OLDEST = timedelta(days=400)  # no window that ended lately began before: keeps to an index


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What is different when any event is; `withdrawn_at` is when the last one was deleted."""

    incidents: int | None
    works: int | None
    withdrawn: int | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event that a feed tells; `revision` is another one after every change."""

    kind: Kind
    pk: int
    ident: str
    at: datetime
    revision: int
    is_present: bool  # going on or planned: never left out for a newer one


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is told by the feeds of the page and of each visible component, by its id."""

    page: tuple[Told, ...]
    components: Mapping[int, tuple[Told, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkView:
    """Planned work as a calendar has it; `html` is what was written about it, already clean."""

    ident: str
    title: str
    html: str
    state: windows.State
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    changed_at: datetime
    sequence: int
    revision: int
    touched: tuple[TouchedView, ...]
    dedicated: frozenset[int] = frozenset()  # as of incidents

    @property
    def path(self) -> str:
        """Its address."""
        return f"/maintenance/{self.ident}"


def marks() -> Marks:
    """Read the marks in one statement, each from the end of an index."""
    gone = WithdrawnEvent.objects.order_by("-page_revision")
    found = (
        Page.objects.filter(id=1)
        .annotate(
            incidents=_last(Incident.objects.public(), "page_revision"),
            works=_last(Maintenance.objects.public(), "page_revision"),
            withdrawn=_last(gone, "page_revision"),
            withdrawn_at=_last(gone, "withdrawn_at"),
        )
        .values("incidents", "works", "withdrawn", "withdrawn_at")
        .get()
    )
    return Marks(**found)


def chosen(*, now: datetime, kinds: Iterable[Kind] = tuple(Kind)) -> Chosen:
    """Read which events are told where; `kinds` are those of which there may be any."""
    since, among = now - timedelta(days=COMPONENT_DAYS), frozenset(kinds)
    return Chosen(page=_of_page(among), components=_of_components(since, among))


def of_some(
    chosen: Chosen, shown: Iterable[int], *, general: Iterable[Told] = ()
) -> tuple[Told, ...]:
    """Return what the feed of a page tells that shows only these components, and `general` events."""
    told = {(one.kind, one.pk): one for pk in sorted(shown) for one in chosen.components[pk]}
    told |= {(one.kind, one.pk): one for one in general}
    return _first(told.values(), ENTRIES)


def shown_works(
    works: Iterable[WorkView], *, site: SiteView, shown: frozenset[int]
) -> tuple[WorkView, ...]:
    """Return the planned work that a page shows, with its own components alone."""
    found = []
    for work in works:
        touched = tuple(component for component in work.touched if component.id in shown)
        if projecting.is_told(work.touched, touched, dedicated=work.dedicated, site=site):
            found.append(replace(work, touched=touched, dedicated=frozenset()))
    return tuple(found)


def works(*, now: datetime) -> tuple[WorkView, ...]:
    """Read the planned work of calendars: what is going on or ahead, and what was over lately."""
    every = Maintenance.objects.public()
    over = every.past().filter(
        changed_at__gte=now - timedelta(days=CALENDAR_DAYS), starts_at__gte=now - _OLDEST
    )
    rows = [*every.running(), *every.scheduled()[:_PLANNED], *over]
    if not rows:
        return ()
    touched = events.touched(
        AffectedService.objects.filter(maintenance__in=rows), owner="maintenance_id"
    )
    return tuple(
        WorkView(
            ident=row.public_id,
            title=row.title,
            html=row.html,
            state=row.state_value,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            created_at=row.created_at,
            changed_at=row.changed_at,
            sequence=row.sequence,
            revision=row.page_revision,
            touched=touched[row.pk],
            dedicated=frozenset(row.dedicated_ids),
        )
        for row in sorted(rows, key=attrgetter("starts_at", "pk"))
    )


def _last(rows: "models.QuerySet[Any]", column: str) -> models.Subquery:
    return models.Subquery(rows.order_by("-page_revision").values(column)[:1])


def _of_page(kinds: Collection[Kind]) -> tuple[Told, ...]:
    open_ones, past = Incident.objects.open(), Incident.objects.past()[:ENTRIES]
    every = Maintenance.objects.public()
    running, ahead, over = every.running(), every.scheduled()[:_SCHEDULED], every.past()[:ENTRIES]
    told = [
        Told(kind=kind, pk=pk, ident=ident, at=at, revision=revision, is_present=is_present)
        for kind, start, is_present, rows in (
            (Kind.INCIDENT, "started_at", True, open_ones),
            (Kind.INCIDENT, "started_at", False, past),
            (Kind.MAINTENANCE, "starts_at", True, running),
            (Kind.MAINTENANCE, "starts_at", True, ahead),
            (Kind.MAINTENANCE, "starts_at", False, over),
        )
        if kind in kinds
        for pk, ident, at, revision in rows.values_list("pk", "public_id", start, "page_revision")
    ]
    return _first(told, ENTRIES)


def _of_components(since: datetime, kinds: Collection[Kind]) -> Mapping[int, tuple[Told, ...]]:
    # By way of the events: a join with these conditions reads every component ever affected.
    over = tuple(state for state in lifecycle.State if not state.is_open)
    recent = Incident.objects.public().filter(
        models.Q(started_at__gte=since) | ~models.Q(state__in=over)
    )
    incidents = AffectedComponent.objects.filter(
        incident__in=recent.values("pk"), component__is_visible=True
    ).values_list(
        "component_id",
        "incident_id",
        "incident__public_id",
        "incident__started_at",
        "incident__page_revision",
        "incident__state",
    )
    done = tuple(state for state in windows.State if state.is_over)
    latest = Maintenance.objects.public().filter(
        models.Q(starts_at__gte=since) | ~models.Q(state__in=done)
    )
    planned = AffectedService.objects.filter(
        maintenance__in=latest.values("pk"), component__is_visible=True
    ).values_list(
        "component_id",
        "maintenance_id",
        "maintenance__public_id",
        "maintenance__starts_at",
        "maintenance__page_revision",
        "maintenance__state",
    )
    found: dict[int, list[Told]] = defaultdict(list)
    for kind, rows, past in (
        (Kind.INCIDENT, incidents, over),
        (Kind.MAINTENANCE, planned, done),
    ):
        if kind not in kinds:
            continue
        for component_id, pk, ident, at, revision, state in rows:
            is_present = state not in past
            found[component_id].append(
                Told(kind=kind, pk=pk, ident=ident, at=at, revision=revision, is_present=is_present)
            )
    return defaultdict(tuple, {ident: _first(told, PER_COMPONENT) for ident, told in found.items()})


def _first(told: Iterable[Told], count: int) -> tuple[Told, ...]:
    """What is going on or planned, and the newest of the rest, up to a number."""
    ordered = sorted(told, key=lambda one: (not one.is_present, -one.at.timestamp()))
    present = sum(one.is_present for one in ordered)
    return tuple(ordered[: max(count, present)])
