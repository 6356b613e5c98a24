"""What the console's screens of maintenance show: lists, the calendar, and the preview of a plan."""

from calendar import Calendar
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from incidents import maintenance_plans as plans
from incidents import maintenance_series, windows
from incidents.models import Maintenance
from incidents.windows import State

PAGE_SIZE = 50
_SHOWN_OVERLAPS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """All maintenance, by where it stands."""

    running: Sequence[Maintenance]
    scheduled: Sequence[Maintenance]
    past: "Page[Maintenance]"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """One day of the calendar; `None` fields around a month are left empty."""

    day: date
    is_today: bool
    rows: Sequence[Maintenance]

    @property
    def words(self) -> str:
        return ", ".join(row.title for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarMonth:
    """A month as weeks from Monday; days of the months around it are None."""

    first: date
    weeks: Sequence[Sequence[CalendarDay | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upcoming:
    """One start of a preview: on the clock of the plan's zone and on that of the page."""

    here: datetime
    there: datetime
    asked: datetime

    @property
    def is_moved(self) -> bool:
        """Whether the clock skips the time that was asked for."""
        return self.here.replace(tzinfo=None) != self.asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a plan as it stands would make; `problem` says why nothing is shown."""

    starts: Sequence[Upcoming] = ()
    duration: timedelta = timedelta()
    zone: str = "UTC"
    page_zone: str = "UTC"
    overlaps: Sequence[Maintenance] = ()
    problem: str = ""


def count_running() -> int:
    """How many windows are open now."""
    return Maintenance.objects.running().count()


def lists(*, page: str) -> Lists:
    """Read the lists; a fixed number of queries."""
    rows = Maintenance.objects.prefetch_related("affected")
    return Lists(
        running=list(rows.running()),
        scheduled=list(rows.scheduled()),
        past=Paginator(rows.past(), PAGE_SIZE).get_page(page),
    )


def calendar(*, now: datetime, zone: ZoneInfo) -> list[CalendarMonth]:
    """This month and the next, on the calendar of a zone."""
    today = now.astimezone(zone).date()
    this = today.replace(day=1)
    following = (this + timedelta(days=32)).replace(day=1)
    end = (following + timedelta(days=32)).replace(day=1)
    by_day = _by_day(this, end, zone)
    return [
        CalendarMonth(
            first=first,
            weeks=[
                [
                    CalendarDay(day=day, is_today=day == today, rows=by_day.get(day, ()))
                    if day.month == first.month
                    else None
                    for day in week
                ]
                for week in Calendar().monthdatescalendar(first.year, first.month)
            ],
        )
        for first in (this, following)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A form as it stands: clocks of `zone`, and the rule, empty for a single window.

    `without` is the window that is being changed.
    """

    wall_start: datetime | None
    wall_end: datetime | None
    zone: str
    rule: str = ""
    without: Maintenance | None = None


def preview(*, typed: Typed, page_zone: str, now: datetime) -> Preview:
    """What a form would plan, or why it cannot."""
    if typed.wall_start is None or typed.wall_end is None:
        return Preview(problem=_("Say when it starts and ends."))
    try:
        starts, duration = _starts(typed, typed.wall_start, typed.wall_end, now)
    except ValidationError as error:
        return Preview(problem=" ".join(error.messages))
    here, there = ZoneInfo(typed.zone), ZoneInfo(page_zone)
    met = chain.from_iterable(
        overlapping(starts_at=at, duration=duration, without=typed.without)
        for at in starts[:_SHOWN_OVERLAPS]
    )
    return Preview(
        starts=[_upcoming(at, typed.wall_start, here, there) for at in starts],
        duration=duration,
        zone=typed.zone,
        page_zone=page_zone,
        overlaps=list(dict.fromkeys(met)),
    )


def overlapping(
    *, starts_at: datetime, duration: timedelta, without: Maintenance | None = None
) -> list[Maintenance]:
    """Other windows that a window would meet: worth a warning, never an error."""
    rows: QuerySet[Maintenance] = Maintenance.objects.overlapping(starts_at, starts_at + duration)
    if without is not None:
        rows = rows.exclude(pk=without.pk)
        if without.series_id is not None:
            rows = rows.exclude(series=without.series_id, state=State.SCHEDULED)
    return list(rows[:_SHOWN_OVERLAPS])


def _starts(
    typed: Typed, wall_start: datetime, wall_end: datetime, now: datetime
) -> tuple[list[datetime], timedelta]:
    info = plans.zone_info(typed.zone)
    first = windows.instant(wall_start, zone=info)
    duration = windows.instant(wall_end, zone=info) - first
    if duration <= timedelta():
        raise ValidationError(_("The end is not after the start."))
    if not typed.rule:
        return [first], duration
    starts = maintenance_series.preview(
        wall_start=wall_start, zone=typed.zone, rule=typed.rule, now=now
    )
    if not starts:
        raise ValidationError(_("No day fits this recurrence."))
    return starts, duration


def _upcoming(at: datetime, wall_start: datetime, here: ZoneInfo, there: ZoneInfo) -> Upcoming:
    local = at.astimezone(here)
    asked = datetime.combine(local.date(), wall_start.time())
    return Upcoming(here=local, there=at.astimezone(there), asked=asked)


def _by_day(start: date, end: date, zone: ZoneInfo) -> Mapping[date, Sequence[Maintenance]]:
    """Windows by each day that they touch; cancelled ones take place on none."""
    margin = timedelta(days=2)
    rows = (
        Maintenance.objects.exclude(state=State.CANCELLED)
        .filter(
            starts_at__date__lt=end + margin,
            ends_at__date__gte=start - margin,
        )
        .order_by("starts_at", "id")
    )
    found: dict[date, list[Maintenance]] = defaultdict(list)
    for row in rows:
        day = row.starts_at.astimezone(zone).date()
        last = (row.ends_at - timedelta.resolution).astimezone(zone).date()
        while day <= last:
            found[day].append(row)
            day += timedelta(days=1)
    return found
