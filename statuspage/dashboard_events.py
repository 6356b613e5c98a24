"""The dashboard's list of what is open and what is scheduled (A13), with a fixed number of queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from components.status import Status
from incidents import reading, shown_on
from incidents.models import AffectedComponent, AffectedService, Incident, Maintenance

SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEvent:
    """One line. `promised_at` is when the next update was promised, `starts_at` when work begins.

    `shown_on` names the pages it is on, empty while there is one. `state` has a label and the name of an icon; `action` and `action_url` are what to do next.
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
    shown_on: str = ""


def read(*, names_customers: bool) -> list[OpenEvent]:
    """Open incidents newest first, then work in progress, then what is scheduled, soonest first.

    `names_customers` is what `shown_on.may_name` says of the reader.
    """
    return [*_incidents(names_customers), *_maintenance(names_customers)]


def _on_pages(
    events: Iterable[Incident | Maintenance],
    rows: QuerySet[Any],
    event: str,
    *,
    names_customers: bool,
) -> Mapping[int, str]:
    """On which pages each event is, by its id; `rows` say which components the events touch."""
    touched: dict[int, list[int]] = {one.pk: [*one.dedicated_ids] for one in events}
    for event_id, component_id in rows.values_list(event, "component_id"):
        touched[event_id].append(component_id)
    return shown_on.sentences(touched, names_customers=names_customers)


def _incidents(names_customers: bool) -> list[OpenEvent]:
    rows = reading.rows_of(Incident.objects.open()[:SHOWN])
    ids = [row.incident.pk for row in rows]
    on = _on_pages(
        [row.incident for row in rows],
        AffectedComponent.objects.filter(incident__in=ids),
        "incident_id",
        names_customers=names_customers,
    )
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
            shown_on=on.get(row.incident.pk, ""),
        )
        for row in rows
    ]


def _maintenance(names_customers: bool) -> list[OpenEvent]:
    counted = Maintenance.objects.annotate(touches=Count("affected"))
    ids = [
        *Maintenance.objects.running().values_list("id", flat=True)[:SHOWN],
        *Maintenance.objects.scheduled().values_list("id", flat=True)[:SHOWN],
    ]
    rows = counted.in_bulk(ids)
    on = _on_pages(
        rows.values(),
        AffectedService.objects.filter(maintenance__in=ids),
        "maintenance_id",
        names_customers=names_customers,
    )
    return [_work(rows[one], on.get(one, "")) for one in ids if one in rows]


def _work(row: Any, on: str) -> OpenEvent:
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
        shown_on=on,
    )


def _console_url(name: str, row: Any) -> str:
    """The address of a screen for planned work, if the console has it."""
    try:
        return reverse(f"admin:{name}", args=[row.public_id])
    except NoReverseMatch:
        return ""
