"""The moments and days that people can mean. Pure."""

from datetime import UTC, date, datetime

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def sane(moment: datetime) -> datetime:
    """The moment, which has a zone. Raises ValueError for one that nobody can mean.

    Far ends of the calendar overflow when they are told in another zone or time is added to them.
    """
    if not EARLIEST <= moment < LATEST:
        raise ValueError("has to be between 1990 and 2100")
    return moment


def sane_day(day: date) -> date:
    """The day. Raises ValueError for one that nobody can mean."""
    if not EARLIEST.date() <= day < LATEST.date():
        raise ValueError("has to be between 1990 and 2100")
    return day
