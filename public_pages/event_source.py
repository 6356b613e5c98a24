"""What pages about events are made from, read once for all pages of a moment.

A thousand pages ask for the same months, events and marks: the first one that asks has them read.
Nothing here belongs to one page; `projecting` cuts out the part of each.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from django.db import models

from components.models import Component
from incidents.models import (
    AffectedComponent,
    AffectedService,
    Incident,
    Maintenance,
    WithdrawnEvent,
)
from public_pages import event_lists, events, feeds_reading, reading, v2_reading
from public_pages.event_views import EventLine, IncidentView, Kind, MaintenanceView
from public_pages.feeds_reading import Chosen, Marks, WorkView
from public_pages.page_views import DetailView, SiteView
from public_pages.v2_reading import PageFact

EventView = IncidentView | MaintenanceView
Key = tuple[Kind, int]
_T = TypeVar("_T")

_KEPT_VIEWS = 2000  # events in memory; the archive is longer
_AHEAD = 50  # windows whose pages speak of the present
_ROWS: Sequence[tuple[Kind, Any]] = ((Kind.INCIDENT, Incident), (Kind.MAINTENANCE, Maintenance))


class EventSource:
    """The events at one moment; make a new one when anything has changed."""

    def __init__(self) -> None:
        self._found: dict[object, Any] = {}
        self._views: dict[Key, EventView | None] = {}
        self._details: dict[int, DetailView | None] = {}

    # ---- events ----------------------------------------------------------------------------------

    def views(self, kind: Kind, ids: Iterable[int]) -> Sequence[EventView]:
        """Return events by their primary keys, in that order; what is not public is left out."""
        wanted = list(ids)
        if missing := [pk for pk in wanted if (kind, pk) not in self._views]:
            if len(self._views) > _KEPT_VIEWS:
                self._views.clear()
                missing = wanted
            self._views |= {(kind, pk): None for pk in missing}
            self._views |= {(kind, pk): view for pk, view in _read(kind, missing)}
        every = (self._views[kind, pk] for pk in wanted)
        return [view for view in every if view is not None]

    def between(self, start: datetime, end: datetime) -> tuple[EventLine, ...]:
        """Return the events that begin in a half-open period, newest first."""
        kinds = self._known_kinds()
        return self._once(
            ("between", start, end), lambda: event_lists.between(start, end, kinds=kinds)
        )

    def works(self) -> tuple[EventLine, ...]:
        """Return what the maintenance page lists."""
        return self._once(
            "works", lambda: event_lists.works() if self._may_have(Kind.MAINTENANCE) else ()
        )

    def ids_between(self, kind: Kind, start: datetime, end: datetime | None) -> Sequence[int]:
        """Return the events that begin in a period, or from a moment on, newest first."""

        def read() -> list[int]:
            if not self._may_have(kind):
                return []
            column = "started_at" if kind is Kind.INCIDENT else "starts_at"
            rows = dict(_ROWS)[kind].objects.public().filter(**{f"{column}__gte": start})
            rows = rows.filter(**{f"{column}__lt": end}) if end else rows
            return list(rows.order_by("-pk").values_list("pk", flat=True))

        return self._once(("ids", kind, start, end), read)

    def newest(self, kind: Kind, count: int) -> Sequence[int]:
        """Return the newest events of all, by when they began; those that are open before all others."""

        def read() -> list[int]:
            if not self._may_have(kind):
                return []
            if kind is Kind.INCIDENT:
                present = list(Incident.objects.open().values_list("pk", flat=True))
                past = Incident.objects.past()[:count].values_list("pk", flat=True)
                return list(dict.fromkeys([*present, *past]))
            rows = Maintenance.objects.public()
            every = (rows.running(), rows.scheduled()[:count], rows.past()[:count])
            return [row.pk for some in every for row in some]

        return self._once(("newest", kind, count), read)

    def page_facts(self) -> Mapping[int, PageFact]:
        """Return what Statuspage's documents say of each page itself, by its id."""
        return self._once("page facts", v2_reading.pages)

    def once(self, key: object, read: Callable[[], _T]) -> _T:
        """Return what a reader of these events reads once for all pages."""
        return self._once(("of a reader", key), read)

    def changed(self, cursor: int) -> Mapping[Key, int]:
        """Return the revision of each event that changed after one, oldest first."""

        def read() -> dict[Key, int]:
            found = {}
            for kind, rows in _ROWS:
                if not self._may_have(kind, after=cursor):
                    continue
                changed = rows.objects.public().filter(page_revision__gt=cursor)
                for pk, revision in changed.order_by("page_revision").values_list(
                    "pk", "page_revision"
                ):
                    found[kind, pk] = revision
            return found

        return self._once(("changed", cursor), read)

    def withdrawn(self, cursor: int = -1) -> Sequence[WithdrawnEvent]:
        """Return the events that were deleted after a revision."""

        def read() -> list[WithdrawnEvent]:
            marks = self._known_marks()
            if marks is not None and (marks.withdrawn is None or marks.withdrawn <= cursor):
                return []
            return list(WithdrawnEvent.objects.filter(page_revision__gt=cursor).order_by("pk"))

        return self._once(("withdrawn", cursor), read)

    def present(self) -> Sequence[Key]:
        """Return what is going on or planned: its pages speak of the present."""

        def read() -> list[Key]:
            found: list[Key] = []
            if self._may_have(Kind.INCIDENT):
                incidents = Incident.objects.open().values_list("pk", flat=True)
                found += [(Kind.INCIDENT, pk) for pk in incidents]
            if self._may_have(Kind.MAINTENANCE):
                rows = Maintenance.objects.public()
                works = (*rows.running(), *rows.scheduled()[:_AHEAD])
                found += [(Kind.MAINTENANCE, row.pk) for row in works]
            return found

        return self._once("present", read)

    # ---- what a page shows ------------------------------------------------------------------------

    def hidden(self) -> Sequence[int]:
        """Return the components that no page may name."""
        rows = Component.objects.filter(is_visible=False).order_by("id")
        return self._once("hidden", lambda: list(rows.values_list("id", flat=True)))

    def first_at(self, site: SiteView, shown: frozenset[int]) -> datetime | None:
        """Return when the history of a page begins: at its first event; None before there is any."""
        kinds = self._known_kinds()
        general = (
            self._once("first", lambda: event_lists.first_at(kinds=kinds))
            if site.is_general
            else None
        )
        if site.shows_all and not self._has_dedicated():
            return general
        firsts = self._once("firsts", _firsts)
        found = [general, *(firsts.get(pk) for pk in shown)]
        return min((at for at in found if at is not None), default=None)

    def idents(self, kind: Kind, site: SiteView, shown: frozenset[int]) -> set[str]:
        """Return the ids in addresses of all events of a kind that a page shows."""
        every: set[str] = set()
        if site.is_general:
            rows = dict(_ROWS)[kind].objects.public().filter(dedicated_ids=[])
            every = self._once(
                ("every", kind), lambda: set(rows.values_list("public_id", flat=True))
            )
            if site.shows_all and not self._has_dedicated():
                return every
        by_component = self._once(("idents", kind), lambda: _idents(kind))
        own = {ident for pk in shown for ident in by_component[pk]}
        elsewhere = by_component.keys() - shown - set(self.hidden())
        others = {ident for pk in elsewhere for ident in by_component[pk]}
        return (every - others) | own

    def _has_dedicated(self) -> bool:
        """Whether some event touches, or touched, what only some pages chose."""

        def read() -> bool:
            return any(
                rows.objects.public().exclude(dedicated_ids=[]).exists()
                for kind, rows in _ROWS
                if self._may_have(kind)
            )

        return self._once("has dedicated", read)

    def details(self, component_ids: Iterable[int], *, now: datetime) -> Mapping[int, DetailView]:
        """Return what only the pages of these components show."""
        wanted = list(component_ids)
        if missing := [pk for pk in wanted if pk not in self._details]:
            kinds = self._known_kinds()
            found = reading.details(component_ids=missing, now=now, kinds=kinds)
            self._details |= {pk: found.get(pk) for pk in missing}
        every = {pk: self._details[pk] for pk in wanted}
        return {pk: detail for pk, detail in every.items() if detail is not None}

    # ---- feeds -----------------------------------------------------------------------------------

    def marks(self) -> Marks:
        """Return the marks that are others when any event is."""
        return self._once("marks", feeds_reading.marks)

    def kinds(self) -> tuple[Kind, ...]:
        """Return the kinds of which there are any events."""
        self.marks()
        return self._known_kinds()

    def chosen(self, *, now: datetime) -> Chosen:
        """Return which events feeds tell."""
        kinds = self._known_kinds()
        return self._once("chosen", lambda: feeds_reading.chosen(now=now, kinds=kinds))

    def planned(self, *, now: datetime) -> tuple[WorkView, ...]:
        """Return the planned work of calendars."""
        return self._once(
            "planned",
            lambda: feeds_reading.works(now=now) if self._may_have(Kind.MAINTENANCE) else (),
        )

    # ---- what need not be asked ---------------------------------------------------------------------

    def _known_marks(self) -> Marks | None:
        """The marks, if they were read already: most installations have no planned work, many no events.

        What is stored after they were read raises the revision, so the next look finds it.
        """
        return cast("Marks | None", self._found.get("marks"))

    def _may_have(self, kind: Kind, *, after: int = -1) -> bool:
        """Whether there may be public events of a kind that changed after a revision."""
        marks = self._known_marks()
        if marks is None:
            return True
        newest = marks.incidents if kind is Kind.INCIDENT else marks.works
        return newest is not None and newest > after

    def _known_kinds(self) -> tuple[Kind, ...]:
        return tuple(kind for kind in Kind if self._may_have(kind))

    def _once(self, key: object, read: Callable[[], _T]) -> _T:
        if key not in self._found:
            self._found[key] = read()
        return cast(_T, self._found[key])


def _read(kind: Kind, ids: Sequence[int]) -> Iterable[tuple[int, EventView]]:
    """Read events with their primary keys."""
    if not ids:
        return []
    rows = dict(_ROWS)[kind].objects.filter(pk__in=ids)
    by_ident = dict(rows.values_list("public_id", "pk"))
    read: Sequence[EventView] = (
        events.incidents(ids) if kind is Kind.INCIDENT else events.maintenance(ids)
    )
    return [(by_ident[view.ident], view) for view in read if view.ident in by_ident]


def _firsts() -> Mapping[int, datetime]:
    """When the first event of each component began."""
    found: dict[int, datetime] = {}
    for rows, column in (
        (
            AffectedComponent.objects.filter(incident__in=Incident.objects.public().values("pk")),
            "incident__started_at",
        ),
        (
            AffectedService.objects.filter(
                maintenance__in=Maintenance.objects.public().values("pk")
            ),
            "maintenance__starts_at",
        ),
    ):
        each = rows.values("component").annotate(first=models.Min(column)).order_by()
        for pk, first in each.values_list("component", "first"):
            found[pk] = min(first, found.get(pk, first))
    return found


def _idents(kind: Kind) -> Mapping[int, Sequence[str]]:
    """The ids in addresses of the events of each component."""
    rows: models.QuerySet[Any, tuple[int, str]]
    if kind is Kind.INCIDENT:
        public = Incident.objects.public().values("pk")
        rows = AffectedComponent.objects.filter(incident__in=public).values_list(
            "component", "incident__public_id"
        )
    else:
        planned = Maintenance.objects.public().values("pk")
        rows = AffectedService.objects.filter(maintenance__in=planned).values_list(
            "component", "maintenance__public_id"
        )
    found: dict[int, list[str]] = defaultdict(list)
    for pk, ident in rows:
        found[pk].append(ident)
    return found
