"""Tell subscribers of an entry: which stage of the chart it is, and what is said of it.

Called by the timelines in the transaction of the entry, when it `notifies`; and when an event is
deleted. What follows (who gets it, over which channel) is the subscribers' business.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from incidents import dedicated, lifecycle, saying, speaking
from incidents.lifecycle import State
from incidents.models import Incident, IncidentUpdate, Maintenance, MaintenanceUpdate
from incidents.windows import Kind
from subscribers import fanout
from subscribers.chart import Stage
from subscribers.content import Content, Touched

_ENTRIES_MAX = 50
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
        dedicated_ids=incident.dedicated_ids,
        content=_incident_content(incident, update, stage),
        # What is said to one page alone ends nothing for the others.
        ends_topic=not update.state_value.is_open and update.audience_id is None,
        audience=update.audience,
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
        dedicated_ids=maintenance.dedicated_ids,
        content=_maintenance_content(maintenance, update, stage),
        ends_topic=update.state_value.is_over,
        now=now,
    )


def fall_silent(event: Incident | Maintenance, *, now: datetime) -> int:
    """Stop what is unsent about an event that is being deleted; how many messages it stopped."""
    topic = incident_topic(event) if isinstance(event, Incident) else maintenance_topic(event)
    return fanout.cancel(topic=topic, now=now)


def _incident_content(incident: Incident, update: IncidentUpdate, stage: Stage) -> Content:
    make = partial(
        saying.of_incident,
        public_id=incident.public_id,
        path=incident.get_absolute_url(),
        update_id=update.public_id,
        title=incident.title,
        text=update.text,
        state=update.state_value,
        stage=stage,
        impact=incident.impact,
        started_at=incident.started_at,
        resolved_at=incident.resolved_at,
        next_update_by=update.next_update_by,
        at=update.at,
        touched=_touched(update),
        entries=_entries(incident.updates.order_by("-at", "-id")),
    )
    said = saying.in_every_voice(make)
    return replace(said, has_lost=dedicated.has_lost(incident))


def _maintenance_content(
    maintenance: Maintenance, update: MaintenanceUpdate, stage: Stage
) -> Content:
    make = partial(
        saying.of_maintenance,
        public_id=maintenance.public_id,
        path=maintenance.get_absolute_url(),
        update_id=update.public_id,
        title=maintenance.title,
        # An entry without words of its own says what the plan says.
        text=update.text or maintenance.text,
        kind=update.kind_value,
        state=update.state_value,
        stage=stage,
        starts_at=update.starts_at,
        ends_at=update.ends_at,
        at=update.at,
        touched=_touched(update),
        entries=_entries(maintenance.updates.timeline()),
    )
    return saying.in_every_voice(make)


def _ids(rows: Iterable[Any]) -> list[int]:
    return sorted(row.component_id for row in rows)


def _touched(update: IncidentUpdate | MaintenanceUpdate) -> list[Touched]:
    rows = update.components.filter(speaking.SHOWN).order_by("id")  # as on the page
    return [
        Touched(
            name=row.name,
            status=row.status,
            id=str(row.component.uuid) if row.component else "",
            public_id=row.component.public_id if row.component else "",
            is_dedicated=row.component is not None and row.component.only_where_chosen,
        )
        for row in rows.select_related("component")
    ]


def _entries(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [
        {
            "id": row.public_id,
            "state": row.state,
            "text": row.text,
            "at": row.at.isoformat(),
            "is_told": row.notifies,
            # Of one page alone: cut out before anybody else hears of it.
            "page": getattr(row, "audience_id", None),
        }
        for row in list(rows)[:_ENTRIES_MAX]
    ]
