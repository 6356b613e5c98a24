"""Events by calendar day: lists in which quiet days collapse, months, and the weeks of a calendar.

Pure rules, called while pages are rendered. Days are those of the page's zone.
"""

import calendar
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from common import timespan
from public_pages.event_views import EventLine

RECENT_DAYS = 14  # that the home page lists


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day with its events, newest first; or a run of quiet days, `first` up to `last`."""

    first: date
    last: date
    lines: Sequence[EventLine] = ()


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month; as text it is 2026-11."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.next.first - timedelta(days=1)

    @property
    def next(self) -> "Month":
        """The month after it."""
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def previous(self) -> "Month":
        """The month before it."""
        return month_of(self.first - timedelta(days=1))

    def bounds(self, time_zone: ZoneInfo) -> tuple[datetime, datetime]:
        """When it begins and ends in a zone; half-open."""
        return (
            timespan.day_start(self.first, time_zone=time_zone),
            timespan.day_start(self.next.first, time_zone=time_zone),
        )


def month_of(day: date) -> Month:
    """Return the month of a day."""
    return Month(day.year, day.month)


def parse(text: str) -> Month:
    """Return the month of a text like 2026-11."""
    year, _, number = text.partition("-")
    return Month(int(year), int(number))


def day_of(at: datetime, time_zone: ZoneInfo) -> date:
    """Return the day of a moment in a zone."""
    return at.astimezone(time_zone).date()


def rows(
    lines: Iterable[EventLine], *, first: date, last: date, time_zone: ZoneInfo
) -> list[DayRow]:
    """Return the days from last back to first; those without events are joined into runs."""
    by_day = by_start(lines, time_zone)
    found: list[DayRow] = []
    day = last
    while day >= first:
        if by_day[day]:
            found.append(DayRow(day, day, by_day[day]))
        elif found and not found[-1].lines:
            found[-1] = DayRow(day, found[-1].last)
        else:
            found.append(DayRow(day, day))
        day -= timedelta(days=1)
    return found


def by_start(lines: Iterable[EventLine], time_zone: ZoneInfo) -> dict[date, list[EventLine]]:
    """Return the events by the day they begin, in the order they are given in."""
    by_day: dict[date, list[EventLine]] = defaultdict(list)
    for line in lines:
        by_day[day_of(line.starts_at, time_zone)].append(line)
    return by_day


def weeks(month: Month) -> list[list[date | None]]:
    """Return the weeks of a month, Monday first (ISO 8601); None where another month's day would be."""
    every = calendar.Calendar(calendar.MONDAY).monthdatescalendar(month.year, month.number)
    return [[day if day.month == month.number else None for day in week] for week in every]
