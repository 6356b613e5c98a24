"""Exact instants and calendar days: what every rule that counts time shares.

Pure. Called by the uptime rule and by whatever groups events by day, so that all of them cut days
at the same moments.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Return an aware instant as whole microseconds since 1970-01-01 UTC.

    Two datetimes that carry the same zone are subtracted and compared by their wall clock, which is
    wrong by an hour across a clock change. Integers have no zone to be wrong about.

    Raises:
        TypeError: the datetime is naive.
    """
    return (at - _EPOCH) // _MICROSECOND


def day_start(day: date, *, time_zone: ZoneInfo) -> datetime:
    """Return in UTC the moment a calendar day begins in a zone; a day ends where the next begins.

    A midnight that happens twice counts the first time. A midnight that the clock jumps over
    (Cairo, São Paulo) is read with the offset before the jump, which is the moment of the jump. A
    date that a zone left out altogether (Samoa, 30 December 2011) begins where it ends.
    """
    return datetime(day.year, day.month, day.day, tzinfo=time_zone, fold=0).astimezone(UTC)
