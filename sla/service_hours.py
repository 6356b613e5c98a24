"""When a service is promised: the hours of a week, as operators write them.

Pure rule. "24/7", or days with hours: "Mon-Fri 08:00-18:00; Sat 09:00-13:00". Hours are on the wall
clock of the page's time zone, so a day on which the clock changes is promised as it is lived.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from common import timespan
from common.wording import gettext_noop

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ALWAYS = {"", "24/7", "24x7", "always"}
_PART = re.compile(
    r"(?P<first>[a-z]{3})[a-z]*(?:\s*[-–]\s*(?P<last>[a-z]{3})[a-z]*)?\s+"
    r"(?P<start>\d{1,2}:\d{2})\s*[-–]\s*(?P<end>\d{1,2}:\d{2})",
    re.IGNORECASE,
)
_SENTENCE = gettext_noop(
    "“%(text)s” is no list of hours. Write 24/7, or days with hours like "
    "Mon-Fri 08:00-18:00; Sat 09:00-13:00."
)

Period = tuple[datetime, datetime]


class NotHours(ValueError):
    """A text that says no hours; `sentence` with `text` in it says what to write."""

    sentence = _SENTENCE

    def __init__(self, text: str) -> None:
        super().__init__(_SENTENCE % {"text": text})
        self.text = text


@dataclass(frozen=True, slots=True)
class ServiceHours:
    """The promised hours of each weekday, Monday first, as minutes of the day: start and end."""

    week: tuple[tuple[tuple[int, int], ...], ...]

    @property
    def is_always(self) -> bool:
        """Whether every minute of the week is promised."""
        return all(day == ((0, 1440),) for day in self.week)

    def periods(self, start: datetime, end: datetime, *, time_zone: ZoneInfo) -> list[Period]:
        """Return the promised time between two aware instants, in UTC, in order, touching ones joined."""
        found: list[Period] = []
        day = start.astimezone(time_zone).date()
        last = end.astimezone(time_zone).date()
        while day <= last:
            for first, until in self.week[day.weekday()]:
                begins = max(_instant(day, first, time_zone), start.astimezone(UTC))
                ends = min(_instant(day, until, time_zone), end.astimezone(UTC))
                if begins < ends:
                    _append(found, begins, ends)
            day += timedelta(days=1)
        return found


def parse(text: str) -> ServiceHours:
    """Return the hours that a text says.

    Raises:
        NotHours: it says none.
    """
    if text.strip().lower() in _ALWAYS:
        return ALWAYS
    week: list[list[tuple[int, int]]] = [[] for _ in _DAYS]
    for part in re.split(r"[;,\n]", text):
        if not part.strip():
            continue
        days, hours = _part(part.strip(), text)
        for number in days:
            week[number].append(hours)
    if not any(week):
        raise NotHours(text)
    return ServiceHours(tuple(_merged(day) for day in week))


def _part(part: str, text: str) -> tuple[Sequence[int], tuple[int, int]]:
    match = _PART.fullmatch(part)
    if match is None:
        raise NotHours(text)
    names = [match["first"].lower(), (match["last"] or match["first"]).lower()]
    if not set(names) <= set(_DAYS):
        raise NotHours(text)
    first, last = (_DAYS.index(name) for name in names)
    # Fri-Mon goes over the end of the week.
    days = [number % 7 for number in range(first, last + 1 if last >= first else last + 8)]
    start, end = _minute(match["start"], text), _minute(match["end"], text)
    if start >= end:
        raise NotHours(text)
    return days, (start, end)


def _minute(clock: str, text: str) -> int:
    hours, minutes = (int(part) for part in clock.split(":"))
    if minutes > 59 or hours * 60 + minutes > 1440:
        raise NotHours(text)
    return hours * 60 + minutes


def _merged(hours: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(hours):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


def _instant(day: date, minute: int, time_zone: ZoneInfo) -> datetime:
    """A minute of a day's wall clock; minute 1440 is where the next day begins."""
    if minute == 1440:
        return timespan.day_start(day + timedelta(days=1), time_zone=time_zone)
    clock = time(minute // 60, minute % 60)
    return datetime.combine(day, clock, tzinfo=time_zone).astimezone(UTC)


def _append(found: list[Period], start: datetime, end: datetime) -> None:
    if found and found[-1][1] == start:
        found[-1] = (found[-1][0], end)
    else:
        found.append((start, end))


ALWAYS = ServiceHours(tuple(((0, 1440),) for _ in _DAYS))
