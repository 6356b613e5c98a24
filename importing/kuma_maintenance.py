"""Maintenance of Uptime Kuma, once or again and again, as ours. Pure.

Its dates are on the wall clock of the maintenance's zone, without saying so.
"""

import json
import zoneinfo
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from importing import kuma_source
from importing.plans import Maintenance
from importing.source_values import Notes, Row, shown
from incidents import recurrence, windows
from incidents.recurrence import RuleNotUsable

_DAYS = ("SU", "MO", "TU", "WE", "TH", "FR", "SA", "SU")  # 0 and 7 are Sunday, in cron too
_NAMES = {"SUN": 0, "MON": 1, "TUE": 2, "WED": 3, "THU": 4, "FRI": 5, "SAT": 6}
_MANUAL_LENGTH = timedelta(days=7)


class _CannotSay(Exception):
    """The maintenance has no place here; the message says why."""


def read(
    row: Row, *, components: tuple[str, ...], server_zone: str, now: datetime, notes: Notes
) -> Maintenance | None:
    """A maintenance; None, with the reason noted, for one that has no place here.

    `now` is when the source was copied: work that was started by hand began then at the latest.
    """
    what = f"Maintenance {row.text('title') or row.whole('id')}"
    if not row.flag("active", True):
        notes.add(what, "It is switched off there.")
        return None
    if not components:
        notes.add(what, "It names no monitor.")
        return None
    try:
        return _read(row, components, _zone(row, server_zone, what, notes), now, what, notes)
    except _CannotSay as error:
        notes.add(what, str(error))
        return None


def _read(  # noqa: PLR0917 - what every strategy needs
    row: Row, components: tuple[str, ...], zone: ZoneInfo, now: datetime, what: str, notes: Notes
) -> Maintenance:
    strategy = row.text("strategy", "single")
    state, rule = "scheduled", ""
    if strategy == "manual":
        notes.add(what, "It has no end there: here it ends by itself after 7 days.")
        state, starts_at = "in_progress", now
        ends_at = now + _MANUAL_LENGTH
    elif strategy == "single":
        starts_at = windows.instant(_wall(row, "start_date"), zone=zone)
        ends_at = windows.instant(_wall(row, "end_date"), zone=zone)
    else:
        wall, rule = _recurring(row, strategy, zone, now)
        starts_at = windows.instant(wall, zone=zone)
        ends_at = starts_at + _length(row)
    return Maintenance(
        key=f"maintenance-{row.whole('id')}",
        title=row.text("title").strip() or what,
        text=row.text("description"),
        state=state,
        starts_at=starts_at,
        ends_at=ends_at,
        components=components,
        zone=zone.key,
        rule=rule,
    )


def _zone(row: Row, server_zone: str, what: str, notes: Notes) -> ZoneInfo:
    name = row.text("timezone").strip()
    if name in {"", "SAME_AS_SERVER"}:
        name = server_zone or "UTC"
    if name not in zoneinfo.available_timezones():
        notes.add(f"{what}: time zone {shown(name, 40)}", "It is unknown here: UTC is used.")
        name = "UTC"
    return ZoneInfo(name)


def _wall(row: Row, column: str) -> datetime:
    """A date and time on the wall clock, naive."""
    text = row.text(column).strip()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise _CannotSay(f"Its {column} is {shown(text, 40) or 'missing'}.") from None
    if at.year not in kuma_source.YEARS:
        raise _CannotSay(f"Its {column} is {shown(text, 40)}.")
    return at.replace(tzinfo=None, second=0, microsecond=0)


def _length(row: Row) -> timedelta:
    seconds = row.number("duration", 0.0)
    if seconds <= 0:
        start, end = _clock(row, "start_time"), _clock(row, "end_time")
        day = datetime(2000, 1, 1, tzinfo=UTC).date()
        seconds = (datetime.combine(day, end) - datetime.combine(day, start)).total_seconds()
        seconds += 86_400 if seconds <= 0 else 0
    return timedelta(seconds=min(seconds, 400 * 86_400))


def _clock(row: Row, column: str) -> time:
    text = row.text(column).strip()
    try:
        return time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise _CannotSay(f"Its {column} is {shown(text, 40) or 'missing'}.") from None


def _recurring(row: Row, strategy: str, zone: ZoneInfo, now: datetime) -> tuple[datetime, str]:
    """The first start on the wall clock, and the rule."""
    match strategy:
        case "recurring-interval":
            at, rule = (
                _clock(row, "start_time"),
                f"FREQ=DAILY;INTERVAL={row.whole('interval_day', 1)}",
            )
        case "recurring-weekday":
            at, rule = _clock(row, "start_time"), "FREQ=WEEKLY;BYDAY=" + _week_days(row)
        case "recurring-day-of-month":
            at, rule = _clock(row, "start_time"), "FREQ=MONTHLY;BYMONTHDAY=" + _month_days(row)
        case "cron":
            at, rule = _of_cron(row.text("cron"))
        case _:
            raise _CannotSay(f"Its strategy {shown(strategy, 40)} is unknown.")
    first = windows.wall_clock(now, zone=zone)
    if row.text("start_date").strip():
        first = _wall(row, "start_date")
    if row.text("end_date").strip():
        rule += f";UNTIL={_wall(row, 'end_date'):%Y%m%dT%H%M%S}"
    try:
        recurrence.parse(rule, zone=zone)
    except RuleNotUsable as error:
        raise _CannotSay(str(error)) from None
    return datetime.combine(first.date(), at.replace(second=0, microsecond=0)), rule


def _listed(row: Row, column: str) -> list[str]:
    value = row.values.get(column)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, list) or not value:
        raise _CannotSay(f"Its {column} are missing.")
    return [str(one) for one in value]


def _week_days(row: Row) -> str:
    return ",".join(_DAYS[_number(one, 0, 7)] for one in _listed(row, "weekdays"))


def _month_days(row: Row) -> str:
    """Days of the month; "lastDay1" is the last one, "lastDay2" the one before."""
    days = []
    for one in _listed(row, "days_of_month"):
        is_last = one.startswith("lastDay")
        number = _number(one.removeprefix("lastDay"), 1, 31)
        days.append(str(-number if is_last else number))
    return ",".join(days)


def _number(text: str, least: int, most: int) -> int:
    if text.isascii() and text.isdigit() and len(text) < 4 and least <= int(text) <= most:
        return int(text)
    raise _CannotSay(f"{shown(text, 40)} is no day or time that is known here.")


def _of_cron(text: str) -> tuple[time, str]:
    """A cron expression that names one time of day, as a rule."""
    fields = text.split()
    if len(fields) == 6:  # with seconds in front
        fields = fields[1:]
    if len(fields) != 5:
        raise _CannotSay(f"The cron expression {shown(text, 40)} has no five fields.")
    minute, hour, day, month, week_day = fields
    at = time(_number(hour, 0, 23), _number(minute, 0, 59))
    if day != "*" and week_day != "*":
        raise _CannotSay("Its cron expression names days of the month and of the week together.")
    rule = "FREQ=DAILY"
    if week_day not in {"*", "?"}:
        names = dict.fromkeys(_DAYS[one] for one in _several(week_day, 0, 7, _NAMES))
        rule = "FREQ=WEEKLY;BYDAY=" + ",".join(names)
    elif day not in {"*", "?"}:
        rule = "FREQ=MONTHLY;BYMONTHDAY=" + ",".join(map(str, _several(day, 1, 31, {})))
    if month != "*":
        rule += ";BYMONTH=" + ",".join(map(str, _several(month, 1, 12, {})))
    return at, rule


def _several(text: str, least: int, most: int, names: dict[str, int]) -> list[int]:
    found: list[int] = []
    for part in text.upper().split(","):
        low, dash, high = part.partition("-")
        ends = [
            names[one] if one in names else _number(one, least, most) for one in (low, high) if one
        ]
        if not ends or (dash and len(ends) != 2) or ends[-1] < ends[0]:
            raise _CannotSay(
                f"Its cron expression holds {shown(text, 40)}, which is not known here."
            )
        found += range(ends[0], ends[-1] + 1)
    return found
