"""Gatus's maintenance windows: a time of day on days of the week, in a zone. Pure (interop 5.3)."""

import hashlib
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from importing.plans import Maintenance
from importing.problems import SourceUnreadable
from importing.source_values import Row, shown
from incidents import recurrence, windows

_DAYS = {
    "monday": "MO",
    "tuesday": "TU",
    "wednesday": "WE",
    "thursday": "TH",
    "friday": "FR",
    "saturday": "SA",
    "sunday": "SU",
}
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])\Z")
_LONGEST_S = 24 * 3600
_SINCE = date(2024, 1, 1)


def read(row: Row, components: Sequence[str], what: str) -> Maintenance | None:
    """The window as a maintenance that comes again; None when there is none or it is off.

    Its key is what it says, because a window has no name: one that is changed is another one.

    Raises:
        SourceUnreadable: the time, the duration, a day or the zone cannot be read.
    """
    if not row.values or not row.flag("enabled", True):
        return None
    clock = _CLOCK.match(row.needed("start"))
    if clock is None:
        raise SourceUnreadable(f"{row.place('start')} should be a time of day like 23:00.")
    duration_s = row.seconds("duration", 0)
    if not 0 < duration_s <= _LONGEST_S:
        raise SourceUnreadable(f"{row.place('duration')} should be up to 24h.")
    rule = _rule(row)
    zone = _zone(row)
    first = _first(rule, time(int(clock[1]), int(clock[2])), zone)
    said = "|".join([what, row.needed("start"), f"{duration_s:g}", zone.key, rule])
    return Maintenance(
        key=hashlib.sha256(said.encode()).hexdigest()[:32],
        title=f"Maintenance of {what}"[:200] if what else "Regular maintenance",
        text="",
        state="scheduled",
        starts_at=first,
        ends_at=first + timedelta(seconds=duration_s),
        components=tuple(components),
        zone=zone.key,
        rule=rule,
    )


def _rule(row: Row) -> str:
    names = row.texts("every")
    days = [_DAYS.get(name.strip().lower()) for name in names]
    if None in days:
        raise SourceUnreadable(f"{row.place('every')} should be names of days like Monday.")
    if not days:
        return "FREQ=DAILY"
    return f"FREQ=WEEKLY;BYDAY={','.join(str(day) for day in _DAYS.values() if day in days)}"


def _zone(row: Row) -> ZoneInfo:
    name = row.text("timezone", "UTC").strip() or "UTC"
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SourceUnreadable(
            f"{row.place('timezone')}: {shown(name)} is not a time zone."
        ) from None


def _first(rule: str, clock: time, zone: ZoneInfo) -> datetime:
    """The first start since a day in the past: what a file says must not change with the day it is read."""
    parsed = recurrence.parse(rule, zone=zone)
    first = next(recurrence.starts(parsed, first=datetime.combine(_SINCE, clock)))
    return windows.instant(first, zone=zone)
