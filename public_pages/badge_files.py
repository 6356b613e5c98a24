"""Keep the badges of one page's folder up to date: written only when what they say changed.

Called by the page's `Tree`. How old their data is tells status.json, which is told the time with
every look (`addresses`): files that stay as they are need no touch, ten for each component.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from public_pages import badges
from public_pages.badges import Tallies
from public_pages.folder import Folder
from public_pages.page_views import ComponentView, PageView
from public_pages.rendering import Histories
from public_pages.troubles import Troubles

# Figures move slowly: those of a component that is as it was are counted anew so often.
_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the badges of a component were made from, and when."""

    component: ComponentView
    at: datetime
    spent: Tallies


class BadgeFiles:
    """The badges of one page; what was written is in its memory."""

    def __init__(self, folder: Folder, troubles: Troubles) -> None:
        # Small, many, and written anew by the first publisher after a crash of the machine.
        self._folder = Folder(folder.root, is_durable=False)
        self._troubles = troubles
        self._written: dict[str, int] = {}
        self._page: PageView | None = None
        self._histories = Histories()
        self._waiting: dict[str, ComponentView | None] = {}
        self._known: dict[str, _Known] = {}
        self._slugs: set[str] | None = None

    @property
    def is_behind(self) -> bool:
        """Whether any wait to be looked at."""
        return bool(self._waiting)

    def look(self, page: PageView, histories: Histories) -> None:
        """Take note of what the page shows now; `histories` are those it was made with."""
        if self._page is None or self._page.site != page.site:
            self._known = {}
        self._page, self._histories = page, histories
        shown = {one.slug: one for one in page.components}
        self._known = {slug: known for slug, known in self._known.items() if slug in shown}
        # Those that wait already keep their turn. The page comes last: it adds up what they have.
        waiting = {slug: shown[slug] for slug in self._waiting if slug in shown}
        due = {slug: one for slug, one in shown.items() if self._is_due(one, page.as_of)}
        self._waiting = {**waiting, **due, "": None}
        self._remove_vanished(set(shown))

    def write_waiting(self, *, until: float) -> None:
        """Write what has changed, up to a moment of the monotonic clock."""
        while self._waiting and self._page:
            slug = next(iter(self._waiting))
            component = self._waiting.pop(slug)
            self._write(self._page, component)
            if time.monotonic() > until:
                break
        if not self._waiting:
            self._histories = Histories()

    def _write(self, page: PageView, component: ComponentView | None) -> None:
        what = f"badges of {page.site.base}/{component.slug if component else ''}"
        try:
            files = self._made(page, component)
        except Exception as error:  # noqa: BLE001 - no badge may hold up the page
            self._troubles.tell(what, error)
            # An old one would pass for new.
            self._remove(component.slug if component else "")
            return
        self._troubles.is_well(what)
        for name, body in files.items():
            known = hash(body)
            if self._written.get(name) == known:
                continue
            if not self._folder.holds(name, body):
                self._folder.write(name, body, at=page.as_of, has_twins=False)
            self._written[name] = known

    def _made(self, page: PageView, component: ComponentView | None) -> Mapping[str, bytes]:
        if component is None:
            return badges.of_page(page, [known.spent for known in self._known.values()])
        spent = badges.tallies(component, page, self._histories)
        self._known[component.slug] = _Known(component, page.as_of, spent)
        return badges.of_component(component, page, spent)

    def _is_due(self, component: ComponentView, now: datetime) -> bool:
        known = self._known.get(component.slug)
        return known is None or known.component != component or abs(now - known.at) >= _EVERY

    def _remove_vanished(self, slugs: set[str]) -> None:
        """Remove what is left of components that are gone or hidden now."""
        if slugs == self._slugs:
            return
        self._slugs = slugs
        for name in list(self._folder.names("badge", "status.svg")):
            slug = name.split("/")[1]
            if name != f"badge/{slug}/status.svg" or slug in slugs:
                continue
            self._remove(slug)
            self._folder.remove_folder(f"badge/{slug}/uptime")
            self._folder.remove_folder(f"badge/{slug}")

    def _remove(self, slug: str) -> None:
        for name in badges.names_of(slug):
            self._folder.remove(name)
            self._written.pop(name, None)
