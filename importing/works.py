"""Write maintenance of a plan: what is over as it was, what goes on as it stands, what comes as a plan.

Windows that come take their steps by themselves, unless a person took them in the source, and tell
nobody: whoever wants them told switches that on for each.
"""

from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

from common import markdown
from components import catalogue
from components.status import Status
from importing import chips, plans
from importing.run import NotTaken, Run, public_id
from incidents import (
    dedicated,
    maintenance,
    maintenance_entries,
    maintenance_plans,
    maintenance_series,
    recurrence,
    texts,
    windows,
)
from incidents.maintenance_plans import WALL_FORM, Plan
from incidents.models import (
    AffectedService,
    Maintenance,
    MaintenanceSeries,
    MaintenanceUpdate,
    MaintenanceUpdateComponent,
)
from incidents.recurrence import RuleNotUsable
from incidents.windows import Kind, State

_MINUTE = timedelta(minutes=1)
_KINDS = {
    State.SCHEDULED: Kind.SCHEDULED,
    State.IN_PROGRESS: Kind.STARTED,
    State.VERIFICATION: Kind.VERIFICATION,
    State.COMPLETED: Kind.COMPLETED,
    State.CANCELLED: Kind.CANCELLED,
}


def write_maintenances(run: Run) -> None:
    """Write maintenance, earliest first; what comes again as a series."""
    for work in sorted(run.plan.maintenances, key=lambda one: one.starts_at):
        run.take(
            kind="series" if work.rule else "maintenance",
            key=work.key,
            name=work.title,
            thing=work,
            write=partial(_write_series if work.rule else _write_window, run, work),
        )


def _write_window(run: Run, said: plans.Maintenance) -> Maintenance:
    state = _state(run, said)
    if state == State.SCHEDULED and said.starts_at > run.now:
        row = maintenance.schedule(
            plan=_plan(run, said), notify=False, now=run.now, origin="import"
        )
        # Nothing names it yet: it has claimed nothing.
        row.public_id = public_id(Maintenance, said.public_id)
        row.save(update_fields=["public_id"])
        if said.updates:  # its first entry has a name there, and there may be more
            row.updates.all().delete()
            _write_entries(run, row, said)
        return row
    return _write_as_it_stands(run, said, state)


def _state(run: Run, said: plans.Maintenance) -> State:
    """Where it stands now: what starts or ends by itself, and would have since, has."""
    state = State(said.state)
    if state == State.SCHEDULED and said.auto_start and said.starts_at <= run.now:
        state = State.IN_PROGRESS
    if state.is_running and said.auto_finish and said.ends_at <= run.now:
        state = State.COMPLETED
    return state


def _write_series(run: Run, said: plans.Maintenance) -> MaintenanceSeries:
    """Plan the windows that come, from the next one on."""
    plan = _plan(run, said)
    try:
        rule = recurrence.parse(said.rule, zone=ZoneInfo(plan.zone))
    except RuleNotUsable as error:
        raise ValidationError(str(error)) from None
    coming = recurrence.upcoming(
        rule, first=plan.wall_start, zone=plan.zone_info, after=run.now, limit=1
    )
    if not coming:
        raise NotTaken("its last window is over")
    first = Plan(
        title=plan.title,
        text=plan.text,
        wall_start=coming[0][0],
        duration=plan.duration,
        zone=plan.zone,
        components=plan.components,
        auto_start=plan.auto_start,
        auto_finish=plan.auto_finish,
    )
    return maintenance_series.schedule(plan=first, rule=said.rule, notify=False, now=run.now)


def _plan(run: Run, said: plans.Maintenance) -> Plan:
    zone = maintenance_plans.zone_info(said.zone)
    return Plan(
        title=run.short(said.title, texts.TITLE_LIMIT, what=f"Title of {said.title}"),
        text=run.fitting(said.text, texts.TEXT_LIMIT, what=f"Message of {said.title}"),
        wall_start=windows.wall_clock(said.starts_at, zone=zone),
        duration=said.ends_at - said.starts_at,
        zone=said.zone,
        components=maintenance_plans.under_maintenance(
            row.pk for row in run.components(said.components).values()
        ),
        auto_start=said.auto_start,
        auto_finish=said.auto_finish,
    )


def _write_as_it_stands(run: Run, said: plans.Maintenance, state: State) -> Maintenance:
    plan = _plan(run, said)
    if said.ends_at <= said.starts_at:
        raise ValidationError("It ends before it starts.")
    was_done = state.is_running or state == State.COMPLETED
    row = Maintenance(
        public_id=public_id(Maintenance, said.public_id),
        title=texts.title(plan.title),
        text=texts.body(plan.text),
        html=markdown.render(texts.body(plan.text)),
        state=state,
        starts_at=said.starts_at,
        ends_at=said.ends_at,
        zone=said.zone,
        wall_start=f"{plan.wall_start:{WALL_FORM}}",
        duration=plan.duration,
        started_at=said.starts_at if was_done else None,
        ended_at=said.ends_at if state == State.COMPLETED else None,
        auto_start=plan.auto_start,
        auto_finish=plan.auto_finish,
        notifies=False,
        origin="import",
        created_at=min([said.starts_at, run.now, *(one.at for one in said.updates)]),
        changed_at=run.now,
        page_revision=catalogue.next_revision(),
    )
    row.next_step_at = row.planned_step
    row.save()
    AffectedService.objects.bulk_create(
        AffectedService(maintenance=row, component_id=pk, status=Status.UNDER_MAINTENANCE)
        for pk in plan.components
    )
    dedicated.keep(row)
    _write_entries(run, row, said)
    maintenance_entries.speak(maintenance=row, at=run.now, now=run.now)
    return row


def _write_entries(run: Run, row: Maintenance, said: plans.Maintenance) -> None:
    """What was said about it; of one about which nothing was, that it stands where it stands."""
    previous = ""
    for one in sorted(said.updates, key=lambda update: update.at):
        state = State(one.state)
        _write_entry(
            run,
            row,
            said=one,
            kind=Kind.NOTE if one.state == previous else _KINDS[state],
            previous=previous,
        )
        previous = one.state
    if previous != row.state:
        at = row.ended_at or (row.started_at if row.started_at else run.now)
        entry = plans.Update(key="", state=row.state, text="", at=at)
        _write_entry(run, row, said=entry, kind=_KINDS[row.state_value], previous=previous)


def _write_entry(
    run: Run, row: Maintenance, *, said: plans.Update, kind: Kind, previous: str
) -> None:
    text = texts.body(run.fitting(said.text, texts.TEXT_LIMIT, what=f"An update of {row.title}"))
    update = MaintenanceUpdate.objects.create(
        public_id=public_id(MaintenanceUpdate, said.public_id),
        maintenance=row,
        kind=kind,
        previous_state=previous,
        state=State(said.state),
        text=text,
        html=markdown.render(text),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        at=said.at,
        created_at=said.at,
        notifies=False,
    )
    chips.write(run, MaintenanceUpdateComponent, update, said)
