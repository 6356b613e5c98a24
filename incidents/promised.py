"""The promised time of the next update, as the composers offer it."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

_MINUTES = (15, 30, 60, 120, 240, 24 * 60)
_FORMAT = "%Y-%m-%dT%H:%M"


def as_typed(at: datetime | None) -> str:
    """A time as the controls of these forms hold it, to the minute."""
    return f"{timezone.localtime(at):{_FORMAT}}" if at else ""


def usual(now: datetime) -> str:
    """What a form promises before anybody chooses: half an hour, as the guide advises (I9)."""
    return f"{timezone.localtime(now) + timedelta(minutes=30):{_FORMAT}}"


def times(current: Any, now: datetime) -> list[tuple[str, str]]:
    """Times to choose from, to the minute; with the one that is chosen already."""
    times = {(now + timedelta(minutes=one)).strftime(_FORMAT): one for one in _MINUTES}
    found = [
        (value, _("%(clock)s, in %(time)s") % {"clock": _clock(value, now), "time": _length(one)})
        for value, one in times.items()
    ]
    kept = str(current or "")
    if kept and kept not in times:
        found.insert(0, (kept, _clock(kept, now)))
    return [("", _("No promise")), *found]


def _clock(value: str, now: datetime) -> str:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    same_day = at.date() == timezone.localtime(now).date()
    return f"{at:%H:%M} UTC" if same_day else f"{at:%-d %b %H:%M} UTC"


def _length(minutes: int) -> str:
    if minutes < 60:
        return _("%(count)d minutes") % {"count": minutes}
    hours = minutes // 60
    return _("1 hour") if hours == 1 else _("%(count)d hours") % {"count": hours}
