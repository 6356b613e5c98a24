"""Keep the pages about events up to date in one page's folder: each written when it changed, not before.

Called by `tree` after the home page. What changed comes first. The rest of the archive is written
only in a new folder, by a new version or for another choice of components, in slices in between.
"""

import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime

from incidents.models import WithdrawnEvent
from public_pages import archive_state, event_days
from public_pages.archive_writing import ArchiveWriter
from public_pages.event_calendar import Bounds
from public_pages.event_days import Month
from public_pages.event_source import EventSource, Key
from public_pages.event_views import Kind
from public_pages.folder import Folder
from public_pages.page_views import PageView
from public_pages.troubles import Troubles

_BATCH = 20  # events whose pages are read and written together


class Archive:
    """The event pages of one page.

    Args:
        folder: the published folder.
        troubles: where to tell what goes wrong.
    """

    def __init__(self, folder: Folder, troubles: Troubles) -> None:
        self._folder = folder
        self._troubles = troubles
        self._state = archive_state.load(folder)
        self._is_new = self._state.cursor < 0
        self._writer: ArchiveWriter | None = None
        self._bounds: Bounds | None = None
        self._target = -1  # the revision that is reached when nothing waits any more
        self._touched: dict[Key, int] = {}
        self._done: dict[Key, int] = {}
        self._is_written = False  # anything since the state was stored
        self._is_works_due = False
        self._withdrawn: list[WithdrawnEvent] = []
        self._backfill: Iterator[None] | None = None
        self._day: date | None = None

    @property
    def is_changed(self) -> bool:
        """Whether changes of events wait to be written."""
        return bool(self._touched or self._withdrawn or self._state.months)

    @property
    def is_behind(self) -> bool:
        """Whether anything waits to be written."""
        return self.is_changed or bool(self._state.backfill)

    def look(self, page: PageView, source: EventSource, *, is_clock: bool) -> None:
        """Find out what is due for this read model; `is_clock`: also what only the clock changes."""
        self._writer = ArchiveWriter(self._folder, page, self._troubles, source)
        is_less = self._look_at_chrome(page, source)
        self._target = page.revision
        self._find_changes(source)
        self._look_at_months(page, source)
        if is_less:
            self._writer.remove_all()
        if self._state.backfill == "start" and not (page.site.is_main or is_less):
            return  # all of it is written in a moment
        if is_clock:
            self._touched = dict.fromkeys(source.present(), -1) | self._touched
        if is_clock or is_less:
            self._writer.current_month(bounds=self._known_bounds)
            self._writer.works()

    def write_changes(self, *, until: float) -> None:
        """Write what changed, up to a moment of the monotonic clock; at least one step."""
        for _ in self._changes():
            if time.monotonic() > until:
                return

    def write_rest(self, *, until: float) -> None:
        """Write pages that are missing or of an older version, up to a moment; at least one step."""
        if not self._state.backfill:
            return
        steps = self._backfill or self._rest()
        self._backfill = None  # a step that fails ends the generator: the next tick makes a new one
        for _ in steps:
            if time.monotonic() > until:
                self._backfill = steps
                return

    # ---- what is due ---------------------------------------------------------------------------

    def _look_at_chrome(self, page: PageView, source: EventSource) -> bool:
        """Begin anew if what all event pages share is another; whether the page shows less now."""
        shown = [] if page.site.shows_all else sorted(one.id for one in page.components)
        chrome = archive_state.chrome(
            page.site, hidden=source.hidden(), shown=shown, is_durable=self._folder.is_durable
        )
        if chrome == self._state.chrome:
            return False
        is_less = not set(self._state.shown) <= set(shown)
        self._state.shown = shown
        if self._is_new:
            # Everything is written by the backfill; changes from here on come first.
            self._state.cursor = page.revision
        self._state.chrome, self._state.first, self._state.last = chrome, "", ""
        self._state.backfill = "start"
        self._backfill = None
        return is_less

    def _find_changes(self, source: EventSource) -> None:
        cursor = self._state.cursor
        found = {
            key: revision
            for key, revision in source.changed(cursor).items()
            if self._done.get(key) != revision
        }
        self._touched = found | {
            key: revision for key, revision in self._touched.items() if key not in found
        }
        known = {event.pk for event in self._withdrawn}
        self._withdrawn += [event for event in source.withdrawn(cursor) if event.pk not in known]

    def _look_at_months(self, page: PageView, source: EventSource) -> None:
        """Find the months that have a page; where the history got longer or shorter, its ends change."""
        today = event_days.day_of(page.as_of, page.site.time_zone)
        last = event_days.month_of(today)
        first_at = source.first_at(page.site, self._known_writer.shown)
        first = (
            min(event_days.month_of(event_days.day_of(first_at, page.site.time_zone)), last)
            if first_at
            else last
        )
        self._bounds = Bounds(first=first, last=last)
        state = self._state
        if state.first and (state.first, state.last) != (str(first), str(last)):
            old_first, old_last = event_days.parse(state.first), event_days.parse(state.last)
            ends = {first, last, old_first, old_last}
            for month in self._bounds.months:
                if month in ends or not old_first < month < old_last:
                    self._add_month(str(month))
            while old_first < first:
                self._known_writer.remove_month(old_first)
                old_first = old_first.next
        elif self._day not in {None, today}:
            self._add_month(str(last))  # "Today" is another day
        state.first, state.last, self._day = str(first), str(last), today

    # ---- the work ------------------------------------------------------------------------------

    def _changes(self) -> Iterator[None]:
        writer = self._known_writer
        while self._withdrawn:
            self._withdraw(self._withdrawn[0])
            self._done[Kind(self._withdrawn[0].kind), -1] = 0
            del self._withdrawn[0]
            yield
        while self._touched:
            kind = next(iter(self._touched))[0]
            batch = [key for key in self._touched if key[0] is kind][:_BATCH]
            views = writer.source.views(kind, [pk for _, pk in batch])
            if any(self._touched[key] >= 0 for key in batch):
                # Kept before the files forget where they were listed.
                self._add_months(writer.months_of(views))
            if writer.events(views):
                self._is_written = True
                self._is_works_due |= kind is Kind.MAINTENANCE
            for key in batch:
                self._done[key] = self._touched.pop(key)
            yield
        while self._state.months:
            self._month(event_days.parse(self._state.months[0]))
            del self._state.months[0]
            self._save()
            yield
        self._state.cursor = self._target
        if self._is_works_due:
            writer.works()
            self._is_works_due = False
        self._done.clear()
        # What concerns other pages alone is found again by the next publisher, and again left out.
        if self._is_written:
            self._save()

    def _withdraw(self, event: WithdrawnEvent) -> None:
        writer = self._known_writer
        if not writer.has_told(event):
            return
        self._is_written = True
        self._is_works_due |= event.kind == Kind.MAINTENANCE
        months = writer.listed_in(Kind(event.kind), event.public_id)
        is_known = (self._folder.root / f"withdrawn/{event.public_id}.html").exists()
        if not months and not is_known:
            # It may have been listed by a month that was written before its own page was.
            months = {str(month) for month in self._known_bounds.months}
        self._add_months(months)
        writer.withdraw(event)

    def _rest(self) -> Iterator[None]:
        """Write everything, the newest first, and remember how far it got."""
        writer = self._known_writer
        if self._is_new:
            writer.remove_strangers()
            self._is_new = False
        if self._state.backfill == "start":
            writer.works()
            for event in writer.source.withdrawn():
                if writer.has_told(event):
                    self._known_writer.withdraw(event)
                    yield
            self._state.backfill = str(self._known_bounds.last.next)
            self._save()
        month: Month | None = event_days.parse(self._state.backfill)
        while month is not None:
            yield from self._rest_of(month)
            month = month.previous if month > self._known_bounds.first else None
            self._state.backfill = str(month or "")
            self._save()
            yield

    def _rest_of(self, month: Month) -> Iterator[None]:
        """Write the events of a month, then the month, which links to them."""
        writer, last = self._known_writer, self._known_bounds.last
        start, end = month.bounds(writer.page.site.time_zone)
        # What is planned for later is written first, with the month after this one.
        until = end if month <= last else None
        for kind in Kind:
            ids = writer.source.ids_between(kind, start, until)
            for begin in range(0, len(ids), _BATCH):
                views = writer.source.views(kind, ids[begin : begin + _BATCH])
                self._known_writer.events(views)
                yield
        self._month(month)

    def _month(self, month: Month) -> None:
        if self._known_bounds.first <= month <= self._known_bounds.last:
            self._known_writer.month(month, bounds=self._known_bounds)

    # ---- what is remembered --------------------------------------------------------------------

    def _add_month(self, month: str) -> None:
        self._add_months({month})

    def _add_months(self, months: "set[str] | Sequence[str]") -> None:
        if new := sorted(set(months) - set(self._state.months), reverse=True):
            self._state.months += new
            self._save()

    def _save(self) -> None:
        archive_state.save(self._folder, self._state, at=self._as_of)
        self._is_written = False

    @property
    def _as_of(self) -> datetime:
        return self._known_writer.page.as_of

    @property
    def _known_writer(self) -> ArchiveWriter:
        if self._writer is None:
            raise RuntimeError("look() comes first")
        return self._writer

    @property
    def _known_bounds(self) -> Bounds:
        if self._bounds is None:
            raise RuntimeError("look() comes first")
        return self._bounds
