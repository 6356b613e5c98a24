"""The dashboard's list of what is open and what is scheduled (A13), with a fixed number of queries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from components.status import Status
from incidents import reading
from incidents.models import Incident, Maintenance

SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEvent:
    """One line. `promised_at` is when the next update was promised, `starts_at` when work begins.

    `state` has a label and the name of an icon; `action` and `action_url` are what to do next.
    """

    title: str
    url: str
    code: str
    state: Any
    affected: int
    is_incident: bool
    promised_at: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    action: str = ""
    action_url: str = ""


def read() -> list[OpenEvent]:
    """Open incidents newest first, then work in progress, then what is scheduled, soonest first."""
    return [*_incidents(), *_maintenance()]


def _incidents() -> list[OpenEvent]:
    rows = reading.rows_of(Incident.objects.open()[:SHOWN])
    return [
        OpenEvent(
            title=row.incident.title,
            url=reverse("admin:incident", args=[row.incident.public_id]),
            code=row.code,
            state=row.incident.state_value,
            affected=row.affected,
            is_incident=True,
            promised_at=row.incident.next_update_by,
            action=_("Post update"),
            action_url=reverse("admin:incident_update", args=[row.incident.public_id]),
        )
        for row in rows
    ]


def _maintenance() -> list[OpenEvent]:
    counted = Maintenance.objects.annotate(touches=Count("affected"))
    ids = [
        *Maintenance.objects.running().values_list("id", flat=True)[:SHOWN],
        *Maintenance.objects.scheduled().values_list("id", flat=True)[:SHOWN],
    ]
    rows = counted.in_bulk(ids)
    return [_work(rows[one]) for one in ids if one in rows]


def _work(row: Any) -> OpenEvent:
    is_running = row.state_value.is_running
    return OpenEvent(
        title=row.title,
        url=_console_url("maintenance", row) or row.get_absolute_url(),
        code=Status.UNDER_MAINTENANCE.code,
        state=row.state_value,
        affected=row.touches,
        is_incident=False,
        starts_at=None if is_running else row.starts_at,
        ends_at=row.ends_at if is_running else None,
        action=_("Edit"),
        action_url=_console_url("maintenance_edit", row),
    )


def _console_url(name: str, row: Any) -> str:
    """The address of a screen for planned work, if the console has it."""
    try:
        return reverse(f"admin:{name}", args=[row.public_id])
    except NoReverseMatch:
        return ""
