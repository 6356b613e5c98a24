"""What maintenance does by itself when its minute has come: start, finish, remind, plan the next ones.

Everything due is a column in the database, taken by a conditional update: two beats at once do it
once, and after a stop of any length everything is done in the order of the planned times and
recorded with them (reliability F-03).
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from incidents import maintenance, maintenance_series
from incidents import maintenance_entries as entries
from incidents.models import Maintenance, MaintenanceReminder, MaintenanceSeries
from incidents.windows import Kind, State

_MOST_A_CALL = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How much was done by one call."""

    steps: int = 0
    reminders: int = 0
    planned: int = 0

    def __bool__(self) -> bool:
        return bool(self.steps or self.reminders or self.planned)


def take(*, now: datetime) -> Taken:
    """Do all that is due. Reminders first: a window that starts in this very call needs none."""
    reminders = _remind(now)
    steps = _step(now)
    planned = _plan_next(now)
    return Taken(steps=steps, reminders=reminders, planned=planned)


def _step(now: datetime) -> int:
    """Start and finish what is due, one at a time: a start may make an end due before other starts."""
    taken = 0
    for _round in range(_MOST_A_CALL):
        row = Maintenance.objects.due(now).first()
        if row is None:
            break
        taken += _take_step(row, now)
    return taken


def _take_step(row: Maintenance, now: datetime) -> bool:
    planned_at = row.next_step_at
    if planned_at is None:
        return False
    is_start = row.state_value == State.SCHEDULED
    with transaction.atomic():
        # Of two that come at once the second finds the row changed, and steps back.
        found = Maintenance.objects.filter(pk=row.pk, state=row.state, next_step_at=planned_at)
        if not found.update(next_step_at=None):
            return False
        maintenance.step(
            maintenance.locked(row),
            state=State.IN_PROGRESS if is_start else State.COMPLETED,
            kind=Kind.STARTED if is_start else Kind.COMPLETED,
            at=planned_at,
            notifies=row.notifies,
            now=now,
        )
    return True


def _remind(now: datetime) -> int:
    due = MaintenanceReminder.objects.filter(due_at__lte=now, told_at__isnull=True)
    told = 0
    for reminder in due.select_related("maintenance").order_by("maintenance_id", "-due_at")[
        :_MOST_A_CALL
    ]:
        told += _tell(reminder, now)
    return told


def _tell(reminder: MaintenanceReminder, now: datetime) -> bool:
    """Tell one, and with it those of the same window that came due earlier; too late tells nobody."""
    row = reminder.maintenance
    with transaction.atomic():
        untold = MaintenanceReminder.objects.filter(pk=reminder.pk, told_at__isnull=True)
        if not untold.update(told_at=now):
            return False
        MaintenanceReminder.objects.filter(
            maintenance=row, due_at__lte=reminder.due_at, told_at__isnull=True
        ).update(told_at=now)
        if row.state_value != State.SCHEDULED or row.starts_at <= now or not row.notifies:
            return False
        entries.remind(maintenance=row, at=reminder.due_at, now=now)
    return True


def _plan_next(now: datetime) -> int:
    series = MaintenanceSeries.objects.filter(is_active=True).order_by("id")
    return sum(len(maintenance_series.fill(series=one, now=now)) for one in series)
