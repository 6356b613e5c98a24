"""One page's folder: what of it is due, and writing that in slices. Used by the publisher only.

The main page's folder is the root of the published folder, every other page's is below it.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from public_pages import assets, discovery, elsewhere, embedding, projecting, readouts
from public_pages.archive import Archive
from public_pages.badge_files import BadgeFiles
from public_pages.charts import Range
from public_pages.event_source import EventSource
from public_pages.feeds import Feeds
from public_pages.folder import Folder
from public_pages.page_views import ComponentView, PageView
from public_pages.preview_files import PreviewFiles
from public_pages.rendering import Fragments, Histories, Pages
from public_pages.response_section import file_name
from public_pages.troubles import Troubles
from public_pages.v2_files import V2Files

_BATCH = 5  # components whose pages are read and written together
_GONE = "gone.html"
_NEVER = datetime.min.replace(tzinfo=UTC)


class Tree:
    """The files of one page. What was written last is in its memory: a new one starts anew."""

    def __init__(self, folder: Folder, troubles: Troubles) -> None:
        self.folder = folder
        self.full_at: datetime | None = None
        self.written_at: datetime | None = None
        self._troubles = troubles
        self._archive = Archive(folder, troubles)
        self._feeds = Feeds(folder, troubles)
        self._documents = V2Files(folder, troubles)
        self._badges = BadgeFiles(folder, troubles)
        self._previews = PreviewFiles(folder, troubles)
        self._page: PageView | None = None
        self._pages: Pages | None = None  # while pages of components wait
        self._source: EventSource | None = None
        self._seen: object = None
        self._errors: object = None
        self._is_feeds_due = False
        self._are_documents_due = False
        self._waiting: dict[int, ComponentView] = {}

    @property
    def page(self) -> PageView | None:
        """What is published; None before anything is."""
        return self._page

    @property
    def is_behind(self) -> bool:
        """Whether anything waits to be written."""
        is_any = bool(self._waiting) or self._is_feeds_due or self._are_documents_due
        followers = (self._feeds, self._archive, self._badges)
        return is_any or any(each.is_behind for each in followers)

    @property
    def is_undrawn(self) -> bool:
        """Whether pictures wait to be drawn, which come after everything else."""
        return self._previews.is_behind

    def is_over(self, now: datetime) -> bool:
        """Whether the clock alone makes what was published untrue."""
        changes_at = self._page.changes_at if self._page else None
        return changes_at is not None and now >= changes_at

    def is_like(self, page: PageView) -> bool:
        """Whether a read model says what is published, apart from the clock."""
        return self._page is not None and _timeless(page) == _timeless(self._page)

    def publish(
        self,
        page: PageView,
        source: EventSource,
        *,
        is_full: bool,
        is_clock: bool,
        histories: Histories,
        fragments: Fragments | None = None,
    ) -> None:
        """Write the home page with what belongs to it, and find what else is due.

        `is_clock`: what tells how long something has lasted is due as well; `is_full`: everything.
        """
        now = page.as_of
        pages = Pages(page, histories, fragments)
        files = _files(pages)
        errors = (page.site, page.code)
        for name, body in files.items():
            self.folder.write(name, body, at=now)
        if is_full or errors != self._errors:
            for name, body in pages.errors().items():
                # Seldom asked for: a thousand pages save the compression.
                self.folder.write(name, body, at=now, has_twins=page.site.is_main)
        self._errors = errors
        if self._page is None or self._page.site != page.site:
            for name, body in discovery.files(page.site).items():
                self.folder.write(name, body, at=now)
        self.look(page, source, is_clock=is_clock or is_full or self.is_over(now))
        self._are_documents_due = True
        self._badges.look(page, histories)
        self._previews.look(page)
        before = self._page
        self._waiting = self._to_publish(page, before, is_full=is_full)
        self._remove_vanished(page, before)
        self._page, self._pages, self.written_at = page, pages, now
        if is_full:
            self.full_at = now

    def look(self, page: PageView, source: EventSource, *, is_clock: bool) -> None:
        """Find out which pages about events are due, and which feeds."""
        seen = (source.marks(), source.hidden(), page.site, _ids(page), page.as_of.date())
        self._source = source
        if seen == self._seen and not is_clock:
            return
        self._seen = seen
        self._archive.look(page, source, is_clock=is_clock)
        self._is_feeds_due = True

    def write_changes(self, *, slice_s: float) -> None:
        """Write pages of events that changed, feeds and pages of components, each for a slice."""
        self._archive.write_changes(until=time.monotonic() + slice_s)
        if self._are_documents_due and self._page and self._source:
            self._documents.look(self._page, self._source)
            self._are_documents_due = False
        if self._is_feeds_due and self._page and self._source:
            self._feeds.look(self._page, self._source)
            self._is_feeds_due = False
        self._badges.write_waiting(until=time.monotonic() + slice_s)
        self._feeds.write_waiting(until=time.monotonic() + slice_s)
        self._publish_waiting(until=time.monotonic() + slice_s)
        if not self._waiting:
            self._archive.write_rest(until=time.monotonic() + slice_s)

    def draw(self) -> None:
        """Draw one picture, if any waits."""
        self._previews.write_one()

    def touch(self, at: datetime) -> None:
        """Let the files that speak of the present say that they still hold at this moment."""
        if self._page is None:
            return
        stamp = (at.timestamp(), at.timestamp())
        for name in _present(self._page):
            with suppress(FileNotFoundError):  # not written yet
                os.utime(self.folder.root / name, stamp)

    def _to_publish(
        self, page: PageView, before: PageView | None, *, is_full: bool
    ) -> dict[int, ComponentView]:
        """The components whose pages are due: first what changed, then what has waited already."""
        known = {member.id: member for member in before.components} if before else {}
        is_same_site = before is not None and before.site == page.site
        changed, waiting, others = {}, {}, {}
        for component in page.components:
            if not is_same_site or known.get(component.id) != component:
                changed[component.id] = component
            elif component.id in self._waiting:
                waiting[component.id] = component
            elif is_full:
                others[component.id] = component
        return changed | waiting | others

    def _publish_waiting(self, *, until: float) -> None:
        """Write component pages until the slice of time is used up."""
        while self._waiting and self._pages:
            batch = list(self._waiting.values())[:_BATCH]
            self._publish_components(self._pages, batch)
            for component in batch:
                del self._waiting[component.id]
            if time.monotonic() > until:
                break
        if not self._waiting:
            self._pages = None  # with all that it has computed

    def _publish_components(self, pages: Pages, batch: Sequence[ComponentView]) -> None:
        page = pages.page
        shown = frozenset(_ids(page))
        source = self._source or EventSource()
        details = source.details([component.id for component in batch], now=page.as_of)
        for component in batch:
            if component.id not in details:
                continue  # removed a moment ago: the next tick sees it
            what = f"{page.site.base}/{component.slug}"
            try:
                detail = projecting.detail(
                    details[component.id], site=page.site, shown=shown, now=page.as_of
                )
                files = pages.component(component, detail)
            except Exception as error:  # noqa: BLE001 - one bad page must not hold up the others
                self._troubles.tell(what, error)
                continue
            for name, body in files.items():
                self.folder.write(name, body, at=page.as_of)
            self._troubles.is_well(what)

    def _remove_vanished(self, page: PageView, before: PageView | None) -> None:
        """Remove the pages of components that are gone or hidden now."""
        slugs = {component.slug for component in page.components}
        if before and slugs == {component.slug for component in before.components}:
            return
        for name in list(self.folder.names("components", ".html")):
            if name.removesuffix(".html").split("/")[1] not in slugs:
                self.folder.remove(name)
        self.folder.remove_empty("components")


def withdraw(folder: Folder, page: PageView) -> None:
    """Take a retired page away: what is left of it says so (the front answers 410)."""
    folder.write(_GONE, Pages(page).gone(), at=page.as_of)
    for path in sorted(folder.root.rglob("*"), reverse=True):
        if path.is_dir():
            with suppress(OSError):  # not empty
                path.rmdir()
        elif not path.name.startswith(_GONE):
            path.unlink(missing_ok=True)


def _files(pages: Pages) -> dict[str, bytes]:
    """The home page, what machines read and what other sites show, by file name."""
    page = pages.page
    files = {
        **pages.home(),
        "status.json": readouts.status_json(page, pages.percents()),
        "status/report": readouts.report(page),
        "status/text": readouts.text(page),
        "badge/icon.svg": elsewhere.badge_icon(page),
        "badge/color.svg": elsewhere.badge_color(page),
        **embedding.files(page),
        "favicon.svg": assets.icon(f"favicon-{page.code}.svg"),
    }
    if page.site.is_main:  # the only page that speaks of the health of the installation (U1)
        files["status/warning.json"] = elsewhere.warning_json(page)
        files["warning.svg"] = elsewhere.warning_image(page)
    return files


def _ids(page: PageView) -> tuple[int, ...]:
    return tuple(component.id for component in page.components)


def _timeless(page: PageView) -> PageView:
    return replace(page, revision=0, as_of=_NEVER, checked_at=None, changes_at=None)


def _present(page: PageView) -> Iterator[str]:
    """The files of a page that grow old: those that are written again by the clock."""
    yield from ("index.html", "live.html", "status.json", "status/report")
    yield from ("badge/icon.svg", "badge/color.svg", "maintenance.html", "history/index.html")
    yield f"history/{page.as_of.astimezone(page.site.time_zone):%Y-%m}.html"
    for component in page.components:
        yield from (file_name(component.slug, chosen) for chosen in Range)
    for line in (*page.events.open, *page.events.running, *page.events.upcoming):
        yield f"{line.path[1:]}.html"
