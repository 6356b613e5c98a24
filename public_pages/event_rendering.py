"""The pages about events, from the read model to bytes: incident, report, maintenance, withdrawn.

Called by the publisher of event pages. Reads no database. `event_calendar` makes the history.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common import markdown
from components.status import Status
from incidents import lifecycle, windows
from public_pages import affected, event_days, event_wording, templating, times, wording
from public_pages.event_views import (
    EventLine,
    IncidentView,
    MaintenanceView,
    PostmortemView,
    UpdateView,
)
from public_pages.page_views import PageView, SiteView


def common(site: SiteView, *, as_of: datetime, favicon: str, here: str) -> dict[str, Any]:
    """Return what every template needs; call inside `templating.active`."""
    return {
        "site": site,
        "site_title": wording.site_title(site.name),
        "as_of": as_of,
        "favicon": favicon,
        "here": here,
    }


class EventPages:
    """Renders the pages of single events of one page row at one moment."""

    def __init__(self, site: SiteView, *, as_of: datetime) -> None:
        self.site = site
        self.as_of = as_of

    def incident(self, view: IncidentView) -> Mapping[str, bytes]:
        """Return the page of an incident and of its report, by file name."""
        files = {f"incidents/{view.ident}.html": self.incident_page(view)}
        if view.postmortem is not None:
            report = self.postmortem_page(view, view.postmortem)
            files[f"incidents/{view.ident}/postmortem.html"] = report
        return files

    def incident_page(self, view: IncidentView) -> bytes:
        """Return the page of an incident."""
        with templating.active(self.site):
            path = f"{self.site.base}{view.path}"
            return templating.render(
                "public_pages/incident.html",
                self._shared(view) | self._said(view) | {"path": path},
            )

    def postmortem_page(self, view: IncidentView, report: PostmortemView) -> bytes:
        """Return the page of an incident's report."""
        with templating.active(self.site):
            path = f"{self.site.base}{view.path}/postmortem"
            return templating.render(
                "public_pages/postmortem.html",
                self._shared(view) | _report(view, report) | {"path": path, "is_final": True},
            )

    def _shared(self, view: IncidentView) -> dict[str, Any]:
        worst = event_wording.impact_of(view)
        return self._common(event_wording.look(view.state, worst).code) | {
            "incident": view,
            "worst": worst,
            "has_impact": worst != Status.OPERATIONAL,
            "length": self._length(view),
            "month": self._month(view.started_at),
            "is_final": not view.state.is_open,
            "detected_at": view.started_at if view.is_detected else None,
            "zone": self._zone(view.started_at),
        }

    def maintenance(self, view: MaintenanceView) -> Mapping[str, bytes]:
        """Return the page of a maintenance, by file name."""
        return {f"maintenance/{view.ident}.html": self.maintenance_page(view)}

    def maintenance_page(self, view: MaintenanceView) -> bytes:
        """Return the page of a maintenance."""
        with templating.active(self.site):
            look = event_wording.look(view.state, Status.UNDER_MAINTENANCE)
            context = self._common(look.code, here="maintenance") | {
                "maintenance": view,
                "month": self._month(view.starts_at),
                "description": event_wording.excerpt(view.html),
                "text": mark_safe(view.html),  # noqa: S308 - cleaned when it was written
                "is_final": view.state.is_over,
                "zone": self._zone(view.starts_at),
                "took": event_wording.maintenance_took(
                    view.state,
                    began_at=view.started_at,
                    ended_at=view.ended_at,
                    ends_at=view.ends_at,
                    now=self.as_of,
                ),
                "overrun": event_wording.overrun(
                    windows.overrun(view.state, ends_at=view.ends_at, now=self.as_of)
                ),
                "chips": [
                    (component.status or Status.UNDER_MAINTENANCE, component.name)
                    for component in view.touched
                ],
                "entries": _entries(view.updates, Status.UNDER_MAINTENANCE),
                "meanings": _meanings(windows.State),
                "path": f"{self.site.base}{view.path}",
            }
            return templating.render("public_pages/maintenance_event.html", context)

    def withdrawn(self, ident: str, *, kind: str, at: datetime) -> Mapping[str, bytes]:
        """Return the page that is left of a deleted event, by file name."""
        with templating.active(self.site):
            context = self._common("un") | {
                "is_maintenance": kind == "maintenance",
                "day": times.full_day(at.astimezone(self.site.time_zone).date()),
                "is_final": True,
            }
            body = templating.render("public_pages/withdrawn.html", context)
        return {f"withdrawn/{ident}.html": body}

    def _common(self, favicon: str, here: str = "history") -> dict[str, Any]:
        return common(self.site, as_of=self.as_of, favicon=favicon, here=here)

    def _zone(self, at: datetime) -> str:
        return times.zone(at.astimezone(self.site.time_zone))

    def _month(self, at: datetime) -> dict[str, str]:
        """The month of history an incident is listed in; its page names it (`archive_writing`)."""
        month = event_days.month_of(event_days.day_of(at, self.site.time_zone))
        return {
            "id": str(month),
            "path": f"{self.site.base}/history/{month}",
            "name": times.month(month.first),
        }

    def _length(self, view: IncidentView) -> str:
        if view.ended_at is None:
            return _("ongoing for %(duration)s") % {
                "duration": times.lasting(self.as_of - view.started_at)
            }
        return times.lasting(view.ended_at - view.started_at)

    def _said(self, view: IncidentView) -> dict[str, Any]:
        worst = event_wording.impact_of(view)
        told = next(
            (
                update
                for update in view.updates
                if update.html and update.state != lifecycle.State.POSTMORTEM
            ),
            None,
        )
        return {
            "hits": [
                (value.worst, event_wording.spent_words(name, value))
                for name, value in event_wording.spent(view, now=self.as_of)
            ],
            # Plain text, escaped where it is shown: rendered text holds bare quotes.
            "description": event_wording.excerpt(told.html if told else ""),
            "known": mark_safe(told.html) if told else "",  # noqa: S308 - cleaned when written
            "entries": _entries(view.updates, worst, is_past=view.is_retroactive),
            "meanings": _meanings(lifecycle.State),
            "is_waiting": view.is_detected and view.state.is_open and told is None,
        }


def cards(lines: Sequence[EventLine], *, page: PageView) -> list[dict[str, Any]]:
    """Return what the event cards of the home page need; chips show the present status."""
    present = {component.id: component for component in page.components}
    found = []
    for line in lines:
        chips = [
            (present[component.id].status, component.name)
            for component in line.touched
            if component.id in present
        ]
        if line.planned_end is not None and not line.is_open:
            chips = [(Status.UNDER_MAINTENANCE, component.name) for component in line.touched]
        found.append(
            {
                "line": line,
                "html": mark_safe(line.html),  # noqa: S308 - cleaned when it was written
                "chips": chips,
                "updates": ngettext("%(count)s update", "All %(count)s updates", line.updates)
                % {"count": line.updates},
                "overrun": event_wording.overrun(
                    windows.overrun(line.state, ends_at=line.planned_end, now=page.as_of)
                )
                if line.planned_end and isinstance(line.state, windows.State)
                else "",
            }
        )
    return found


def _entries(
    updates: Sequence[UpdateView], worst: Status, *, is_past: bool = False
) -> list[dict[str, Any]]:
    """The entries of a timeline, newest first, each with the components whose state it changed."""
    found = []
    for number, update in enumerate(updates):
        listed = {chip.key for older in updates[number + 1 :] for chip in older.chips}
        chips = [
            (chip.status, chip.name)
            for chip in update.chips
            if chip.previous != chip.status
            or (chip.key not in listed and chip.status in affected.PROBLEMS)
        ]
        shown = affected.impact(chip.status for chip in update.chips)
        found.append(
            {
                "update": update,
                "title": event_wording.entry_title(update),
                "icon": update.state.icon,
                "code": event_wording.state_code(
                    update.state, worst if shown == Status.OPERATIONAL else shown
                ),
                "html": mark_safe(update.html),  # noqa: S308 - cleaned when it was written
                "chips": [] if is_past else chips,
                "is_report": update.state == lifecycle.State.POSTMORTEM,
            }
        )
    return found


def _meanings(states: Any) -> list[tuple[str, str]]:
    return [(_(state.label), _(state.meaning)) for state in states]


def _report(view: IncidentView, report: PostmortemView) -> dict[str, Any]:
    return {
        "report": report,
        "description": event_wording.excerpt(markdown.render(report.summary)),
        "sections": [
            (title, markdown.render(text))
            for title, text in (
                (_("Summary"), report.summary),
                (_("Impact"), report.impact),
                (_("Root cause"), report.root_cause),
            )
            if text.strip()
        ],
        "first_update": event_wording.time_to_first_update(view),
        "actions": [
            {
                "text": action.text,
                "owner": action.owner,
                "due": _("Done")
                if action.is_done
                else _("Due %(day)s") % {"day": times.full_day(action.due_on)}
                if action.due_on
                else "",
            }
            for action in report.actions
        ],
    }
