"""Tell subscribers of an entry: which stage of the chart it is, and what is said of it.

Called by the timelines in the transaction of the entry, when it `notifies`; and when an event is
deleted. What follows (who gets it, over which channel) is the subscribers' business.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from components import catalogue
from incidents import lifecycle, windows
from incidents.lifecycle import State
from incidents.models import Incident, IncidentUpdate, Maintenance, MaintenanceUpdate
from incidents.windows import Kind
from notifications.messages import Tone
from subscribers import fanout
from subscribers.chart import Stage
from subscribers.content import Content, Touched, iso

_OF_STATE = {
    State.INVESTIGATING: Stage.INCIDENT_UPDATED,
    State.IDENTIFIED: Stage.INCIDENT_IDENTIFIED,
    State.MONITORING: Stage.INCIDENT_MONITORING,
    State.RESOLVED: Stage.INCIDENT_RESOLVED,
    State.POSTMORTEM: Stage.POSTMORTEM_PUBLISHED,
}
_OF_KIND = {
    Kind.SCHEDULED: Stage.MAINTENANCE_SCHEDULED,
    Kind.RESCHEDULED: Stage.MAINTENANCE_CHANGED,
    Kind.REMINDER: Stage.MAINTENANCE_REMINDER,
    Kind.STARTED: Stage.MAINTENANCE_STARTED,
    Kind.EXTENDED: Stage.MAINTENANCE_UPDATED,
    Kind.NOTE: Stage.MAINTENANCE_UPDATED,
    Kind.VERIFICATION: Stage.MAINTENANCE_VERIFYING,
    Kind.COMPLETED: Stage.MAINTENANCE_COMPLETED,
    Kind.CANCELLED: Stage.MAINTENANCE_CHANGED,
}


def incident_stage(*, previous: State | None, state: State, is_retroactive: bool) -> Stage:
    """The row of the chart that an update of an incident is (O7, AMB-9, AMB-17)."""
    if is_retroactive and previous is None:
        return Stage.INCIDENT_RECORDED
    if lifecycle.is_creation(previous, state):
        return Stage.INCIDENT_CREATED
    if previous == state:
        return Stage.INCIDENT_UPDATED
    return _OF_STATE[state]


def maintenance_stage(kind: Kind) -> Stage:
    """The row of the chart that an entry of a maintenance is."""
    return _OF_KIND[kind]


def incident_topic(incident: Incident) -> str:
    """The name of an incident among what is told."""
    return f"incident:{incident.public_id}"


def maintenance_topic(maintenance: Maintenance) -> str:
    """The name of a maintenance among what is told."""
    return f"maintenance:{maintenance.public_id}"


def tell_incident(*, incident: Incident, update: IncidentUpdate, now: datetime) -> None:
    """Announce an update of an incident; call in its transaction."""
    previous = State(update.previous_state) if update.previous_state else None
    stage = incident_stage(
        previous=previous, state=update.state_value, is_retroactive=incident.is_retroactive
    )
    fanout.announce(
        key=f"update:{update.public_id}",
        topic=incident_topic(incident),
        stage=stage,
        component_ids=_ids(incident.affected.all()),
        content=_incident_content(incident, update, stage),
        ends_topic=not update.state_value.is_open,
        now=now,
    )


def tell_maintenance(*, maintenance: Maintenance, update: MaintenanceUpdate, now: datetime) -> None:
    """Announce an entry of a maintenance; call in its transaction."""
    stage = maintenance_stage(update.kind_value)
    fanout.announce(
        key=f"entry:{update.public_id}",
        topic=maintenance_topic(maintenance),
        stage=stage,
        component_ids=_ids(maintenance.affected.all()),
        content=_maintenance_content(maintenance, update, stage),
        ends_topic=update.state_value.is_over,
        now=now,
    )


def fall_silent(event: Incident | Maintenance, *, now: datetime) -> int:
    """Stop what is unsent about an event that is being deleted; how many messages it stopped."""
    topic = incident_topic(event) if isinstance(event, Incident) else maintenance_topic(event)
    return fanout.cancel(topic=topic, now=now)


def _incident_content(incident: Incident, update: IncidentUpdate, stage: Stage) -> Content:
    page = catalogue.page()
    zone = ZoneInfo(page.time_zone)
    promise = ""
    if update.next_update_by is not None and update.state_value.is_open:
        promise = _("Next update by %(time)s.") % {"time": _clock(update.next_update_by, zone)}
    started = _("Started %(time)s.") % {"time": _clock(incident.started_at, zone)}
    return Content(
        kind="incident",
        public_id=incident.public_id,
        update_id=update.public_id,
        page_name=page.name,
        title=incident.title,
        word=_(update.state_value.label),
        state=update.state,
        stage=stage.value,
        path=incident.get_absolute_url(),
        at=update.at.isoformat(),
        when=f"{_moment(update.at, zone)}.",
        text=update.text,
        html=update.html,
        impact=incident.impact,
        started=started,
        promise=promise,
        tone=(Tone.PROBLEM if update.state_value.is_open else Tone.RECOVERY).value,
        touched=_touched(update),
        facts={
            "started_at": iso(incident.started_at),
            "resolved_at": iso(incident.resolved_at),
            "next_update_by": iso(update.next_update_by),
        },
        entries=_entries(incident.updates.order_by("-at", "-id")),
    )


def _maintenance_content(
    maintenance: Maintenance, update: MaintenanceUpdate, stage: Stage
) -> Content:
    page = catalogue.page()
    zone = ZoneInfo(page.time_zone)
    window = _("Planned from %(start)s to %(end)s.") % {
        "start": _moment(update.starts_at, zone),
        "end": _moment(update.ends_at, zone),
    }
    # An entry without words of its own says what the plan says.
    text, html = update.text, update.html
    if not text:
        text, html = maintenance.text, maintenance.html
    is_over = update.state_value == windows.State.COMPLETED
    return Content(
        kind="maintenance",
        public_id=maintenance.public_id,
        update_id=update.public_id,
        page_name=page.name,
        title=maintenance.title,
        word=_word(update),
        state=update.state,
        stage=stage.value,
        path=maintenance.get_absolute_url(),
        at=update.at.isoformat(),
        when=f"{_moment(update.at, zone)}.",
        text=text,
        html=html,
        started=window,
        tone=(Tone.RECOVERY if is_over else Tone.NOTICE).value,
        touched=_touched(update),
        facts={"starts_at": iso(update.starts_at), "ends_at": iso(update.ends_at)},
        entries=_entries(maintenance.updates.timeline()),
    )


def _word(update: MaintenanceUpdate) -> str:
    words = {
        Kind.SCHEDULED: _("Maintenance scheduled"),
        Kind.RESCHEDULED: _("Maintenance moved"),
        Kind.REMINDER: _("Maintenance reminder"),
        Kind.STARTED: _("Maintenance in progress"),
        Kind.EXTENDED: _("Maintenance extended"),
        Kind.NOTE: _("Maintenance update"),
        Kind.VERIFICATION: _("Maintenance in verification"),
        Kind.COMPLETED: _("Maintenance completed"),
        Kind.CANCELLED: _("Maintenance cancelled"),
    }
    return words[update.kind_value]


def _ids(rows: Iterable[Any]) -> list[int]:
    return sorted(row.component_id for row in rows)


def _touched(update: IncidentUpdate | MaintenanceUpdate) -> list[Touched]:
    rows = update.components.order_by("id")
    return [Touched(name=row.name, status=row.status) for row in rows]


def _entries(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [
        {"id": row.public_id, "state": row.state, "text": row.text, "at": row.at.isoformat()}
        for row in list(rows)[:50]
    ]


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M %Z}"


def _moment(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{date_format(local, 'j M Y, H:i')} {local:%Z}"
