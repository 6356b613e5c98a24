"""Moments as people write them on a command line: "+2h", "22:00", "2026-11-24 02:00", ISO 8601. Pure."""

import re
from datetime import datetime, timedelta

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_LENGTH = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")


class NotAMoment(ValueError):
    """The text says no moment; the sentence says how one is written."""


def length(text: str) -> timedelta:
    """A length such as "90m", "2h", "1d12h". Raises NotAMoment."""
    match = _LENGTH.fullmatch(text.strip().lower())
    if not match or not any(match.groups()):
        raise NotAMoment(f"“{text}” is no length. Write it like 90m, 2h or 1d12h.")
    days, hours, minutes = (int(each or 0) for each in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def moment(text: str, *, now: datetime) -> datetime:
    """The moment that the text says; without a zone it is on the clock of `now`. Raises NotAMoment.

    "+2h" is from now; "22:00" is the next time the clock says so.
    """
    text = text.strip()
    if text == "now":
        return now
    if text.startswith("+"):
        return now + length(text[1:])
    if match := _CLOCK.fullmatch(text):
        hour, minute = int(match[1]), int(match[2])
        try:
            today = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        except ValueError:
            raise _none(text) from None
        return today if today > now else today + timedelta(days=1)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _none(text) from None
    return found if found.tzinfo else found.replace(tzinfo=now.tzinfo)


def _none(text: str) -> NotAMoment:
    return NotAMoment(
        f"“{text}” is no moment. Write it like +2h, 22:00, 2026-11-24T02:00 or with a zone, "
        "2026-11-24T02:00+01:00."
    )
