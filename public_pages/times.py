"""Points and lengths of time as a visitor reads them, in the active language and time zone."""

from datetime import date, datetime, timedelta
from functools import lru_cache

from django.utils import formats, timezone
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _


def clock(at: datetime) -> str:
    """Return the time of day with its zone: 14:32 UTC."""
    local = timezone.localtime(at)
    return f"{local:%H:%M} {zone(local)}"


def moment(at: datetime) -> str:
    """Return day and time with the zone: 19 Nov 2026, 14:32 UTC."""
    return _("%(day)s, %(time)s") % {"day": full_day(timezone.localtime(at)), "time": clock(at)}


def period(start: datetime, end: datetime | None) -> tuple[str, str]:
    """Return start and end as one line has them: the day once, the zone once, at the last time.

    19 Nov 2026, 14:05 / 15:24 UTC; over two days 19 Nov 2026, 23:50 / 20 Nov 2026, 00:10 UTC.
    """
    if end is None:
        return moment(start), ""
    first, last = timezone.localtime(start), timezone.localtime(end)
    begin = _("%(day)s, %(time)s") % {"day": full_day(first), "time": f"{first:%H:%M}"}
    if zone(first) != zone(last):
        return moment(start), moment(end)
    return begin, clock(end) if first.date() == last.date() else moment(end)


def lasting(length: timedelta) -> str:
    """Return how long something took, down to the minute: 42 min, 1 h, 1 h 09 min."""
    hours, minutes = divmod(length // timedelta(minutes=1), 60)
    if hours and not minutes and hours < 24:
        return _("%(hours)s h") % {"hours": hours}
    return duration(hours * 60 + minutes) if hours or minutes else _("under a minute")


def ahead(length: timedelta) -> str:
    """Return in how long something begins, coarsely: in 2 days, in 5 hours, in 20 minutes."""
    if length.days:
        return ngettext("in %(count)s day", "in %(count)s days", length.days) % {
            "count": length.days
        }
    hours, minutes = length // timedelta(hours=1), length // timedelta(minutes=1)
    if hours:
        return ngettext("in %(count)s hour", "in %(count)s hours", hours) % {"count": hours}
    return ngettext("in %(count)s minute", "in %(count)s minutes", minutes) % {"count": minutes}


def zone(local: datetime) -> str:
    """Return the short name of a local time's zone; zones without one show their offset."""
    name = local.tzname() or ""
    if name.isalpha():
        return name
    offset = f"{local:%z}"
    return f"UTC{offset[:3]}:{offset[3:5]}"


def day(value: date) -> str:
    """Return a day without its year: 19 Nov."""
    return _day(value.year, value.month, value.day, get_language())


@lru_cache(maxsize=1024)
def _day(year: int, month: int, number: int, language: str | None) -> str:
    del language  # part of the cache key only
    shape = pgettext("date format: day and month", "j M")
    return formats.date_format(date(year, month, number), shape)


def full_day(value: date) -> str:
    """Return a day with its year: 19 Nov 2026."""
    return formats.date_format(value, pgettext("date format: day, month and year", "j M Y"))


def week_day(value: date) -> str:
    """Return a day with its name: Thu 19 Nov."""
    shape = pgettext("date format: name of the day, day and month", "D j M")
    return formats.date_format(value, shape)


def days(first: date, last: date) -> str:
    """Return a run of days: 13 – 18 Nov, 28 Oct – 3 Nov; one day by its name."""
    if first == last:
        return week_day(first)
    if (first.year, first.month) != (last.year, last.month):
        return _("%(first)s – %(last)s") % {"first": day(first), "last": day(last)}
    return _("%(first)s – %(last)s") % {"first": first.day, "last": day(last)}


def month(value: date) -> str:
    """Return a month: November 2026."""
    return formats.date_format(value, pgettext("date format: month and year", "F Y"))


@lru_cache(maxsize=4096)
def _duration(minutes: int, language: str | None) -> str:
    del language  # part of the cache key only
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(minutes)s min") % {"minutes": rest}
    days, hours_left = divmod(hours, 24)
    if not days:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": f"{rest:02}"}
    return _("%(days)s d %(hours)s h") % {"days": days, "hours": hours_left}


def duration(minutes: int) -> str:
    """Return a length of time: 42 min, 1 h 09 min, 3 d 4 h (hours of a day rounded down)."""
    return _duration(minutes, get_language())


def seconds(value: float) -> str:
    """Return a short time, given in seconds: 800 ms, 1.2 s."""
    if value < 1:
        return _("%(count)s ms") % {"count": f"{value * 1000:.0f}"}
    return _("%(count)s s") % {"count": f"{value:.2f}".rstrip("0").rstrip(".")}


def milliseconds(value: int | None) -> str:
    """Return a response time: 372 ms, 1.24 s; a dash where there is none."""
    return "–" if value is None else _milliseconds(value, get_language())


@lru_cache(maxsize=4096)
def _milliseconds(value: int, language: str | None) -> str:
    del language  # part of the cache key only
    return seconds(value / 1000)


def interval(value: int) -> str:
    """Return how often a check runs: every 30 seconds, every 5 minutes."""
    if value % 60 or value < 120:
        return ngettext("every second", "every %(count)s seconds", value) % {"count": value}
    minutes = value // 60
    return ngettext("every minute", "every %(count)s minutes", minutes) % {"count": minutes}
