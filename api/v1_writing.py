"""What Statuspage's manage API writes, by the operations of the console: there is no second way.

An incident with a time, or with a word of maintenance, is a maintenance here; the rest are incidents.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from api.v1_bodies import INCIDENT_STATES, WORK_STATES, Said
from api.v1_door import Refused
from components import catalogue
from components.status import Status
from incidents import lifecycle, maintenance, maintenance_changes, publishing, windows
from incidents import maintenance_plans as plans
from incidents.lifecycle import Impact, State
from incidents.maintenance_plans import Plan
from incidents.models import Incident, Maintenance
from incidents.publishing import Report

_WORK = {
    "scheduled": windows.State.SCHEDULED,
    "in_progress": windows.State.IN_PROGRESS,
    "verifying": windows.State.VERIFICATION,
    "completed": windows.State.COMPLETED,
}
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
_REMINDS_MINUTES = 60


def create(*, said: Said, author: User, now: datetime) -> Incident | Maintenance:
    """Report an incident, record one that is over, plan a maintenance or begin one.

    Raises Refused, ValidationError by field, TransitionNotAllowed; nothing is saved then.
    """
    if said.is_work:
        return _plan(said, author=author, now=now)
    is_past = said.is_backfilled or said.status == "resolved"
    report = Report(
        title=said.name or "",
        text=said.text or (_label(State.RESOLVED) if is_past else ""),
        state=State(said.status or State.INVESTIGATING),
        impact=_impact(said),
        components=said.components or {},
    )
    written: dict[str, Any] = {"now": now, "author": author, "origin": "api"}
    if not is_past:
        return publishing.open_incident(report=report, notify=said.notifies, **written)
    # Theirs has one moment alone; here an incident has a start and an end.
    over_at = min(said.backfilled_at or now, now)
    return publishing.record_past(
        report=replace(report, state=State.RESOLVED, started_at=over_at - _MINUTE),
        resolved_at=over_at,
        notify=said.notifies and not said.is_backfilled,
        **written,
    )


def change_incident(*, row: Incident, said: Said, author: User, now: datetime) -> None:
    """Correct the title, and post what else was said as an update.

    Raises Refused, ValidationError by field, TransitionNotAllowed, IncidentGone; nothing is saved then.
    """
    if said.status is not None and said.status not in INCIDENT_STATES:
        raise Refused("This incident is no maintenance.")
    state = State(said.status) if said.status else row.state_value
    is_news = bool(said.text or said.components is not None or said.impact is not None)
    with transaction.atomic():
        if said.name is not None and said.name != row.title:
            publishing.revise(incident=row, title=said.name, started_at=row.started_at, now=now)
        if is_news or state != row.state_value:
            publishing.post_update(
                incident=row,
                state=state,
                text=said.text or _label(state),
                notify=said.notifies,
                impact=said.impact,
                components=_affected(row, said),
                next_update_by=row.next_update_by if _is_ahead(row, now) else None,
                author=author,
                now=now,
            )


def change_work(*, row: Maintenance, said: Said, author: User, now: datetime) -> None:
    """Change the plan of a maintenance, and take the step or add the note that was said.

    Raises Refused, ValidationError by field, StepNotAllowed, MaintenanceGone; nothing is saved then.
    """
    if said.status is not None and said.status not in WORK_STATES:
        raise Refused("This incident is a maintenance.")
    state = _WORK[said.status] if said.status else row.state_value
    before = plans.of(row)
    after = _replanned(before, said)
    with transaction.atomic():
        if after != before:
            maintenance_changes.change(
                maintenance=row, plan=after, notify=said.notifies, author=author, now=now
            )
        if state != row.state_value or said.text:
            maintenance.post_update(
                maintenance=row,
                state=state,
                text=said.text or "",
                notify=said.notifies,
                author=author,
                now=now,
            )


def remove(*, row: Incident | Maintenance, now: datetime) -> None:
    """Delete it for good with all that was said; nobody is told."""
    if isinstance(row, Incident):
        publishing.delete_incident(incident=row, now=now)
    else:
        maintenance.delete(maintenance=row, now=now)


def _plan(said: Said, *, author: User, now: datetime) -> Maintenance:
    if said.status not in {None, "scheduled", "in_progress"}:
        raise Refused("A new maintenance is scheduled or in_progress.")
    starts_at = said.starts_at or now
    ends_at = said.ends_at or starts_at + _HOUR
    plan = Plan(
        title=said.name or "",
        text=said.text or "",
        wall_start=starts_at.astimezone(UTC).replace(tzinfo=None, second=0, microsecond=0),
        duration=ends_at - starts_at,
        components=_planned(said.components or {}),
        # As there: it takes no step by itself unless that is asked for.
        auto_start=bool(said.auto_start),
        auto_finish=bool(said.auto_finish),
        lead_minutes=[_REMINDS_MINUTES] if said.reminds else [],
    )
    written: dict[str, Any] = {"notify": said.notifies, "author": author, "origin": "api"}
    if said.status == "in_progress":
        return maintenance.begin(plan=plan, now=now, **written)
    if said.starts_at is None:
        raise Refused("scheduled_for is required.")
    return maintenance.schedule(plan=plan, now=now, **written)


def _replanned(plan: Plan, said: Said) -> Plan:
    """The plan with what was said of it; a start that moves takes the end along."""
    wall_start, duration = plan.wall_start, plan.duration
    if said.starts_at is not None and said.starts_at != plan.starts_at:
        local = said.starts_at.astimezone(plan.zone_info)
        wall_start = local.replace(tzinfo=None, second=0, microsecond=0)
    starts_at = said.starts_at or plan.starts_at
    if said.ends_at is not None:
        duration = said.ends_at - starts_at
    components = plan.components
    if said.components is not None:
        kept = {} if said.is_whole else plan.components
        components = {**kept, **_planned(said.components)}
    leads = plan.lead_minutes
    if said.reminds is not None:
        leads = (_REMINDS_MINUTES,) if said.reminds else ()
    return replace(
        plan,
        title=plan.title if said.name is None else said.name,
        wall_start=wall_start,
        duration=duration,
        components=components,
        auto_start=plan.auto_start if said.auto_start is None else said.auto_start,
        auto_finish=plan.auto_finish if said.auto_finish is None else said.auto_finish,
        lead_minutes=leads,
    )


def _planned(chosen: Mapping[int, Status | None]) -> dict[int, Status]:
    return {pk: status or Status.UNDER_MAINTENANCE for pk, status in chosen.items()}


def _impact(said: Said) -> Impact:
    """The one that was said, else the one that fits the statuses."""
    if said.impact is not None:
        return said.impact
    return lifecycle.impact_of(one for one in (said.components or {}).values() if one)


def _affected(row: Incident, said: Said) -> Mapping[int, Status | None] | None:
    """All that are affected from now on: those that were named change, unless they are all."""
    if said.components is None:
        return None
    before = {
        one.component_id: one.claimed if one.is_overridden else None for one in row.affected.all()
    }
    if not said.is_whole:
        return {**before, **said.components}
    return {pk: status or before.get(pk) for pk, status in said.components.items()}


def _is_ahead(row: Incident, now: datetime) -> bool:
    return row.next_update_by is not None and row.next_update_by > now


def _label(state: State) -> str:
    """What an update without words says, in the language of the page."""
    with translation.override(catalogue.page().language):
        return f"{_(state.label)}."
