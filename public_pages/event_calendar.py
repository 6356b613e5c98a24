"""The pages that list events by day: a month of history with its filters, and maintenance.

Called by the publisher of event pages. Reads no database. A filter is a page of its own, so that it
works without scripts and while the database is away; the front leads the form to it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents import windows
from public_pages import event_days, event_rendering, event_wording, templating, times
from public_pages.event_days import Month
from public_pages.event_views import EventLine, Kind, TouchedView
from public_pages.page_views import PageView, SiteView

_KIND_NAMES = {Kind.INCIDENT: "incidents", Kind.MAINTENANCE: "maintenance"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The months that have a page."""

    first: Month
    last: Month

    @property
    def months(self) -> Iterator[Month]:
        """All of them, newest first."""
        month = self.last
        while month >= self.first:
            yield month
            month = month.previous


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a page of a month shows: of one component, of one kind, or all."""

    component: TouchedView | None = None
    kind: Kind | None = None

    def fits(self, line: EventLine) -> bool:
        """Whether an event is shown."""
        if self.kind is not None and line.kind is not self.kind:
            return False
        return self.component is None or any(
            touched.id == self.component.id for touched in line.touched
        )

    @property
    def tail(self) -> str:
        """The end of the page's address."""
        component = f"/components/{self.component.slug}" if self.component else ""
        return component + (f"/{_KIND_NAMES[self.kind]}" if self.kind else "")

    def file_name(self, month: Month) -> str:
        """Where the page of a month with this filter lies in the published folder."""
        return f"history/{month}{self.tail}.html"


class Calendars:
    """Renders the lists of one page row at one moment."""

    def __init__(self, site: SiteView, *, as_of: datetime) -> None:
        self.site = site
        self.as_of = as_of
        self.today = event_days.day_of(as_of, site.time_zone)
        self._plain: tuple[object, bytes] = (None, b"")  # the last one without a filter

    def month(
        self,
        month: Month,
        lines: Sequence[EventLine],
        *,
        bounds: Bounds,
        is_plain: bool = False,
    ) -> Mapping[str, bytes]:
        """Return the pages of a month, one a filter that fits something, by file name.

        `is_plain` leaves out the filters. Only this month's own page is written every minute.
        """
        with templating.active(self.site):
            components = _components(lines)
            has_both = len({line.kind for line in lines}) > 1
            shared = self._month_context(month, lines, components, bounds, has_both=has_both)
            kinds = (None, *Kind) if has_both else (None,)
            files = {}
            for component in (None, *components):
                for kind in kinds:
                    if is_plain and (component or kind):
                        continue
                    chosen = Filter(component=component, kind=kind)
                    files[chosen.file_name(month)] = self._month_page(
                        month, lines, chosen, bounds, shared
                    )
            if month == bounds.last:
                files["history/index.html"] = files[f"history/{month}.html"]
        return files

    def maintenance(self, lines: Sequence[EventLine], *, page: PageView) -> Mapping[str, bytes]:
        """Return the page of all maintenance, by file name."""
        with templating.active(self.site):
            running = [line for line in lines if line.is_open]
            planned = [line for line in lines if line.state == windows.State.SCHEDULED]
            over = [line for line in lines if line not in running and line not in planned]
            this = event_days.month_of(self.today)
            context = event_rendering.common(
                self.site, as_of=self.as_of, favicon=page.code, here="maintenance"
            ) | {
                "running": event_rendering.cards(running, page=page),
                "planned": event_rendering.cards(planned, page=page),
                "days": [
                    event_days.DayRow(day, day, on_it)
                    for day, on_it in event_days.by_start(over, self.site.time_zone).items()
                ],
                "calendars": [
                    self._calendar(month, lines, is_linked=True) for month in (this, this.next)
                ],
                "zone": times.zone(self.as_of.astimezone(self.site.time_zone)),
                "kinds": [Kind.MAINTENANCE],
                "path": f"{self.site.base}/maintenance",
            }
            return {"maintenance.html": templating.render("public_pages/maintenance.html", context)}

    def _month_page(
        self,
        month: Month,
        lines: Sequence[EventLine],
        chosen: Filter,
        bounds: Bounds,
        shared: Mapping[str, Any],
    ) -> bytes:
        # This month is asked for by the clock, and once more with its filters.
        key = (month, tuple(lines), bounds)
        if chosen == Filter() and self._plain[0] == key:
            return self._plain[1]
        path = f"{self.site.base}/history/{month}{chosen.tail}"
        body = templating.render(
            "public_pages/history.html",
            {**shared, **self._chosen(month, lines, chosen), "path": path},
        )
        if chosen == Filter():
            self._plain = (key, body)
        return body

    def _month_context(
        self,
        month: Month,
        lines: Sequence[EventLine],
        components: Sequence[TouchedView],
        bounds: Bounds,
        *,
        has_both: bool,
    ) -> dict[str, Any]:
        neighbours = [
            {
                "path": f"{self.site.base}/history/{each}",
                "name": times.month(each.first),
                "is_current": each == month,
            }
            for each in (month.previous, month, month.next)
            if bounds.first <= each <= bounds.last
        ]
        return event_rendering.common(self.site, as_of=self.as_of, favicon="un", here="history") | {
            "name": times.month(month.first),
            "month": str(month),
            "months": neighbours,
            "options": components,
            "has_both": has_both,
            "has_filter": bool(components) or has_both,
            "zone": times.zone(timezone.localtime(self.as_of)),
        }

    def _chosen(self, month: Month, lines: Sequence[EventLine], chosen: Filter) -> dict[str, Any]:
        shown = [line for line in lines if chosen.fits(line)]
        last = min(month.last, self.today)
        days = event_days.rows(shown, first=month.first, last=last, time_zone=self.site.time_zone)
        is_filtered = chosen != Filter()
        return {
            "days": days if any(row.lines for row in days) else [],
            "kinds": [chosen.kind] if chosen.kind else list(Kind),
            "component": chosen.component,
            "shows_incidents": chosen.kind is not Kind.MAINTENANCE,
            "shows_maintenance": chosen.kind is not Kind.INCIDENT,
            "is_filtered": is_filtered,
            # A filter is written when its month changes, and not by the clock.
            "is_final": is_filtered or month != event_days.month_of(self.today),
            "empty": self._empty(month, chosen),
            "calendar": self._calendar(month, shown, is_linked=False),
            "found": ngettext("%(count)s event", "%(count)s events", len(shown))
            % {"count": len(shown)},
        }

    def _empty(self, month: Month, chosen: Filter) -> str:
        name = times.month(month.first)
        if chosen.kind is Kind.MAINTENANCE:
            return _("No maintenance in %(month)s.") % {"month": name}
        return _("No incidents in %(month)s.") % {"month": name}

    def _calendar(
        self, month: Month, lines: Sequence[EventLine], *, is_linked: bool
    ) -> dict[str, Any]:
        """A month as a table; days with events lead to the list, or to the event where there is none."""
        by_day = event_days.by_start(lines, self.site.time_zone)

        def marks(day: date | None) -> list[tuple[str, str, str]]:
            worst_first = sorted(
                by_day.get(day, ()) if day else (), key=lambda line: -line.worst.rank
            )
            return [
                (
                    f"{self.site.base}{line.path}"
                    if is_linked or (day and day > self.today)
                    else f"#d{day}",
                    "un" if line.state == windows.State.CANCELLED else line.worst.code,
                    event_wording.state_word(line.state),
                )
                for line in worst_first
            ]

        return {
            "name": times.month(month.first),
            "weeks": [[(day, marks(day)) for day in week] for week in event_days.weeks(month)],
            "today": self.today,
        }


def _components(lines: Sequence[EventLine]) -> list[TouchedView]:
    """The components that events touch, by name."""
    found = {touched.id: touched for line in lines for touched in line.touched}
    return sorted(found.values(), key=lambda touched: (touched.name.casefold(), touched.id))
