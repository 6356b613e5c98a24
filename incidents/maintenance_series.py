"""Maintenance that comes again: plan a series, keep the next windows ready, change or end it.

A series makes ordinary windows, the next few at a time. Who gets told: the first window is
announced, the later ones appear quietly and are reminded of at the chosen lead times.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice, pairwise

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from components.status import Status
from incidents import maintenance, maintenance_changes, recurrence, windows
from incidents import maintenance_plans as plans
from incidents.maintenance_plans import WALL_FORM, Plan
from incidents.models import Maintenance, MaintenanceSeries, SeriesService
from incidents.models.incidents import author_fields
from incidents.recurrence import Rule, RuleNotUsable
from incidents.windows import State, StepNotAllowed

HORIZON = 5
PREVIEWED = 10


def schedule(
    *,
    plan: Plan,
    rule: str,
    notify: bool,
    now: datetime,
    author: User | None = None,
    author_name: str = "",
) -> MaintenanceSeries:
    """Plan work that comes again; its next windows are there at once.

    Raises ValidationError by field (`rule` for the recurrence); nothing is saved then.
    """
    clean = _checked(plan, rule, now=now)
    with transaction.atomic():
        series = MaintenanceSeries(
            created_at=now, notifies=notify, horizon=HORIZON, **author_fields(author, author_name)
        )
        _keep(series, clean, rule, now=now)
        fill(series=series, now=now)
    return series


def fill(*, series: MaintenanceSeries, now: datetime) -> list[Maintenance]:
    """Make the windows that are missing up to the horizon; those made, often none.

    A window that would be over already is left out: nobody was told of it, nobody did it.
    """
    if _missing(series, now) <= 0:
        return []
    with transaction.atomic():
        row = MaintenanceSeries.objects.select_for_update().get(pk=series.pk)
        missing = _missing(row, now) if row.is_active else 0
        if missing <= 0:
            return []
        plan = plan_of(row)
        found = _not_made(row, now=now)
        walls = list(islice(found, missing))
        is_first = not row.made_until
        made = [
            maintenance.plan_occurrence(
                series=row,
                plan=replace(plan, wall_start=wall),
                is_told=row.notifies and is_first and place == 0,
                now=now,
            )
            for place, wall in enumerate(walls)
        ]
        row.made_until = f"{walls[-1]:{WALL_FORM}}" if walls else row.made_until
        row.is_active = len(walls) == missing
        row.save(update_fields=["made_until", "is_active"])
    return made


def change_from_here(
    *,
    occurrence: Maintenance,
    plan: Plan,
    rule: str,
    notify: bool,
    now: datetime,
    author: User | None = None,
    author_name: str = "",
) -> MaintenanceSeries:
    """Change a window that has not begun, and all of its series after it.

    The series goes on under the new rule with new windows, beginning with this one. Windows that
    are planned keep their addresses: in order, each becomes one of the new ones. Those edited on
    their own, and those that have begun, stay as they are. One change is told if `notify`.

    Raises ValidationError by field, StepNotAllowed, MaintenanceGone; nothing is saved then.
    """
    clean = _checked(plan, rule, now=now)
    with transaction.atomic():
        row = maintenance.locked(occurrence)
        old = _series_of(row)
        kept = _following(old, row)
        old.is_active = False
        old.save(update_fields=["is_active"])
        series = MaintenanceSeries(
            created_at=now,
            notifies=notify,
            horizon=old.horizon,
            **author_fields(author, author_name),
        )
        _keep(series, clean, rule, now=now)
        _carry_over(series, kept, notify=notify, now=now, author=author, author_name=author_name)
        fill(series=series, now=now)
    return series


def cancel_from_here(
    *,
    occurrence: Maintenance,
    notify: bool,
    now: datetime,
    text: str = "",
    author: User | None = None,
    author_name: str = "",
) -> list[Maintenance]:
    """Cancel a window that has not begun and all that follow it; the series ends.

    Returns those cancelled. Only the first is told if `notify`. Raises StepNotAllowed,
    MaintenanceGone; nothing is saved then.
    """
    with transaction.atomic():
        row = maintenance.locked(occurrence)
        series = _series_of(row)
        cancelled = [row, *(one for one in _following(series, row) if one.pk != row.pk)]
        series.is_active = False
        series.save(update_fields=["is_active"])
        for place, one in enumerate(cancelled):
            maintenance.post_update(
                maintenance=one,
                state=State.CANCELLED,
                text=text if place == 0 else "",
                notify=notify and place == 0,
                author=author,
                author_name=author_name,
                now=now,
            )
    return cancelled


def preview(
    *, wall_start: datetime, zone: str, rule: str, now: datetime, limit: int = PREVIEWED
) -> list[datetime]:
    """The next starts of a rule in UTC. Raises ValidationError for `rule`."""
    info = plans.zone_info(zone)
    parsed = _parsed(rule, zone)
    found = recurrence.upcoming(parsed, first=wall_start, zone=info, after=now, limit=limit)
    return [at for _wall, at in found]


def plan_of(series: MaintenanceSeries) -> Plan:
    """Return the plan that each window of a series has, with the first start of all."""
    return Plan(
        title=series.title,
        text=series.text,
        wall_start=series.first_start,
        duration=series.duration,
        zone=series.zone,
        components={one.component_id: Status(one.status) for one in series.affected.all()},
        auto_start=series.auto_start,
        auto_finish=series.auto_finish,
        mutes_alerts=series.mutes_alerts,
        lead_minutes=tuple(series.lead_minutes),
    )


def _parsed(rule: str, zone: str) -> Rule:
    try:
        return recurrence.parse(rule, zone=plans.zone_info(zone))
    except RuleNotUsable as error:
        raise ValidationError({"rule": _(error.message) % error.values}) from None


def _checked(plan: Plan, rule: str, *, now: datetime) -> Plan:
    clean = plans.checked(plan)
    parsed = _parsed(rule, clean.zone)
    plans.check_ahead(clean, now=now)
    first = clean.wall_start
    walls = list(islice(recurrence.starts(parsed, first=first), PREVIEWED))
    if not walls:
        raise ValidationError({"rule": _("No day fits this recurrence.")})
    starts = [windows.instant(wall, zone=clean.zone_info) for wall in walls]
    for one, following in pairwise(starts):
        if following < one + clean.duration:
            raise ValidationError({"ends_at": _("It would still run when it is to begin again.")})
    return clean


def _keep(series: MaintenanceSeries, plan: Plan, rule: str, *, now: datetime) -> None:
    series.rule = rule.strip().upper().removeprefix("RRULE:")
    series.zone, series.wall_start = plan.zone, f"{plan.wall_start:{WALL_FORM}}"
    series.duration = plan.duration
    series.title, series.text = plan.title, plan.text
    series.lead_minutes = list(plan.lead_minutes)
    series.auto_start, series.auto_finish = plan.auto_start, plan.auto_finish
    series.mutes_alerts = plan.mutes_alerts
    series.changed_at = now
    series.save()
    SeriesService.objects.bulk_create(
        SeriesService(series=series, component_id=component_id, status=status)
        for component_id, status in plan.components.items()
    )


def _missing(series: MaintenanceSeries, now: datetime) -> int:
    ready = series.occurrences.filter(state=State.SCHEDULED, starts_at__gt=now)
    return series.horizon - ready.count()


def _not_made(series: MaintenanceSeries, *, now: datetime) -> Iterator[datetime]:
    """The starts that have no window yet and would not be over, on the wall clock."""
    rule = recurrence.parse(series.rule, zone=series.zone_info)
    for wall in recurrence.starts(rule, first=series.first_start):
        ends_at = windows.instant(wall, zone=series.zone_info) + series.duration
        if f"{wall:{WALL_FORM}}" > series.made_until and ends_at > now:
            yield wall


def _series_of(row: Maintenance) -> MaintenanceSeries:
    if row.series_id is None:
        raise StepNotAllowed(_("This maintenance belongs to no series."))
    if row.state_value != State.SCHEDULED:
        raise StepNotAllowed(_("This maintenance has begun: choose a later one of its series."))
    return MaintenanceSeries.objects.select_for_update().get(pk=row.series_id)


def _following(series: MaintenanceSeries, row: Maintenance) -> Sequence[Maintenance]:
    planned = series.occurrences.select_for_update(of=("self",)).filter(state=State.SCHEDULED)
    later = planned.filter(starts_at__gte=row.starts_at, is_detached=False)
    return list(later.order_by("starts_at", "id"))


def _carry_over(
    series: MaintenanceSeries,
    kept: Sequence[Maintenance],
    *,
    notify: bool,
    now: datetime,
    author: User | None,
    author_name: str,
) -> None:
    """Make windows that stand already the first ones of another series, in order."""
    plan = plan_of(series)
    walls = list(islice(_not_made(series, now=now), len(kept)))
    for place, one in enumerate(kept):
        tells = notify and place == 0
        if place >= len(walls):
            maintenance.post_update(
                maintenance=one,
                state=State.CANCELLED,
                notify=tells,
                now=now,
                author=author,
                author_name=author_name,
            )
            continue
        one.series, one.occurrence = series, f"{walls[place]:{WALL_FORM}}"
        one.save(update_fields=["series", "occurrence"])
        maintenance_changes.change(
            maintenance=one,
            plan=replace(plan, wall_start=walls[place]),
            notify=tells,
            now=now,
            author=author,
            author_name=author_name,
        )
        Maintenance.objects.filter(pk=one.pk).update(is_detached=False, notifies=series.notifies)
    if walls:
        series.made_until = f"{walls[-1]:{WALL_FORM}}"
        series.save(update_fields=["made_until"])
