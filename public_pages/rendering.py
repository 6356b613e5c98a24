"""From the read model to the bytes of every published HTML file.

Called by the publisher. Reads no database; the language and the zone of the page are active while
it renders, whatever the process runs in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from common import markdown
from components import uptime
from components.status import Status
from components.uptime import Change, Weights
from incidents.models import SHOWN_AT_ONCE
from public_pages import (
    event_days,
    event_rendering,
    figures,
    home_rows,
    program_parts,
    response_section,
    templating,
    times,
    wording,
)
from public_pages.charts import Range
from public_pages.event_views import Kind
from public_pages.figures import History
from public_pages.home_rows import GroupRows, Row
from public_pages.page_views import ComponentView, DetailView, PageView, SiteView
from public_pages.templatetags import event_tags, status_tags

_BASE = "\ue0fe\ue0ff"  # private characters: the path that links begin with, put in later
ERROR_PAGES = ("404", "500", "503")


@dataclass(frozen=True, slots=True)
class _Known:
    """A history, and what it was computed from."""

    changes: tuple[Change, ...]
    as_of: datetime
    history: History


class Histories:
    """The histories of components, computed once for all pages of the same zone and weights.

    `before` are those of an earlier moment: what still holds of them is carried over.
    """

    def __init__(self, before: "Histories | None" = None) -> None:
        self._found: dict[tuple[int, str, Weights], _Known] = {}
        self._before = before._found if before else {}

    def get(self, component: ComponentView, *, site: SiteView, now: datetime) -> History:
        """Return the 90 days of a component as a page shows them."""
        key = (component.id, str(site.time_zone), site.weights)
        known = self._found.get(key)
        if known and known.as_of == now and known.changes == component.changes:
            return known.history
        earlier = known or self._before.get(key)
        history = figures.history(
            component.changes,
            weights=site.weights,
            now=now,
            time_zone=site.time_zone,
            earlier=earlier.history if earlier and earlier.changes == component.changes else None,
        )
        self._found[key] = _Known(component.changes, now, history)
        return history


class Fragments:
    """Parts of pages that are the same on every page of a zone, a language and weights.

    For one moment: make a new one for every read model. Links in them begin with `_BASE`.
    """

    def __init__(self) -> None:
        self._made: dict[object, str] = {}

    def get(self, key: object, site: SiteView, make: Callable[[str], bytes]) -> SafeString:
        """Return a part for a page; `make` is given what stands for the path of the page."""
        whole = (key, str(site.time_zone), site.language, site.weights)
        if whole not in self._made:
            self._made[whole] = make(_BASE).decode()
        return mark_safe(self._made[whole].replace(_BASE, site.base))  # noqa: S308 - was rendered


class Pages:
    """Renders the pages of one read model.

    Args:
        page: the read model, cut to the page.
        histories: where histories are kept that other pages need too.
        fragments: where parts are kept that other pages of the same moment need too; None: nowhere.
    """

    def __init__(
        self,
        page: PageView,
        histories: Histories | None = None,
        fragments: Fragments | None = None,
    ) -> None:
        self.page = page
        self._histories = histories or Histories()
        self._fragments = fragments

    def percents(self) -> Mapping[int, Decimal | None]:
        """Return the 90-day uptime of each component by its id."""
        return {member.id: self.history(member).percent for member in self.page.components}

    def home(self) -> Mapping[str, bytes]:
        """Return the home page and its live fragment, by file name."""
        with templating.active(self.page.site):
            common = self._home_context()
            return {"index.html": self._index(common), "live.html": self._live(common)}

    def errors(self) -> Mapping[str, bytes]:
        """Return the error pages and the page for programs, which change with site and favicon alone."""
        return {
            **{f"{name}.html": self.error(name) for name in ERROR_PAGES},
            "api.html": self._programs(),
        }

    def index(self) -> bytes:
        """Return the home page."""
        with templating.active(self.page.site):
            return self._index(self._home_context())

    def live(self) -> bytes:
        """Return the fragment that refreshes an open home page."""
        with templating.active(self.page.site):
            return self._live(self._home_context())

    def error(self, name: str) -> bytes:
        """Return one of `ERROR_PAGES`."""
        with templating.active(self.page.site):
            return templating.render(f"{name}.html", self._common())

    def gone(self) -> bytes:
        """Return what is left of a page that was retired."""
        with templating.active(self.page.site):
            return templating.render("public_pages/gone.html", self._common())

    def _programs(self) -> bytes:
        site = self.page.site
        with templating.active(site):
            context = {"is_final": True, "path": f"{site.base}/api", "parts": program_parts.parts()}
            return templating.render("public_pages/programs.html", self._common() | context)

    def component(self, component: ComponentView, detail: DetailView) -> Mapping[str, bytes]:
        """Return the pages of a component, one a chart range, by file name."""
        with templating.active(self.page.site):
            context = self._component_context(component, detail)
            return {
                response_section.file_name(component.slug, chosen): self._component(
                    component, detail, chosen, context
                )
                for chosen in Range
            }

    def component_page(self, component: ComponentView, detail: DetailView, chosen: Range) -> bytes:
        """Return the page of a component with one chart range."""
        with templating.active(self.page.site):
            context = self._component_context(component, detail)
            return self._component(component, detail, chosen, context)

    def _index(self, common: Mapping[str, Any]) -> bytes:
        template = "not_set_up.html" if self.page.is_nameless else "home.html"
        return templating.render(f"public_pages/{template}", common)

    def _live(self, common: Mapping[str, Any]) -> bytes:
        return templating.render("public_pages/live.html", {**common, "is_live": True})

    def _component(
        self,
        component: ComponentView,
        detail: DetailView,
        chosen: Range,
        context: Mapping[str, Any],
    ) -> bytes:
        site = self.page.site
        path = f"{site.base}{response_section.path(component.slug, chosen)}"

        def response(base: str) -> bytes:
            return templating.render(
                "public_pages/_response.html",
                {"component": component}
                | response_section.context(
                    component, detail, chosen, now=self.page.as_of, base=base
                ),
            )

        made = self._part((component.id, chosen), response)
        return templating.render(
            "public_pages/component.html", {**context, "path": path, "response": made}
        )

    def _component_context(self, component: ComponentView, detail: DetailView) -> dict[str, Any]:
        context = self._common() | {
            "component": component,
            "words": wording.component_word(component),
            "favicon": component.status.code,
            "open_incidents": [line for line in detail.incidents if line.is_open],
            "boxes_ids": [f"boxes-{component.slug}"] if component.nodes else [],
        }
        site = self.page.site

        def rest(_base: str) -> bytes:
            return templating.render(
                "public_pages/_component_rest.html", context | self._rest(component, detail)
            )

        return context | {
            "rest": self._part((component.id, "rest"), rest),
            "incidents": [
                event_days.DayRow(day, day, lines)
                for day, lines in event_days.by_start(detail.incidents, site.time_zone).items()
            ],
            "kinds": [Kind.INCIDENT],
        }

    def _part(self, key: object, make: Callable[[str], bytes]) -> SafeString:
        """A part that is the same on other pages; `make` is given the path that links begin with."""
        site = self.page.site
        if self._fragments is None:
            return mark_safe(make(site.base).decode())  # noqa: S308 - rendered with escaping
        return self._fragments.get((self.page.as_of, key), site, make)

    def _home_context(self) -> dict[str, Any]:
        groups = self._groups()
        return (
            self._common()
            | {
                "headline": wording.headline(self.page),
                "announcements": self._announcements(),
                "groups": groups,
                "shape": home_rows.shape(groups),
                "is_alarm": self.page.code != Status.OPERATIONAL.code and bool(groups),
                "is_checked_shown": self._is_checked_shown(),
                "interrupted": wording.interrupted(self.page.interrupted_since),
                "checked_at": self.page.checked_at,
                "path": f"{self.page.site.base}/",
                "here": "status",
            }
            | self._events()
        )

    def _common(self) -> dict[str, Any]:
        return {
            "site": self.page.site,
            "site_title": wording.site_title(self.page.site.name),
            "as_of": self.page.as_of,
            "favicon": self.page.code,
            "rule": wording.rule(self.page.site.weights),
        }

    def history(self, component: ComponentView) -> History:
        """Return the 90 days of a component."""
        return self._histories.get(component, site=self.page.site, now=self.page.as_of)

    def _groups(self) -> list[GroupRows]:
        return [
            GroupRows(group, number, tuple(self._row(member) for member in group.components))
            for number, group in enumerate(self.page.groups)
        ]

    def _row(self, component: ComponentView) -> Row:
        history = self.history(component)
        return Row(
            component=component,
            history=history,
            strip=self._part(
                (component.id, "strip"), lambda _base: status_tags.strip(history).encode()
            ),
            percent=wording.percent(history.percent),
            summary=wording.summary(history),
        )

    def _announcements(self) -> list[dict[str, Any]]:
        """Those the page has room for."""
        return [
            {"view": view, "html": markdown.render(view.text)}
            for view in self.page.announcements[:SHOWN_AT_ONCE]
        ]

    def _events(self) -> dict[str, Any]:
        """What is open, what comes, and the past days; empty when nothing happened in them."""
        page, events = self.page, self.page.events
        today = event_days.day_of(page.as_of, page.site.time_zone)
        days = event_days.rows(
            events.recent,
            first=today - timedelta(days=event_days.RECENT_DAYS - 1),
            last=today,
            time_zone=page.site.time_zone,
        )
        return {
            "open_cards": event_rendering.cards(events.open, page=page),
            "running_cards": event_rendering.cards(events.running, page=page),
            "upcoming_cards": event_rendering.cards(events.upcoming, page=page),
            # Made once for the page and its fragment.
            "days": event_tags.event_rows(days, page.as_of, list(Kind), page.site.base)
            if events.recent
            else "",
        }

    def _is_checked_shown(self) -> bool:
        """The silence sentence names the last check itself."""
        return self.page.checked_at is not None and any(
            component.is_monitored and component.status != Status.UNKNOWN
            for component in self.page.components
        )

    def _rest(self, component: ComponentView, detail: DetailView) -> dict[str, Any]:
        weights, history = self.page.site.weights, self.history(component)
        periods = figures.periods(
            detail.changes,
            history.bars,
            weights=weights,
            now=self.page.as_of,
            time_zone=self.page.site.time_zone,
        )
        return {
            "history": history,
            "summary": wording.summary(history),
            "figures": [
                {
                    "name": wording.figure_name(figure),
                    "percent": wording.percent(figure.percent),
                    "notes": wording.figure_notes(figure),
                }
                for figure in periods
            ],
            "affected": [
                {"bar": bar, "down": times.duration(uptime.down_minutes(bar.tally, weights))}
                for bar in history.affected
            ],
            "example": wording.worked_example(history.spent, weights),
        }
