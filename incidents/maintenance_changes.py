"""Changes of a planned or running maintenance: a longer window, another time, other words.

A change of the times is an entry of the timeline that subscribers may be told of, and raises the
number by which calendars know that an event has moved.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from incidents import maintenance as core
from incidents import maintenance_entries as entries
from incidents import maintenance_plans as plans
from incidents import windows
from incidents.maintenance_plans import Plan
from incidents.models import Maintenance, MaintenanceUpdate
from incidents.windows import Kind, State, StepNotAllowed


def extend(
    *,
    maintenance: Maintenance,
    by: timedelta,
    notify: bool,
    now: datetime,
    author: User | None = None,
    author_name: str = "",
) -> MaintenanceUpdate:
    """Put off the planned end of a running window; one that is overdue is extended from now.

    Raises ValidationError when it would last too long, StepNotAllowed, MaintenanceGone.
    """
    with transaction.atomic():
        row = core.locked(maintenance)
        if not row.state_value.is_running:
            raise StepNotAllowed(_("Only a maintenance in progress can be extended."))
        row.ends_at = max(row.ends_at, now) + by
        row.duration = row.ends_at - row.starts_at
        if by <= timedelta() or row.duration > windows.LONGEST:
            raise ValidationError({"ends_at": _("A maintenance lasts 30 days at most.")})
        return _replanned(
            row, Kind.EXTENDED, notifies=notify, author=author, author_name=author_name, now=now
        )


def change(
    *,
    maintenance: Maintenance,
    plan: Plan,
    notify: bool,
    now: datetime,
    author: User | None = None,
    author_name: str = "",
) -> Maintenance:
    """Change a window: its words, components, switches, and its times as far as they lie ahead.

    A new time is an entry of the timeline, told if `notify`. The start of a window that has begun
    stays; of one that is over only the words can change. One of a series is on its own from then on.

    Raises ValidationError by field, MaintenanceGone; nothing is saved then.
    """
    clean = plans.checked(plan)
    with transaction.atomic():
        row = core.locked(maintenance)
        is_moved = _check_times(row, clean, now=now)
        row.is_detached = row.series_id is not None
        row.sequence += clean.title != row.title and not is_moved  # counted once
        withdrawn = core.settle(row, clean, now=now)
        if is_moved:
            _replanned(
                row,
                Kind.RESCHEDULED,
                notifies=notify,
                author=author,
                author_name=author_name,
                withdrawn=withdrawn,
                now=now,
            )
        elif row.state_value.is_running:
            entries.speak(maintenance=row, at=now, now=now, withdrawn=withdrawn)
    return row


def _replanned(
    row: Maintenance,
    kind: Kind,
    *,
    notifies: bool,
    now: datetime,
    author: User | None,
    author_name: str,
    withdrawn: Iterable[int] = (),
) -> MaintenanceUpdate:
    row.sequence += 1
    row.next_step_at = row.planned_step
    update = entries.append(
        maintenance=row,
        kind=kind,
        previous=row.state_value,
        at=now,
        notifies=notifies,
        author=author,
        author_name=author_name,
        withdrawn=withdrawn,
        now=now,
    )
    entries.touch(row, now=now)
    row.save(
        update_fields=[
            "ends_at",
            "duration",
            "sequence",
            "next_step_at",
            "changed_at",
            "page_revision",
        ]
    )
    return update


def _check_times(row: Maintenance, plan: Plan, *, now: datetime) -> bool:
    """Whether the plan has other times than the row, if it may have them."""
    new_start = row.first_start != plan.wall_start or row.zone != plan.zone
    is_moved = new_start or plan.duration != row.ends_at - row.starts_at
    state = row.state_value
    if is_moved and state.is_over:
        raise ValidationError({"starts_at": _("This maintenance is over: its times stay.")})
    if new_start and state.is_running:
        raise ValidationError({"starts_at": _("This maintenance has begun: its start stays.")})
    if new_start:
        plans.check_ahead(plan, now=now)
    elif is_moved and row.starts_at + plan.duration <= now:
        raise ValidationError({"ends_at": _("This end has passed. Complete it instead.")})
    _check_switches(row, plan, now=now)
    return is_moved


def _check_switches(row: Maintenance, plan: Plan, *, now: datetime) -> None:
    """Refuse a switch that would at once take a step as of a time at which nothing happened."""
    state = row.state_value
    starts_at = row.starts_at if row.first_start == plan.wall_start else plan.starts_at
    if state == State.SCHEDULED and plan.auto_start and not row.auto_start and starts_at <= now:
        raise ValidationError({"auto_start": _("The start has passed. Start it now instead.")})
    is_overdue = starts_at + plan.duration <= now
    if state.is_running and plan.auto_finish and not row.auto_finish and is_overdue:
        raise ValidationError({"auto_finish": _("The end has passed. Extend or complete it.")})
