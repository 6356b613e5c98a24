"""A customer page, made for one request from the database and kept nowhere (decision 3, reliability B4).

The world is read and cut to the page as for published pages (`projecting`), and the same renderers make
the same files of it; `file` returns the one that an address stands for.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property, partial

from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from components.models import Component
from customer_pages import worlds
from incidents.models import Incident, Maintenance
from public_pages import (
    addresses,
    badges,
    elsewhere,
    event_days,
    event_lists,
    events,
    projecting,
    reading,
    readouts,
    templating,
    v2_documents,
)
from public_pages.charts import Range
from public_pages.event_calendar import Bounds, Calendars
from public_pages.event_days import Month
from public_pages.event_rendering import EventPages
from public_pages.event_source import EventSource
from public_pages.event_views import EventLine
from public_pages.page_views import ComponentView, GroupView, PageView, SiteView
from public_pages.rendering import Histories, Pages

_COMPONENT = re.compile(r"components/([^/]+?)(?:/(7d|30d|90d))?\.html")
_FEED_OF = re.compile(r"(components/([^/]+?)\.(?:rss|atom|ics))")
_INCIDENT = re.compile(r"incidents/([^/]+?)(/postmortem)?\.html")
_MAINTENANCE = re.compile(r"maintenance/([^/]+)\.html")
_BADGE = re.compile(r"(badge/(?:([^/]+)/)?(?:status|uptime/[0-9a-z]+)\.(?:svg|json))")
_MONTH = re.compile(
    r"history/(index|\d{4}-\d{2})(?:/components/([^/]+?))?(/incidents|/maintenance)?\.html"
)

_DOCUMENTS = frozenset(f"api/v2/{name}.json" for name in addresses.V2_NAMES)
_FEEDS = ("history.rss", "history.atom", "maintenance.ics")
# Loaded when somebody asks for one: see there.
_WRITTEN_BY = "customer_pages.shown_feeds.of_page"
_WRITTEN_OF_ONE_BY = "customer_pages.shown_feeds.of_component"


class Shown:
    """One page at one moment: the components `shown_ids`, and what concerns them."""

    def __init__(self, site: SiteView, shown_ids: frozenset[int], *, now: datetime) -> None:
        self.site = site
        self.now = now
        self._shown = shown_ids

    def file(self, name: str) -> bytes | None:
        """The file of this name in the published folder of such a page; None when it has none."""
        if name in _DOCUMENTS:
            return v2_documents.documents(self._plain, EventSource())[name]
        make = self._whole.get(name)
        if make is not None:
            return make()
        for pattern, one_of in (
            (_COMPONENT, self._component),
            (_FEED_OF, self._feed_of),
            (_BADGE, self._badge),
            (_INCIDENT, self._incident),
            (_MAINTENANCE, self._maintenance),
            (_MONTH, self._month),
        ):
            if found := pattern.fullmatch(name):
                return one_of(*found.groups())
        return None

    @cached_property
    def page(self) -> PageView:
        """The read model of the page, as people see it."""
        found = self._plain
        dedicated = _dedicated(self._shown)
        return replace(found, groups=_parted(found, dedicated)) if dedicated else found

    @cached_property
    def _plain(self) -> PageView:
        """The same in the groups that the components have everywhere."""
        world = worlds.world(now=self.now)
        return projecting.page(world, site=self.site, shown=self._shown)

    @property
    def _whole(self) -> Mapping[str, Callable[[], bytes]]:
        return {
            "index.html": lambda: Pages(self.page).index(),
            "live.html": lambda: Pages(self.page).live(),
            "status.json": lambda: readouts.status_json(self.page, Pages(self.page).percents()),
            "status/text": lambda: readouts.text(self.page),
            "badge/icon.svg": lambda: elsewhere.badge_icon(self.page),
            "badge/color.svg": lambda: elsewhere.badge_color(self.page),
            "maintenance.html": self._works,
            **{name: partial(self._feed, name) for name in _FEEDS},
        }

    def _component(self, slug: str, chosen: str | None) -> bytes | None:
        component = self._of_slug(slug)
        if component is None:
            return None
        read = reading.details(component_ids=[component.id], now=self.now)
        if component.id not in read:
            return None
        detail = projecting.detail(
            read[component.id], site=self.site, shown=self._shown, now=self.now
        )
        return Pages(self.page).component_page(component, detail, Range(chosen or Range.DAY))

    def _incident(self, ident: str, report: str | None) -> bytes | None:
        ids = Incident.objects.public().filter(public_id=ident).values_list("pk", flat=True)
        for view in events.incidents(ids):
            own = projecting.incident(view, site=self.site, shown=self._shown)
            if own is None:
                continue
            if not report:
                return self._events.incident_page(own)
            if own.postmortem is not None:
                return self._events.postmortem_page(own, own.postmortem)
        return None

    def _maintenance(self, ident: str) -> bytes | None:
        ids = Maintenance.objects.public().filter(public_id=ident).values_list("pk", flat=True)
        for view in events.maintenance(ids):
            own = projecting.maintenance(view, site=self.site, shown=self._shown)
            if own is not None:
                return self._events.maintenance_page(own)
        return None

    def _feed(self, name: str) -> bytes:
        made: Callable[[PageView, frozenset[int]], Mapping[str, bytes]] = import_string(_WRITTEN_BY)
        return made(self.page, self._shown)[name]

    def _feed_of(self, name: str, slug: str) -> bytes | None:
        component = self._of_slug(slug)
        if component is None:
            return None
        made: Callable[[PageView, frozenset[int], ComponentView], Mapping[str, bytes]]
        made = import_string(_WRITTEN_OF_ONE_BY)
        return made(self.page, self._shown, component)[name]

    def _badge(self, name: str, slug: str | None) -> bytes | None:
        page, histories = self.page, Histories()
        if slug is None:
            every = [badges.tallies(one, page, histories) for one in page.components]
            return badges.of_page(page, every).get(name)
        component = self._of_slug(slug)
        if component is None:
            return None
        spent = badges.tallies(component, page, histories)
        return badges.of_component(component, page, spent).get(name)

    def _works(self) -> bytes:
        lines = self._own(event_lists.works())
        return self._calendars.maintenance(lines, page=self.page)["maintenance.html"]

    def _month(self, name: str, slug: str | None, kind: str | None) -> bytes | None:
        bounds = self._bounds
        month = bounds.last if name == "index" else _month_of(name)
        if month is None or not bounds.first <= month <= bounds.last:
            return None
        lines = self._own(event_lists.between(*month.bounds(self.site.time_zone)))
        tail = (f"/components/{slug}" if slug else "") + (kind or "")
        return self._calendars.month(month, lines, bounds=bounds).get(f"history/{month}{tail}.html")

    @property
    def _bounds(self) -> Bounds:
        last = event_days.month_of(event_days.day_of(self.now, self.site.time_zone))
        first_at = EventSource().first_at(self.site, self._shown)
        if first_at is None:
            return Bounds(first=last, last=last)
        first = event_days.month_of(event_days.day_of(first_at, self.site.time_zone))
        return Bounds(first=min(first, last), last=last)

    @property
    def _events(self) -> EventPages:
        return EventPages(self.site, as_of=self.now)

    @property
    def _calendars(self) -> Calendars:
        return Calendars(self.site, as_of=self.now)

    def _own(self, lines: tuple[EventLine, ...]) -> tuple[EventLine, ...]:
        return projecting.lines(lines, site=self.site, shown=self._shown)

    def _of_slug(self, slug: str) -> ComponentView | None:
        return next((one for one in self.page.components if one.slug == slug), None)


def _month_of(name: str) -> Month | None:
    month = event_days.parse(name)
    return month if month.year and 1 <= month.number <= 12 else None


def _dedicated(shown: frozenset[int]) -> frozenset[int]:
    """Those of some components that pages show only where they were chosen."""
    rows = Component.objects.filter(only_where_chosen=True).values_list("id", flat=True)
    return shown & frozenset(rows)


def _parted(page: PageView, dedicated: frozenset[int]) -> tuple[GroupView, ...]:
    """The components that are the customer's own under a heading of their own, before the others."""
    own = tuple(one for one in page.components if one.id in dedicated)
    rest = (
        replace(group, components=tuple(one for one in group.components if one.id not in dedicated))
        for group in page.groups
    )
    with templating.active(page.site):
        name = _("Dedicated to %(name)s") % {"name": page.site.name}
    first = GroupView(name=name, is_collapsed=False, components=own)
    return (first, *(group for group in rest if group.components))
