"""Maintenance as operators do it: plan, start, update, finish, cancel, delete.

The one write path of the console and the API for single windows; each operation is one transaction
that validates first. `notify` only marks the entry: subscribers are told by whoever drains the
marks. Changes of the plan stand in `maintenance_changes`, what a window does by itself in
`due_steps`, series in `maintenance_series`.
"""

from copy import copy
from datetime import datetime

from django.db import models, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common import auditing
from components import catalogue
from incidents import maintenance_entries as entries
from incidents import maintenance_plans as plans
from incidents import telling, texts, windows
from incidents.maintenance_plans import Plan
from incidents.models import (
    Maintenance,
    MaintenanceSeries,
    MaintenanceUpdate,
    MaintenanceUpdateComponent,
    WithdrawnEvent,
)
from incidents.models.incidents import author_fields
from incidents.windows import Kind, State

_KINDS = {
    State.IN_PROGRESS: Kind.STARTED,
    State.VERIFICATION: Kind.VERIFICATION,
    State.COMPLETED: Kind.COMPLETED,
    State.CANCELLED: Kind.CANCELLED,
}


class MaintenanceGone(Exception):
    """The maintenance was deleted meanwhile."""


def schedule(
    *,
    plan: Plan,
    notify: bool,
    now: datetime,
    author: User | None = None,
    author_name: str = "",
    origin: str = "operator",
) -> Maintenance:
    """Plan a window ahead; visitors see it at once (K1). `notify` holds for its own steps as well.

    Raises ValidationError by field; nothing is saved then.
    """
    clean = plans.checked(plan)
    plans.check_ahead(clean, now=now)
    with transaction.atomic():
        row = Maintenance(notifies=notify, origin=origin, **author_fields(author, author_name))
        return _announce(
            row, clean, is_told=notify, author=author, author_name=author_name, now=now
        )


def plan_occurrence(
    *, series: MaintenanceSeries, plan: Plan, is_told: bool, now: datetime
) -> Maintenance:
    """Make one window of a series from its plan, checked before; call in a transaction."""
    row = Maintenance(
        notifies=series.notifies,
        series=series,
        occurrence=f"{plan.wall_start:{plans.WALL_FORM}}",
        **author_fields(series.author, series.author_name),
    )
    return _announce(
        row,
        plan,
        is_told=is_told,
        author=series.author,
        author_name=series.author_name,
        now=now,
    )


def begin(
    *,
    plan: Plan,
    notify: bool,
    now: datetime,
    author: User | None = None,
    author_name: str = "",
    origin: str = "operator",
) -> Maintenance:
    """Begin work that nobody planned, at once (K2); only the duration of the plan counts.

    Raises ValidationError by field; nothing is saved then.
    """
    clean = plans.checked(plan)
    with transaction.atomic():
        begun = plans.at_once(clean, now=now)
        row = Maintenance(
            state=State.IN_PROGRESS,
            starts_at=now,
            started_at=now,
            zone=begun.zone,
            wall_start=f"{begun.wall_start:{plans.WALL_FORM}}",
            created_at=now,
            notifies=notify,
            origin=origin,
            **author_fields(author, author_name),
        )
        settle(row, begun, now=now)
        entries.append(
            maintenance=row,
            kind=Kind.STARTED,
            previous=None,
            at=now,
            notifies=notify,
            author=author,
            author_name=author_name,
            now=now,
        )
    return row


def post_update(
    *,
    maintenance: Maintenance,
    state: State,
    notify: bool,
    now: datetime,
    text: str = "",
    author: User | None = None,
    author_name: str = "",
) -> MaintenanceUpdate:
    """Take a step, or with the same state add a note, which needs a text.

    In progress starts a planned window before its time; completed and cancelled end it and let its
    components go back to what is otherwise said of them.

    Raises ValidationError for `text`, StepNotAllowed, MaintenanceGone; nothing is saved then.
    """
    with transaction.atomic():
        row = locked(maintenance)
        previous = row.state_value
        clean = texts.body(text, is_required=state == previous)
        windows.check_step(previous, state)
        return step(
            row,
            state=state,
            kind=Kind.NOTE if state == previous else _KINDS[state],
            at=now,
            text=clean,
            notifies=notify,
            author=author,
            author_name=author_name,
            now=now,
        )


def step(
    row: Maintenance,
    *,
    state: State,
    kind: Kind,
    at: datetime,
    notifies: bool,
    now: datetime,
    text: str = "",
    author: User | None = None,
    author_name: str = "",
) -> MaintenanceUpdate:
    """Take a step that is allowed, as it is to be recorded; call with the row locked."""
    previous = row.state_value
    row.state = state
    if state.is_running and row.started_at is None:
        row.started_at = at
    if state.is_over and row.ended_at is None and row.started_at is not None:
        row.ended_at = at
    row.next_step_at = row.planned_step
    row.sequence += state != previous
    update = entries.append(
        maintenance=row,
        kind=kind,
        previous=previous,
        text=text,
        at=at,
        notifies=notifies,
        author=author,
        author_name=author_name,
        now=now,
    )
    entries.touch(row, now=now)
    row.save(
        update_fields=[
            "state",
            "started_at",
            "ended_at",
            "next_step_at",
            "sequence",
            "changed_at",
            "page_revision",
        ]
    )
    return update


def delete(*, maintenance: Maintenance, now: datetime) -> WithdrawnEvent:
    """Delete a maintenance with all that was said, for good (AMB-18); nobody is told.

    What is left is the mark that its address was in use, and who did what when in the audit log,
    without any text. Raises MaintenanceGone.
    """
    with transaction.atomic():
        row = locked(maintenance)
        written = _written(row)
        touched = list(row.affected.values_list("component_id", flat=True))
        row.affected.all().delete()
        entries.speak(maintenance=row, at=now, now=now, withdrawn=touched)
        mark = WithdrawnEvent.objects.create(
            public_id=row.public_id,
            kind="maintenance",
            withdrawn_at=now,
            page_revision=catalogue.next_revision(),
        )
        telling.fall_silent(row, now=now)
        row.delete()
        auditing.redact(objects=written, now=now)  # with the entries of the deletion itself
    return mark


def locked(maintenance: Maintenance) -> Maintenance:
    """The row, locked until the transaction ends. Raises MaintenanceGone."""
    try:
        return Maintenance.objects.select_for_update(of=("self",)).get(pk=maintenance.pk)
    except Maintenance.DoesNotExist:
        raise MaintenanceGone(_("This maintenance was deleted meanwhile.")) from None


def _announce(
    row: Maintenance,
    plan: Plan,
    *,
    is_told: bool,
    author: User | None,
    author_name: str,
    now: datetime,
) -> Maintenance:
    row.state, row.created_at = State.SCHEDULED, now
    settle(row, plan, now=now)
    entries.append(
        maintenance=row,
        kind=Kind.SCHEDULED,
        previous=None,
        at=now,
        notifies=is_told,
        author=author,
        author_name=author_name,
        now=now,
    )
    return row


def _written(row: Maintenance) -> list[models.Model]:
    """Copies of the rows that hold text of a maintenance: deleting unsets their keys."""
    updates = list(row.updates.all())
    seen = MaintenanceUpdateComponent.objects.filter(update__in=updates)
    return [copy(one) for one in (row, *updates, *seen, *row.reminders.all())]


def settle(row: Maintenance, plan: Plan, *, now: datetime) -> set[int]:
    """Save the row with its plan, in a transaction; the ids of the components it does not touch any more."""
    plans.put(row, plan)
    entries.touch(row, now=now)
    row.save()
    if row.state_value == State.SCHEDULED:
        plans.set_reminders(row, plan.lead_minutes, now=now)
    if row.state_value.is_over:
        return set()
    return plans.touch_components(row, plan.components)
