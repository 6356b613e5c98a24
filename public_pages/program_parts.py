"""What a page offers to programs, as its page about that lists it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Part:
    """Addresses below one heading: (path, what it is)."""

    name: str
    rows: Sequence[tuple[str, str]]


def parts() -> list[Part]:
    """Return the parts in the language that is active."""
    return [
        Part(
            _("Documents"),
            (
                ("/status.json", _("what this page says")),
                ("/status/report", _("what is measured")),
                ("/status/text", _("the health in one word")),
                ("/openapi.json", _("a description of all of them (OpenAPI)")),
            ),
        ),
        Part(
            _("For clients of Statuspage"),
            (
                ("/api/v2/summary.json", _("components, incidents and maintenance")),
                ("/api/v2/status.json", _("the status alone")),
                ("/api/v2/components.json", _("components")),
                ("/api/v2/incidents.json", _("incidents")),
                ("/api/v2/scheduled-maintenances.json", _("maintenance")),
            ),
        ),
        Part(
            _("Feeds and calendar"),
            (
                ("/history.atom", _("incidents and maintenance (Atom)")),
                ("/history.rss", _("incidents and maintenance (RSS)")),
                ("/maintenance.ics", _("planned maintenance (iCalendar)")),
            ),
        ),
        Part(
            _("Badges and frames"),
            (
                ("/badge/status.svg", _("the status as a picture")),
                ("/badge/uptime/30d.svg", _("the uptime of 30 days as a picture")),
                ("/embed/frame", _("the status for a frame on another site")),
            ),
        ),
    ]
