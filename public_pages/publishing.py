"""Keep the published folder up to date: the only way from the database to what visitors get.

Run by the `publish` command on every web host, each with its own folder. What cannot be published
leaves the files as they are: an old page with its age on it is better than none.
"""

import time
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError

from branding import reading as branding
from components import catalogue
from components.models import Page, PageKind
from monitoring import coverage
from public_pages import assets, host_map, hosts, projecting, reading
from public_pages.brand_files import BrandFiles
from public_pages.event_source import EventSource
from public_pages.folder import Folder
from public_pages.rendering import Histories
from public_pages.tree import Tree
from public_pages.trees import Trees
from public_pages.troubles import Troubles

_ROBOTS = b"User-agent: *\nAllow: /\n"


class Publisher:
    """Publishes one host's folder. What it published last lives in its memory: a new one starts anew.

    Args:
        root: the published folder.
        full_every_s: how often everything is published again, changed or not.
        slice_s: how long one tick may work on what comes after the home page of the main page; the
            rest waits for the next tick, so that a thousand pages never hold up a change there.
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
        self._not_before: datetime | None = None
        self._troubles = Troubles()
        self._main = Tree(self._folder, self._troubles)
        self._histories = Histories()
        self._others = Trees(self._folder, self._troubles, self._histories)
        self._brand_files = BrandFiles(self._folder)
        self._is_started = False

    @property
    def is_behind(self) -> bool:
        """Whether pages wait for the next tick."""
        return self._main.is_behind or self._main.is_undrawn or self._others.is_behind

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
            self._look(now, is_full=is_full)
        is_others_due = self._others.is_due
        # A page that is not there yet, or not true, comes before the details of those that are.
        self._main.write_changes(slice_s=self._slice_s / (4 if is_others_due else 1))
        if not (is_others_due or self._main.is_behind):
            self._main.draw()
        if self._others.is_behind:
            slices = 3 if is_others_due else 1
            self._others.write(until=time.monotonic() + slices * self._slice_s)

    def _is_over(self, now: datetime) -> bool:
        """Whether the clock alone makes what was published untrue."""
        return self._main.is_over(now) or self._others.is_over(now)

    def _look(self, now: datetime, *, is_full: bool) -> None:
        """Read the world once; write the home page at once, and find what is due of all other pages."""
        source = EventSource()
        world = reading.everything(now=now, kinds=source.kinds)
        self._brand_files.write([world.site.brand], at=now)
        shown = world.general_ids
        self._histories = Histories(self._histories)
        self._main.publish(
            projecting.page(world, site=world.site, shown=shown),
            source,
            is_full=is_full,
            is_clock=is_full,
            histories=self._histories,
        )
        rows = list(Page.objects.exclude(kind=PageKind.CUSTOMER))
        brands = branding.brands()  # those of customer pages without their files
        sites = reading.sites(rows, brands)
        self._brand_files.write(brands.distinct(), at=now)
        if is_full:
            self._brand_files.tidy(brands.distinct(), at=now)
        self._others.look(world, rows, sites, source, histories=self._histories, is_full=is_full)
        hosts.write(self._folder.root, host_map.current())
        self._revision = world.revision
        if is_full:
            self._full_at = now

    def _write_constants(self, now: datetime) -> None:
        for asset in assets.bundle().values():
            self._folder.write(asset.name, asset.body, at=now, brotli_quality=11)
        for name in assets.ICONS:
            self._folder.write(name, assets.icon(name), at=now)
        self._folder.write("robots.txt", _ROBOTS, at=now)
        # One script under two names: the warning alone, and whatever is wrong.
        for name in ("warning.js", "embed/script.js"):
            self._folder.write(name, assets.script("embed.js"), at=now, brotli_quality=11)
