"""Which days a recurring maintenance falls on: a bounded part of RFC 5545's RRULE, on the wall clock.

Pure rules (requirement K6, roadmap 14). Our own expansion instead of a library's: whoever may plan
maintenance may type any rule, and a general expander takes seconds, or for ever, to find that none
of its days exist. Here every rule ends after `SPAN`. See docs/decisions.
"""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from common.wording import gettext_noop
from incidents import windows

SPAN = timedelta(days=50 * 365)
LONGEST_TEXT = 500
_MOST_OCCURRENCES = 1000
_LONGEST_INTERVAL = 1000
_DAY = timedelta(days=1)


class RuleNotUsable(ValueError):
    """A recurrence rule that cannot be used; `message` % `values` says why, in English."""

    def __init__(self, message: str, **values: Any) -> None:
        super().__init__(message % values)
        self.message = message
        self.values = values


class Frequency(StrEnum):
    """How long one period of a rule is."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


@dataclass(frozen=True, slots=True)
class WeekDay:
    """A day of the week, 0 for Monday; `nth` is its place in the month or year, 0 for every one."""

    day: int
    nth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A parsed rule; empty parts set no condition. `until` is naive, on the wall clock, included."""

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    week_days: tuple[WeekDay, ...] = ()
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0


_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def parse(text: str, *, zone: ZoneInfo) -> Rule:
    """Read an RRULE, with or without that word in front; an UNTIL in UTC is read in the zone.

    Raises:
        RuleNotUsable: a part is unknown, out of range, missing or does not go with another.
    """
    if len(text) > LONGEST_TEXT:
        raise RuleNotUsable(gettext_noop("This recurrence is too long."))
    parts = _parts(text)
    if "FREQ" not in parts:
        raise RuleNotUsable(gettext_noop("Say how often, as in FREQ=WEEKLY;BYDAY=TU."))
    rule = Rule(
        frequency=_frequency(parts["FREQ"]),
        interval=_number("INTERVAL", parts.get("INTERVAL", "1"), 1, _LONGEST_INTERVAL),
        count=_number("COUNT", parts["COUNT"], 1, _MOST_OCCURRENCES) if "COUNT" in parts else None,
        until=_until(parts["UNTIL"], zone) if "UNTIL" in parts else None,
        week_days=tuple(_week_day(one) for one in _list(parts, "BYDAY")),
        month_days=_numbers(parts, "BYMONTHDAY", 31),
        months=_numbers(parts, "BYMONTH", 12, is_signed=False),
        positions=_numbers(parts, "BYSETPOS", 366),
        week_start=_week_day(parts.get("WKST", "MO")).day,
    )
    _check(rule)
    return rule


def starts(rule: Rule, *, first: datetime) -> Iterator[datetime]:
    """Yield the starts of a rule on the wall clock (naive), in order, from `first` on.

    The first one is `first` itself only if it fits the rule. They end with the rule, or `SPAN`
    after `first`.
    """
    last = first + SPAN if rule.until is None else min(first + SPAN, rule.until)
    found = (
        start
        for days in _periods(rule, first.date(), last.date())
        for day in days
        if first <= (start := datetime.combine(day, first.time())) <= last
    )
    return islice(found, rule.count)


def upcoming(
    rule: Rule, *, first: datetime, zone: ZoneInfo, after: datetime, limit: int
) -> list[tuple[datetime, datetime]]:
    """Return the next starts after an instant: (wall clock, instant in UTC), at most `limit`."""
    found = (
        (wall, at)
        for wall in starts(rule, first=first)
        if (at := windows.instant(wall, zone=zone)) > after
    )
    return list(islice(found, limit))


def check_matches(rule: Rule, *, first: datetime) -> None:
    """Check that a rule has any day at all.

    Raises:
        RuleNotUsable: it has none within `SPAN`, like the 30th of February.
    """
    if next(starts(rule, first=first), None) is None:
        raise RuleNotUsable(gettext_noop("No day fits this recurrence."))


def _parts(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for piece in text.strip().upper().removeprefix("RRULE:").split(";"):
        name, sign, value = piece.strip().partition("=")
        if not sign or not value:
            raise RuleNotUsable(
                gettext_noop("“%(part)s” is not a part of a recurrence."), part=piece[:40]
            )
        if name not in _KNOWN:
            raise RuleNotUsable(gettext_noop("%(part)s is not supported."), part=name[:40])
        if name in found:
            raise RuleNotUsable(gettext_noop("%(part)s stands there twice."), part=name)
        found[name] = value
    return found


_KNOWN = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"}
)


def _frequency(text: str) -> Frequency:
    try:
        return Frequency(text)
    except ValueError:
        raise RuleNotUsable(
            gettext_noop("FREQ is DAILY, WEEKLY, MONTHLY or YEARLY, not %(value)s."),
            value=text[:20],
        ) from None


def _number(name: str, text: str, least: int, most: int) -> int:
    digits = text.removeprefix("+").removeprefix("-")
    # Length first: a number of a million digits takes long to read.
    if len(digits) <= 10 and digits.isascii() and digits.isdigit():
        value = int(text)
        if least <= value <= most and value:
            return value
    raise RuleNotUsable(
        gettext_noop("%(part)s is a number from %(least)d to %(most)d."),
        part=name,
        least=least,
        most=most,
    )


def _list(parts: dict[str, str], name: str) -> list[str]:
    return parts[name].split(",") if name in parts else []


def _numbers(
    parts: dict[str, str], name: str, most: int, *, is_signed: bool = True
) -> tuple[int, ...]:
    least = -most if is_signed else 1
    return tuple(_number(name, one, least, most) for one in _list(parts, name))


def _week_day(text: str) -> WeekDay:
    nth, day = text[:-2], text[-2:]
    if day not in _DAYS:
        raise RuleNotUsable(
            gettext_noop("“%(value)s” is not a day: write MO, TU, WE, TH, FR, SA or SU."),
            value=text[:20],
        )
    return WeekDay(_DAYS.index(day), _number("BYDAY", nth, -53, 53) if nth else 0)


def _until(text: str, zone: ZoneInfo) -> datetime:
    """The last moment that counts, on the wall clock; a date means all of that day."""
    for form, is_utc in (("%Y%m%d", False), ("%Y%m%dT%H%M%S", False), ("%Y%m%dT%H%M%SZ", True)):
        try:
            at = datetime.strptime(text, form)  # noqa: DTZ007 - a wall clock
        except ValueError:
            continue
        if is_utc:
            return windows.wall_clock(at.replace(tzinfo=UTC), zone=zone)
        return at + _DAY - timedelta(seconds=1) if form == "%Y%m%d" else at
    raise RuleNotUsable(gettext_noop("UNTIL is a date like 20271231."))


def _check(rule: Rule) -> None:
    is_long = rule.frequency in {Frequency.MONTHLY, Frequency.YEARLY}
    if rule.count is not None and rule.until is not None:
        raise RuleNotUsable(gettext_noop("Give COUNT or UNTIL, not both."))
    if any(day.nth for day in rule.week_days) and not is_long:
        raise RuleNotUsable(gettext_noop("A day like 2TU goes with MONTHLY or YEARLY only."))
    if rule.month_days and rule.frequency == Frequency.WEEKLY:
        raise RuleNotUsable(gettext_noop("BYMONTHDAY does not go with WEEKLY."))
    if rule.positions and not (is_long and (rule.week_days or rule.month_days)):
        raise RuleNotUsable(
            gettext_noop("BYSETPOS goes with MONTHLY or YEARLY and BYDAY or BYMONTHDAY.")
        )


def _periods(rule: Rule, first: date, last: date) -> Iterator[Sequence[date]]:
    """The days of each period that fit, in order; every period that has days up to `last`."""
    filled = _with_defaults(rule, first)
    begin = _period_start(rule, first)
    while begin <= last:
        # dates end with the year 9999, and so does everything here
        following = _period_start_after(rule, begin, 1)
        days = [begin + back * _DAY for back in range((following - begin).days)]
        fitting = [day for day in days if _fits(filled, day)]
        yield _picked(fitting, rule.positions)
        begin = _period_start_after(rule, begin, rule.interval)


def _with_defaults(rule: Rule, first: date) -> Rule:
    """The rule with what it leaves open taken from the first start, as RFC 5545 says."""
    month_days, months, week_days = rule.month_days, rule.months, rule.week_days
    if not (week_days or month_days):
        match rule.frequency:
            case Frequency.WEEKLY:
                week_days = (WeekDay(first.weekday()),)
            case Frequency.MONTHLY:
                month_days = (first.day,)
            case Frequency.YEARLY:
                month_days = (first.day,)
                months = months or (first.month,)
    return Rule(frequency=rule.frequency, week_days=week_days, month_days=month_days, months=months)


def _period_start(rule: Rule, day: date) -> date:
    match rule.frequency:
        case Frequency.DAILY:
            return day
        case Frequency.WEEKLY:
            return day - (day.weekday() - rule.week_start) % 7 * _DAY
        case Frequency.MONTHLY:
            return day.replace(day=1)
        case Frequency.YEARLY:
            return day.replace(month=1, day=1)


def _period_start_after(rule: Rule, begin: date, periods: int) -> date:
    match rule.frequency:
        case Frequency.DAILY:
            return begin + periods * _DAY
        case Frequency.WEEKLY:
            return begin + 7 * periods * _DAY
        case Frequency.MONTHLY:
            months = begin.year * 12 + begin.month - 1 + periods
            return date(months // 12, months % 12 + 1, 1)
        case Frequency.YEARLY:
            return date(begin.year + periods, 1, 1)


def _fits(rule: Rule, day: date) -> bool:
    if rule.months and day.month not in rule.months:
        return False
    if rule.month_days:
        from_end = day.day - monthrange(day.year, day.month)[1] - 1
        if day.day not in rule.month_days and from_end not in rule.month_days:
            return False
    return not rule.week_days or any(_is_week_day(rule, day, wanted) for wanted in rule.week_days)


def _is_week_day(rule: Rule, day: date, wanted: WeekDay) -> bool:
    if day.weekday() != wanted.day:
        return False
    if not wanted.nth:
        return True
    if rule.frequency == Frequency.YEARLY and not rule.months:
        place = day.timetuple().tm_yday
        length = date(day.year, 12, 31).timetuple().tm_yday
    else:
        place, length = day.day, monthrange(day.year, day.month)[1]
    return wanted.nth in {(place - 1) // 7 + 1, -((length - place) // 7 + 1)}


def _picked(days: Sequence[date], positions: Sequence[int]) -> Sequence[date]:
    if not positions:
        return days
    places = {place - 1 if place > 0 else len(days) + place for place in positions}
    return [day for place, day in enumerate(days) if place in places]
