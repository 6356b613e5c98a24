"""The plan of a maintenance: what a person says of it, checked, and the rows that keep it.

Called inside the transactions of `maintenance` and `maintenance_series`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from common import markdown, time_zones
from components.models import Component
from components.status import Status
from incidents import dedicated, recurrence, texts, windows
from incidents.models import AffectedService, Maintenance, MaintenanceReminder

FARTHEST = recurrence.SPAN + timedelta(days=366)
YEARS = range(2000, 2201)  # beyond them dates overflow before anybody asks for them
MOST_LEADS = 5
LONGEST_LEAD = 60 * 24 * 30  # minutes
# What a component may be during planned work; "operational" is for work nobody notices.
DECLARABLE = (
    Status.UNDER_MAINTENANCE,
    Status.OPERATIONAL,
    Status.DEGRADED_PERFORMANCE,
    Status.PARTIAL_OUTAGE,
    Status.MAJOR_OUTAGE,
)
WALL_FORM = "%Y-%m-%dT%H:%M"
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a person says of a maintenance.

    `wall_start` is naive, on the clock of `zone`, to the minute; `duration` is elapsed time.
    `components`: the status of each by id while the window is open. `lead_minutes`: how long
    before the start subscribers are reminded.
    """

    title: str
    text: str = ""
    wall_start: datetime
    duration: timedelta
    zone: str = "UTC"
    components: Mapping[int, Status] = field(default_factory=dict)
    auto_start: bool = True
    auto_finish: bool = True
    mutes_alerts: bool = True
    lead_minutes: Collection[int] = ()

    @property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def starts_at(self) -> datetime:
        return windows.instant(self.wall_start, zone=self.zone_info)

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + self.duration


def under_maintenance(component_ids: Iterable[int]) -> dict[int, Status]:
    """The usual choice: each of these components is under maintenance."""
    return dict.fromkeys(component_ids, Status.UNDER_MAINTENANCE)


def zone_info(name: str) -> ZoneInfo:
    """Return the zone of this name. Raises ValidationError for `zone`."""
    if name not in time_zones.names():
        raise ValidationError({"zone": _("“%(zone)s” is not a time zone.") % {"zone": name[:64]}})
    return ZoneInfo(name)


def checked(plan: Plan) -> Plan:
    """Return the plan with clean texts and known components.

    Raises:
        ValidationError: by field; `ends_at` stands for the duration.
    """
    zone_info(plan.zone)
    if plan.wall_start.year not in YEARS:
        raise ValidationError({"starts_at": _("The start lies too far away.")})
    if plan.duration < _MINUTE:
        raise ValidationError({"ends_at": _("The end is not after the start.")})
    if plan.duration > windows.LONGEST:
        raise ValidationError({"ends_at": _("A maintenance lasts 30 days at most.")})
    known = set(Component.objects.filter(id__in=plan.components).values_list("id", flat=True))
    if not known:
        raise ValidationError({"components": _("Choose at least one component.")})
    if any(status not in DECLARABLE for status in plan.components.values()):
        raise ValidationError({"components": _("This status cannot be planned.")})
    return replace(
        plan,
        title=texts.title(plan.title),
        text=texts.body(plan.text),
        wall_start=plan.wall_start.replace(second=0, microsecond=0),
        components={one: status for one, status in plan.components.items() if one in known},
        lead_minutes=_leads(plan.lead_minutes),
    )


def check_ahead(plan: Plan, *, now: datetime) -> None:
    """Check that the window lies ahead. Raises ValidationError by field."""
    if plan.starts_at <= now - _MINUTE:
        raise ValidationError(
            {"starts_at": _("The start has passed. Start it now instead, or choose a later time.")}
        )
    if plan.starts_at > now + FARTHEST:
        raise ValidationError({"starts_at": _("The start lies too far away.")})


def at_once(plan: Plan, *, now: datetime) -> Plan:
    """Return the plan of work that begins now; nobody can be reminded of it."""
    wall = windows.wall_clock(now, zone=plan.zone_info).replace(second=0, microsecond=0)
    return replace(plan, wall_start=wall, lead_minutes=())


def of(row: Maintenance) -> Plan:
    """Return the plan as a maintenance keeps it."""
    return Plan(
        title=row.title,
        text=row.text,
        wall_start=row.first_start,
        duration=row.ends_at - row.starts_at,
        zone=row.zone,
        components={one.component_id: one.claimed for one in row.affected.all()},
        auto_start=row.auto_start,
        auto_finish=row.auto_finish,
        mutes_alerts=row.mutes_alerts,
        lead_minutes=tuple(row.reminders.values_list("lead_minutes", flat=True)),
    )


def put(row: Maintenance, plan: Plan) -> None:
    """Set the columns of a plan on a row, without saving it; the times only where they differ.

    A window that began between two minutes keeps its seconds.
    """
    is_new = row.starts_at is None
    if is_new or row.first_start != plan.wall_start or row.zone != plan.zone:
        row.starts_at = plan.starts_at
    row.ends_at = row.starts_at + plan.duration
    row.duration = plan.duration
    row.zone, row.wall_start = plan.zone, f"{plan.wall_start:{WALL_FORM}}"
    if row.text != plan.text or not row.html:
        row.html = markdown.render(plan.text)
    row.title, row.text = plan.title, plan.text
    row.auto_start, row.auto_finish = plan.auto_start, plan.auto_finish
    row.mutes_alerts = plan.mutes_alerts
    row.next_step_at = row.planned_step


def touch_components(row: Maintenance, chosen: Mapping[int, Status]) -> set[int]:
    """Make these the affected components; the ids of those that are not any more."""
    gone = row.affected.exclude(component_id__in=chosen)
    removed = set(gone.values_list("component_id", flat=True))
    gone.delete()
    AffectedService.objects.bulk_create(
        [
            AffectedService(maintenance=row, component_id=component_id, status=status)
            for component_id, status in sorted(chosen.items())
        ],
        update_conflicts=True,
        unique_fields=["maintenance", "component"],
        update_fields=["status"],
    )
    dedicated.keep(row, removed=removed)
    return removed


def set_reminders(row: Maintenance, lead_minutes: Collection[int], *, now: datetime) -> None:
    """Plan the reminders anew; one whose time has passed is not sent any more."""
    row.reminders.exclude(lead_minutes__in=lead_minutes).delete()
    MaintenanceReminder.objects.bulk_create(
        [
            MaintenanceReminder(
                maintenance=row,
                lead_minutes=lead,
                due_at=(due_at := row.starts_at - timedelta(minutes=lead)),
                told_at=now if due_at <= now else None,
            )
            for lead in sorted(set(lead_minutes))
        ],
        update_conflicts=True,
        unique_fields=["maintenance", "lead_minutes"],
        update_fields=["due_at", "told_at"],
    )


def _leads(lead_minutes: Collection[int]) -> tuple[int, ...]:
    leads = tuple(sorted(set(lead_minutes), reverse=True))
    if len(leads) > MOST_LEADS:
        raise ValidationError({"lead_minutes": _("Remind at most five times.")})
    if any(not 0 < lead <= LONGEST_LEAD for lead in leads):
        raise ValidationError(
            {"lead_minutes": _("Remind between one minute and 30 days before the start.")}
        )
    return leads
