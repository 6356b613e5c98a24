"""Keep the feeds and calendars of one page's folder up to date: written when an event changed, not before.

Called by `tree` after the home page. The feeds of the whole page come at once; those of
components follow in slices. A file that would hold the same is left alone.
"""

import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import DatabaseError

from public_pages import feeds_entries, feeds_reading, feeds_rendering, projecting, templating
from public_pages.event_source import EventSource, EventView
from public_pages.event_views import Kind, MaintenanceView
from public_pages.feeds_entries import Entry
from public_pages.feeds_reading import Chosen, Told, WorkView
from public_pages.folder import Folder
from public_pages.page_views import ComponentView, PageView
from public_pages.troubles import Troubles

_BATCH = 5  # components whose events are read and written together


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """What feeds are made from at one moment; `planned` is by component."""

    page: PageView
    source: EventSource
    shown: frozenset[int]
    shared: str
    chosen: Chosen
    planned: Mapping[int, Sequence[WorkView]]

    def mark(self, component: ComponentView) -> object:
        """Return what is different when anything in a component's feeds is."""
        works = ((work.ident, work.revision) for work in self.planned[component.id])
        return self.shared, self.chosen.components[component.id], tuple(works)

    def own(self, view: EventView) -> EventView | None:
        """Return an event as the page tells it; None when it is not on it."""
        if isinstance(view, MaintenanceView):
            return projecting.maintenance(view, site=self.page.site, shown=self.shown)
        return projecting.incident(view, site=self.page.site, shown=self.shown)


class Feeds:
    """The feeds of one page. What was written is in its memory: a new one goes through all of them."""

    def __init__(self, folder: Folder, troubles: Troubles) -> None:
        self._folder = folder
        self._troubles = troubles
        self._seen: object = None
        self._own: object = None  # what the feeds of the page itself were made from
        self._slugs: frozenset[str] | None = None
        self._model: _Model | None = None
        self._waiting: dict[int, ComponentView] = {}
        self._done: dict[int, object] = {}

    @property
    def is_behind(self) -> bool:
        """Whether feeds of components wait to be written."""
        return bool(self._waiting)

    def look(self, page: PageView, source: EventSource) -> None:
        """Write the feeds of the page if anything in them changed, and find those of components.

        A fault in them leaves the old ones and holds up nothing; the database's is passed on.
        """
        try:
            self._look(page, source)
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001 - no feed may hold up the page
            self._troubles.tell("feeds", error)
        else:
            self._troubles.is_well("feeds")

    def write_waiting(self, *, until: float) -> None:
        """Write feeds of components, up to a moment of the monotonic clock; at least one step."""
        while self._waiting and self._model:
            batch = list(self._waiting.values())[:_BATCH]
            self._write_components(self._model, batch)
            for component in batch:
                del self._waiting[component.id]
            if time.monotonic() > until:
                return

    # ---- what is due ---------------------------------------------------------------------------

    def _look(self, page: PageView, source: EventSource) -> None:
        marks, shared = source.marks(), _shared(page)
        seen = (marks, shared, page.as_of.date())  # what is over leaves calendars by days
        if seen == self._seen:
            return
        self._remove_vanished(page)
        site, shown = page.site, frozenset(component.id for component in page.components)
        chosen = source.chosen(now=page.as_of)
        works = feeds_reading.shown_works(source.planned(now=page.as_of), site=site, shown=shown)
        model = _Model(
            page=page,
            source=source,
            shown=shown,
            shared=shared,
            chosen=chosen,
            planned=_by_component(works),
        )
        told = chosen.page
        if not site.shows_all:
            idents = {kind: source.idents(kind, site, shown) for kind in Kind}
            general = [one for one in told if site.is_general and one.ident in idents[one.kind]]
            told = feeds_reading.of_some(chosen, shown, general=general)
        # The time of a deletion would tell of events that were on other pages.
        own = (shared, told, works, marks.withdrawn_at if site.shows_all else None)
        if own != self._own:
            with templating.active(site):
                files = feeds_rendering.of_page(
                    site,
                    entries=self._entries(told, model).values(),
                    works=works,
                    changed_at=own[-1],
                )
            self._write(files, page)
            self._own = own
        self._model = model
        self._waiting = {
            component.id: component
            for component in page.components
            if self._done.get(component.id) != model.mark(component)
        }
        self._seen = seen

    def _remove_vanished(self, page: PageView) -> None:
        """Remove the feeds of components that are gone or hidden now; shown again, they are due."""
        slugs = frozenset(component.slug for component in page.components)
        if slugs == self._slugs:
            return
        for suffix in feeds_rendering.SUFFIXES:
            for name in list(self._folder.names("components", suffix)):
                if name.removeprefix("components/").removesuffix(suffix) not in slugs:
                    self._folder.remove(name)
        self._slugs = slugs
        shown = {component.id for component in page.components}
        self._done = {ident: mark for ident, mark in self._done.items() if ident in shown}

    # ---- the work ------------------------------------------------------------------------------

    def _write_components(self, model: _Model, batch: Sequence[ComponentView]) -> None:
        chosen = model.chosen.components
        with templating.active(model.page.site):
            entries = self._entries([told for one in batch for told in chosen[one.id]], model)
            for component in batch:
                try:
                    files = feeds_rendering.of_component(
                        model.page.site,
                        component,
                        entries=[
                            entries[told.ident]
                            for told in chosen[component.id]
                            if told.ident in entries
                        ],
                        works=model.planned[component.id],
                    )
                except Exception as error:  # noqa: BLE001 - one bad feed must not hold up the others
                    self._troubles.tell(f"feeds of {component.slug}", error)
                    continue
                self._write(files, model.page)
                self._troubles.is_well(f"feeds of {component.slug}")
                self._done[component.id] = model.mark(component)

    def _entries(self, told: Sequence[Told], model: _Model) -> Mapping[str, Entry]:
        """Read events and make their entries by their ids, each once.

        One that cannot be made is left out, so that the others are told.
        """
        made: dict[str, Entry] = {}
        for kind in Kind:
            ids = dict.fromkeys(one.pk for one in told if one.kind is kind)
            for read in model.source.views(kind, list(ids)):
                view = model.own(read)
                if view is None:
                    continue
                try:
                    made[view.ident] = feeds_entries.made(view, site=model.page.site)
                except Exception as error:  # noqa: BLE001 - whatever is wrong with one event
                    self._troubles.tell(f"{view.path} in feeds", error)
        return made

    def _write(self, files: Mapping[str, bytes], page: PageView) -> None:
        for name, body in files.items():
            if not self._folder.holds(name, body):
                self._folder.write(name, body, at=page.as_of)


def _by_component(works: Iterable[WorkView]) -> Mapping[int, Sequence[WorkView]]:
    found: dict[int, list[WorkView]] = defaultdict(list)
    for work in works:
        for component in work.touched:
            found[component.id].append(work)
    return found


def _shared(page: PageView) -> str:
    """A digest of what every feed is made with, besides events."""
    names = [(component.id, component.slug, component.name) for component in page.components]
    shared = (page.site, names)
    return hashlib.sha256(repr(shared).encode()).hexdigest()
