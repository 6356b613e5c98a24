"""Keep the published folder up to date: the only way from the database to what visitors get.

Run by the `publish` command on every web host, each with its own folder. What cannot be published
leaves the files as they are: an old page with its age on it is better than none.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError

from components import catalogue
from monitoring import coverage
from public_pages import assets, elsewhere, projecting, reading, readouts
from public_pages.archive import Archive
from public_pages.brand_files import BrandFiles
from public_pages.feeds import Feeds
from public_pages.folder import Folder
from public_pages.page_views import ComponentView, PageView
from public_pages.rendering import Pages
from public_pages.troubles import Troubles

_ROBOTS = b"User-agent: *\nAllow: /\n"
_BATCH = 5  # components whose pages are read and written together


class Publisher:
    """Publishes one host's folder. What it published last lives in its memory: a new one starts anew.

    Args:
        root: the published folder.
        full_every_s: how often everything is published again, changed or not.
        slice_s: how long one tick may work on component pages; the rest waits for the next tick,
            so that a thousand pages never hold up a change on the home page.
        retry_after_s: how long to wait after a failure.
    """

    def __init__(
        self,
        root: Path,
        *,
        full_every_s: float = 60.0,
        slice_s: float = 0.3,
        retry_after_s: float = 1.0,
    ) -> None:
        self._folder = Folder(root)
        self._full_every = timedelta(seconds=full_every_s)
        self._slice_s = slice_s
        self._retry_after = timedelta(seconds=retry_after_s)
        self._revision: int | None = None
        self._full_at: datetime | None = None
        self._pages: Pages | None = None
        self._waiting: dict[int, ComponentView] = {}
        self._not_before: datetime | None = None
        self._troubles = Troubles()
        self._archive = Archive(self._folder, self._troubles)
        self._feeds = Feeds(self._folder, self._troubles)
        self._brand_files = BrandFiles(self._folder)
        self._is_started = False

    @property
    def is_behind(self) -> bool:
        """Whether pages wait for the next tick."""
        return bool(self._waiting) or self._feeds.is_behind or self._archive.is_behind

    def publish_if_due(self, *, now: datetime) -> bool:
        """Publish what changed or is due; whether the folder is as it should be.

        Never raises for what the next try may not meet again (database away, disk full, a template
        that fails): it is logged once, and tried again a second later.
        """
        if self._not_before is not None and abs(now - self._not_before) < self._retry_after:
            return False
        self._not_before = None
        self._note_gaps(now)
        try:
            self._publish(now)
        except Exception as error:  # noqa: BLE001 - the page must outlive every fault of its maker
            self._not_before = now
            self._troubles.tell("publishing", error)
            return False
        self._troubles.is_well("publishing")
        return True

    def _note_gaps(self, now: datetime) -> None:
        """Turn silence into "unknown"; a page is still published when that cannot be stored."""
        try:
            coverage.note_gaps(now=now)
        except DatabaseError as error:
            self._troubles.tell("gaps", error)
        else:
            self._troubles.is_well("gaps")

    def _publish(self, now: datetime) -> None:
        if not self._is_started:
            self._folder.sweep()
            self._write_constants(now)
            catalogue.keep_feed_authority(urlsplit(settings.CANDOR_ORIGIN).hostname or "localhost")
            self._is_started = True
        revision = catalogue.page().revision
        is_full = self._full_at is None or abs(now - self._full_at) >= self._full_every
        if is_full or revision != self._revision or self._is_over(now):
            self._publish_home(now, is_full=is_full)
        self._archive.write_changes(until=time.monotonic() + self._slice_s)
        self._feeds.write_waiting(until=time.monotonic() + self._slice_s)
        self._publish_waiting()
        if not self._waiting:
            self._archive.write_rest(until=time.monotonic() + self._slice_s)

    def _is_over(self, now: datetime) -> bool:
        """Whether the clock alone makes what was published untrue."""
        changes_at = self._pages.page.changes_at if self._pages else None
        return changes_at is not None and now >= changes_at

    def _publish_home(self, now: datetime, *, is_full: bool) -> None:
        page = reading.page(now=now)
        self._brand_files.write([page.site.brand], at=now)
        pages = Pages(page, self._pages)
        for name, body in pages.home().items():
            self._folder.write(name, body, at=now)
        for name, body in (
            ("status.json", readouts.status_json(page, pages.percents())),
            ("status/report", readouts.report(page)),
            ("status/text", readouts.text(page)),
            ("status/warning.json", elsewhere.warning_json(page)),
            ("warning.svg", elsewhere.warning_image(page)),
            ("badge/icon.svg", elsewhere.badge_icon(page)),
            ("badge/color.svg", elsewhere.badge_color(page)),
        ):
            self._folder.write(name, body, at=now)
        self._folder.write("favicon.svg", assets.icon(f"favicon-{page.code}.svg"), at=now)
        self._archive.look(page, is_clock=is_full or self._is_over(now))
        self._feeds.look(page)
        before = self._pages.page if self._pages else None
        self._waiting = self._to_publish(page, before, is_full=is_full)
        self._remove_vanished(page, before)
        self._pages, self._revision = pages, page.revision
        if is_full:
            self._full_at = now

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

    def _publish_waiting(self) -> None:
        """Write component pages until the slice of time is used up."""
        started = time.monotonic()
        while self._waiting and self._pages:
            batch = list(self._waiting.values())[:_BATCH]
            self._publish_components(self._pages, batch)
            for component in batch:
                del self._waiting[component.id]
            if time.monotonic() - started > self._slice_s:
                return

    def _publish_components(self, pages: Pages, batch: Sequence[ComponentView]) -> None:
        page = pages.page
        details = reading.details(
            component_ids=[component.id for component in batch],
            now=page.as_of,
        )
        shown = frozenset(component.id for component in page.components)
        for component in batch:
            if component.id not in details:
                continue  # removed a moment ago: the next tick sees it
            try:
                detail = projecting.detail(
                    details[component.id], site=page.site, shown=shown, now=page.as_of
                )
                files = pages.component(component, detail)
            except Exception as error:  # noqa: BLE001 - one bad page must not hold up the others
                self._troubles.tell(component.slug, error)
                continue
            for name, body in files.items():
                self._folder.write(name, body, at=page.as_of)
            self._troubles.is_well(component.slug)

    def _remove_vanished(self, page: PageView, before: PageView | None) -> None:
        """Remove the pages of components that are gone or hidden now."""
        slugs = {component.slug for component in page.components}
        if before and slugs == {component.slug for component in before.components}:
            return
        for name in list(self._folder.names("components", ".html")):
            if name.removesuffix(".html").split("/")[1] not in slugs:
                self._folder.remove(name)
        self._folder.remove_empty("components")

    def _write_constants(self, now: datetime) -> None:
        for asset in assets.bundle().values():
            self._folder.write(asset.name, asset.body, at=now, brotli_quality=11)
        for name in assets.ICONS:
            self._folder.write(name, assets.icon(name), at=now)
        self._folder.write("robots.txt", _ROBOTS, at=now)
        self._folder.write("warning.js", assets.script("warning.js"), at=now)
