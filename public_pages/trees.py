"""The folders of all pages but the main one: which are due after a look at the world, in which order.

Used by the publisher only. A page whose part of the world is as it was is not rendered: its files
are told the time instead, and now and then the clock's part of it is written anew. Customer pages
are not read here at all: nothing of them is ever on disk (decision 3).
"""

import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import DatabaseError

from components import pages as page_rows
from components.models import Page
from public_pages import hosts, projecting, tree
from public_pages.event_source import EventSource
from public_pages.folder import Folder
from public_pages.page_views import ComponentView, PageView, SiteView
from public_pages.rendering import Fragments, Histories
from public_pages.tree import Tree
from public_pages.troubles import Troubles

_FOLDER = "pages"
# What moves with the clock alone: the time on the home page; the newest points of charts and the
# bars of today. A thousand pages take turns.
_HOME_EVERY_S, _HOME_SPREAD_S = 600, 300
_FULL_EVERY_S, _FULL_SPREAD_S = 1800, 600
_CLOCK_EVERY_S = 55  # for pages that tell how long something has lasted


@dataclass(frozen=True, slots=True)
class _Due:
    """A page that is to be rendered; `is_full` and `is_clock` as in `Tree.publish`."""

    page: PageView
    is_full: bool
    is_clock: bool


class Trees:
    """The folders of sub-pages below a published folder."""

    def __init__(self, folder: Folder, troubles: Troubles, histories: Histories) -> None:
        self._folder = folder
        self._troubles = troubles
        self._trees: dict[int, Tree] = {}
        self._gone: dict[int, SiteView] = {}
        self._due: dict[int, _Due] = {}
        self._components: dict[int, ComponentView] = {}
        self._source = EventSource()
        self._histories = histories
        self._fragments = Fragments()
        self._changes_at: datetime | None = None

    @property
    def is_behind(self) -> bool:
        """Whether anything waits to be written."""
        trees = self._trees.values()
        return bool(self._due) or any(each.is_behind or each.is_undrawn for each in trees)

    @property
    def is_due(self) -> bool:
        """Whether home pages wait to be written."""
        return bool(self._due)

    def is_over(self, now: datetime) -> bool:
        """Whether the clock alone makes what any page says untrue."""
        return self._changes_at is not None and now >= self._changes_at

    def look(
        self,
        world: PageView,
        rows: Iterable[Page],
        sites: Mapping[int, SiteView],
        source: EventSource,
        *,
        histories: Histories,
        is_full: bool,
    ) -> None:
        """Find out which pages are due; `rows` are all that are no customer's, with their `sites`.

        `is_full`: the files of all others hold at this moment, and say so.
        """
        self._source, self._histories, self._fragments = source, histories, Fragments()
        world = self._like_before(world)
        others = [row for row in rows if not (row.is_main or row.is_customer)]
        live = {row.pk: row for row in others if row.is_live}
        self._remove_others({row.pk for row in others}, live)
        shown = page_rows.shown_by(live.values())
        moments = []
        for pk in live:
            page = projecting.page(world, site=sites[pk], shown=shown[pk])
            moments.append(page.changes_at)
            self._look_at(self._tree(pk), page, is_full=is_full)
        self._changes_at = min((at for at in moments if at), default=None)
        for row in others:
            if not row.is_live:
                self._withdraw(projecting.page(world, site=sites[row.pk], shown=frozenset()))

    def write(self, *, until: float) -> None:
        """Write what is due up to a moment of the monotonic clock: home pages before all else."""
        for pk in list(self._due):
            self._safely(pk, self._publish)
            if time.monotonic() > until:
                return
        for pk, each in self._trees.items():
            if each.is_behind:
                self._safely(pk, self._write_changes)
                if time.monotonic() > until:
                    return
        for pk, each in list(self._trees.items()):
            if each.is_undrawn and time.monotonic() <= until:
                self._safely(pk, self._draw)

    # ---- what is due -------------------------------------------------------------------------------

    def _look_at(self, each: Tree, page: PageView, *, is_full: bool) -> None:
        pk, now = page.site.page_id, page.as_of
        is_like = each.is_like(page)
        is_full_due = _is_old(each.full_at, now, _FULL_EVERY_S + pk % _FULL_SPREAD_S)
        is_home_due = _is_old(each.written_at, now, _HOME_EVERY_S + pk % _HOME_SPREAD_S)
        is_clock_due = each.is_over(now) or (
            is_full and _is_lasting(page) and _is_old(each.written_at, now, _CLOCK_EVERY_S)
        )
        waiting = self._due.get(pk)
        if waiting or is_full_due or is_home_due or is_clock_due or not is_like:
            self._due[pk] = _Due(
                page,
                is_full=is_full_due or bool(waiting and waiting.is_full),
                is_clock=is_clock_due or bool(waiting and waiting.is_clock),
            )
        else:
            each.look(page, self._source, is_clock=False)
        if is_full and is_like:
            each.touch(now)

    def _like_before(self, world: PageView) -> PageView:
        """The world with what is as it was in the place of its like: told apart at a glance."""

        def known(view: ComponentView) -> ComponentView:
            before = self._components.get(view.id)
            return replace(before, checked_at=view.checked_at) if before == view else view

        groups = tuple(
            replace(group, components=tuple(known(member) for member in group.components))
            for group in world.groups
        )
        self._components = {member.id: member for group in groups for member in group.components}
        return replace(world, groups=groups)

    # ---- the work ----------------------------------------------------------------------------------

    def _publish(self, pk: int) -> None:
        due = self._due[pk]
        self._tree(pk).publish(
            due.page,
            self._source,
            is_full=due.is_full,
            is_clock=due.is_clock,
            histories=self._histories,
            fragments=self._fragments,
        )
        del self._due[pk]

    def _draw(self, pk: int) -> None:
        self._trees[pk].draw()

    def _write_changes(self, pk: int) -> None:
        self._trees[pk].write_changes(slice_s=0)

    def _safely(self, pk: int, work: Callable[[int], None]) -> None:
        """A page that cannot be written must not hold up the others: the next look finds it again."""
        what = f"page {pk}"
        try:
            work(pk)
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a template or a disk may raise
            self._due.pop(pk, None)
            self._trees.pop(pk, None)
            self._troubles.tell(what, error)
        else:
            self._troubles.is_well(what)

    def _withdraw(self, page: PageView) -> None:
        pk = page.site.page_id
        if self._gone.get(pk) != page.site:
            tree.withdraw(self._below(pk), page)
            self._gone[pk] = page.site

    def _remove_others(self, known: set[int], live: Mapping[int, Page]) -> None:
        """Forget pages that do not answer any more, and remove the folders of those that are gone."""
        for pk in [pk for pk in self._trees if pk not in live]:
            del self._trees[pk]
            self._due.pop(pk, None)
        self._gone = {pk: site for pk, site in self._gone.items() if pk in known - set(live)}
        for path in (self._folder.root / _FOLDER).glob("*"):
            if not (path.name.isdecimal() and int(path.name) in known):
                shutil.rmtree(path, ignore_errors=True)

    def _tree(self, pk: int) -> Tree:
        if pk not in self._trees:
            self._trees[pk] = Tree(self._below(pk), self._troubles)
        return self._trees[pk]

    def _below(self, pk: int) -> Folder:
        return Folder(self._folder.root / hosts.tree(pk), is_durable=False)


def _is_lasting(page: PageView) -> bool:
    return bool(page.events.open or page.events.running)


def _is_old(written_at: datetime | None, now: datetime, limit_s: int) -> bool:
    return written_at is None or now - written_at >= timedelta(seconds=limit_s)
