"""Write the files about events: pages of single events, months of history, what is left of deleted ones.

Called by `archive`, which knows what is due. The folder itself says which month a page was listed in,
so that an event that moved, or is gone, leaves its old month too.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from incidents.models import WithdrawnEvent
from public_pages import event_days, projecting
from public_pages.event_calendar import Bounds, Calendars
from public_pages.event_days import Month
from public_pages.event_rendering import EventPages
from public_pages.event_source import EventSource, EventView
from public_pages.event_views import EventLine, IncidentView, Kind, MaintenanceView
from public_pages.folder import Folder
from public_pages.page_views import PageView
from public_pages.troubles import Troubles

_LISTED_IN = re.compile(rb'data-month="(\d{4}-\d{2})"')
_HEAD_BYTES = 30_000
_FOLDERS = {Kind.INCIDENT: "incidents", Kind.MAINTENANCE: "maintenance"}


class ArchiveWriter:
    """Writes the event pages of one read model of a page: of every event, what that page shows."""

    def __init__(
        self, folder: Folder, page: PageView, troubles: Troubles, source: EventSource
    ) -> None:
        self.folder = folder
        self.page = page
        self.source = source
        self.shown = frozenset(component.id for component in page.components)
        self._troubles = troubles
        self._pages = EventPages(page.site, as_of=page.as_of)
        self._calendars = Calendars(page.site, as_of=page.as_of)
        self._are_works_written = False

    def events(self, views: Iterable[EventView]) -> bool:
        """Write the pages of events, and remove those of events that are not shown any more.

        Whether there was anything to do.
        """
        is_any = False
        for view in views:
            own = self._own(view)
            if own is None:
                is_any |= self._remove(view)
                continue
            is_any = True
            self._render(own.path, partial(self._event, own))
            if isinstance(own, IncidentView) and own.postmortem is None:
                self._remove_report(own.ident)
        return is_any

    def months_of(self, views: Iterable[EventView]) -> set[str]:
        """Return the months that list events: those they belong to, and those their files name."""
        found = set()
        for view in views:
            if self._own(view) is not None:
                at = view.started_at if isinstance(view, IncidentView) else view.starts_at
                day = event_days.day_of(at, self.page.site.time_zone)
                found.add(str(event_days.month_of(day)))
            found |= self.listed_in(_kind(view), view.ident)
        return found

    def listed_in(self, kind: Kind, ident: str) -> set[str]:
        """Return the month that the published page of an event names; nothing without such a page."""
        path = self.folder.root / _FOLDERS[kind] / f"{ident}.html"
        try:
            with path.open("rb") as file:
                head = file.read(_HEAD_BYTES)
        except OSError:
            return set()
        return {found.decode() for found in _LISTED_IN.findall(head)[:1]}

    def has_told(self, event: WithdrawnEvent) -> bool:
        """Whether anything of a deleted event was ever on the page; else there is nothing to say."""
        names = (
            f"{_FOLDERS[Kind(event.kind)]}/{event.public_id}.html",
            f"withdrawn/{event.public_id}.html",
        )
        return self.page.site.shows_all or any((self.folder.root / name).exists() for name in names)

    def withdraw(self, event: WithdrawnEvent) -> None:
        """Remove the pages of a deleted event and write the one that says so."""
        if event.kind == Kind.MAINTENANCE:
            self.folder.remove(f"maintenance/{event.public_id}.html")
        else:
            self.folder.remove(f"incidents/{event.public_id}.html")
            self._remove_report(event.public_id)
        self._render(
            f"withdrawn/{event.public_id}",
            lambda: self._pages.withdrawn(event.public_id, kind=event.kind, at=event.withdrawn_at),
        )

    def month(self, month: Month, *, bounds: Bounds) -> None:
        """Write the pages of a month, and remove those of filters that fit nothing any more."""
        start, end = month.bounds(self.page.site.time_zone)
        lines = self._lines(self.source.between(start, end))
        files = self._render(
            f"/history/{month}",
            lambda: self._calendars.month(month, lines, bounds=bounds),
            is_same_kept=True,
        )
        for name in list(self.folder.names(f"history/{month}", ".html")):
            if files and name not in files:
                self.folder.remove(name)

    def current_month(self, *, bounds: Bounds) -> None:
        """Write the page of this month alone, without its filters: only its clock moved."""
        start, end = bounds.last.bounds(self.page.site.time_zone)
        lines = self._lines(self.source.between(start, end))
        self._render(
            f"/history/{bounds.last}",
            lambda: self._calendars.month(bounds.last, lines, bounds=bounds, is_plain=True),
        )

    def remove_month(self, month: Month) -> None:
        """Remove the pages of a month that has none any more."""
        for name in [f"history/{month}.html", *self.folder.names(f"history/{month}", ".html")]:
            self.folder.remove(name)

    def works(self) -> None:
        """Write the page of all maintenance, once: the same read model makes the same page."""
        if self._are_works_written:
            return
        lines = self._lines(self.source.works())
        files = self._render(
            "/maintenance", lambda: self._calendars.maintenance(lines, page=self.page)
        )
        self._are_works_written = bool(files)

    def remove_strangers(self) -> None:
        """Remove the pages of events that are not there any more, or not on this page."""
        for kind, below in _FOLDERS.items():
            names = list(self.folder.names(below, ".html"))
            idents = self.source.idents(kind, self.page.site, self.shown) if names else set()
            for name in names:
                if name.removesuffix(".html").split("/")[1] not in idents:
                    self.folder.remove(name)
            self.folder.remove_empty(below)

    def remove_all(self) -> None:
        """Remove every page about events: one that shows less now may name what is not shown.

        They come back as the archive is written anew; missing for a moment beats telling.
        """
        for below in (*_FOLDERS.values(), "history"):
            for name in list(self.folder.names(below, ".html")):
                self.folder.remove(name)

    def _lines(self, lines: Iterable[EventLine]) -> tuple[EventLine, ...]:
        return projecting.lines(lines, site=self.page.site, shown=self.shown)

    def _own(self, view: EventView) -> EventView | None:
        """An event as this page tells it; None when it is not on it."""
        if isinstance(view, MaintenanceView):
            return projecting.maintenance(view, site=self.page.site, shown=self.shown)
        return projecting.incident(view, site=self.page.site, shown=self.shown)

    def _remove(self, view: EventView) -> bool:
        name = f"{_FOLDERS[_kind(view)]}/{view.ident}.html"
        if not (self.folder.root / name).exists():
            return False
        self.folder.remove(name)
        if isinstance(view, IncidentView):
            self._remove_report(view.ident)
        return True

    def _event(self, view: EventView) -> Mapping[str, bytes]:
        if isinstance(view, MaintenanceView):
            return self._pages.maintenance(view)
        return self._pages.incident(view)

    def _remove_report(self, ident: str) -> None:
        self.folder.remove(f"incidents/{ident}/postmortem.html")
        self.folder.remove_folder(f"incidents/{ident}")

    def _render(
        self, what: str, make: Callable[[], Mapping[str, bytes]], *, is_same_kept: bool = False
    ) -> Mapping[str, bytes]:
        """Write what is made. A page that cannot be rendered must not hold up the others.

        `is_same_kept`: leave a file that holds the same already; most filters of a month do.
        """
        try:
            files = make()
        except Exception as error:  # noqa: BLE001 - whatever a template may raise
            self._troubles.tell(what, error)
            return {}
        self._troubles.is_well(what)
        for name, body in files.items():
            if is_same_kept and self.folder.holds(name, body):
                continue
            self.folder.write(name, body, at=self.page.as_of)
        return files


def _kind(view: EventView) -> Kind:
    return Kind.INCIDENT if isinstance(view, IncidentView) else Kind.MAINTENANCE
