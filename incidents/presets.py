"""The usual recurrences by name, as rules: what most people need instead of writing an RRULE.

Called by the forms; the expansion is `recurrence`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class Repeat(StrEnum):
    """How often a maintenance comes again."""

    ONCE = "once"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY_DATE = "monthly_date"
    MONTHLY_DAY = "monthly_day"
    MONTHLY_LAST = "monthly_last"
    CUSTOM = "custom"


LABELS = {
    Repeat.ONCE: _("once"),
    Repeat.DAILY: _("daily"),
    Repeat.WEEKLY: _("weekly on the days below"),
    Repeat.MONTHLY_DATE: _("monthly on the same date"),
    Repeat.MONTHLY_DAY: _("monthly on the same weekday, like the 2nd Tuesday"),
    Repeat.MONTHLY_LAST: _("monthly on the last such weekday"),
    Repeat.CUSTOM: _("by rule"),
}


def as_date(value: object) -> date | None:
    """Return a day as it was typed so far; None when it is none."""
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def rule(
    repeat: Repeat,
    *,
    first: datetime,
    week_days: Sequence[str] = (),
    until: date | None = None,
    custom: str = "",
) -> str:
    """Return the rule of a preset for a first start on the wall clock; empty for once.

    `week_days` are names like "TU", for the weekly preset; `until` is the last day, for all presets
    but `CUSTOM`, which is returned as it is.
    """
    name = DAYS[first.weekday()]
    match repeat:
        case Repeat.ONCE:
            return ""
        case Repeat.CUSTOM:
            return custom.strip()
        case Repeat.DAILY:
            text = "FREQ=DAILY"
        case Repeat.WEEKLY:
            text = "FREQ=WEEKLY;BYDAY=" + ",".join(week_days or (name,))
        case Repeat.MONTHLY_DATE:
            text = f"FREQ=MONTHLY;BYMONTHDAY={first.day}"
        case Repeat.MONTHLY_DAY:
            text = f"FREQ=MONTHLY;BYDAY={(first.day - 1) // 7 + 1}{name}"
        case Repeat.MONTHLY_LAST:
            text = f"FREQ=MONTHLY;BYDAY=-1{name}"
    return f"{text};UNTIL={until:%Y%m%d}" if until else text
