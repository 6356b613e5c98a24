"""From a component's changes to what its page shows of them: bars, percentages, affected days.

Called while a page is rendered. The arithmetic is `components.uptime`; here are the periods the
page speaks of. All of them are cut at the midnights of the page's zone, like the bars, so that
every figure is the sum of bars (the 24 hours excepted).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from common import timespan
from components import uptime
from components.status import Status
from components.uptime import BothWays, Change, DayBar, Tally, Weights

DAYS = 90
YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class History:
    """The bars of a component and the figure that stands beside them."""

    bars: Sequence[DayBar]
    past: Tally  # of all days but today
    percent: Decimal | None
    affected: Sequence[DayBar]

    @property
    def spent(self) -> Tally:
        """The time of all days together."""
        return self.past + self.bars[-1].tally


@dataclass(frozen=True, slots=True)
class Figure:
    """The uptime over one period, with what has to be known to recompute it."""

    hours: int
    spent: Tally
    percent: Decimal | None
    down_minutes: int
    unknown_minutes: int
    both_ways: BothWays | None = None  # None when there was no maintenance


@dataclass(frozen=True, slots=True)
class Outage:
    """A stretch of outage, `start` up to `end`."""

    start: datetime
    end: datetime


def history(
    changes: Sequence[Change],
    *,
    weights: Weights,
    now: datetime,
    time_zone: ZoneInfo,
    earlier: History | None = None,
) -> History:
    """Return the last 90 days, today last.

    `earlier` is a history of the very same changes in the same zone: while its last day is still
    today, only that day is counted anew. It saves most of the work of publishing a large page.
    """
    today = now.astimezone(time_zone).date()
    if earlier is not None and earlier.bars[-1].day == today:
        current = uptime.day_bars(changes, now=now, days=1, time_zone=time_zone)
        bars, past = [*earlier.bars[:-1], *current], earlier.past
    else:
        bars = uptime.day_bars(changes, now=now, days=DAYS, time_zone=time_zone)
        past = uptime.total(bars[:-1])
    # Only these can be affected, and weighing every quiet day as well is slow.
    notable = [bar for bar in bars if bar.worst not in {None, Status.OPERATIONAL}]
    return History(
        bars=bars,
        past=past,
        percent=uptime.percent(past + bars[-1].tally, weights),
        affected=uptime.affected_days(notable, weights),
    )


def periods(
    changes: Sequence[Change],
    bars: Sequence[DayBar],
    *,
    weights: Weights,
    now: datetime,
    time_zone: ZoneInfo,
) -> list[Figure]:
    """Return the figures for 24 hours, 7, 30 and 90 days and 12 months, in this order.

    `changes` reach back a year; `bars` are the history of the same component.
    """
    today = now.astimezone(time_zone).date()
    year_start = timespan.day_start(today - timedelta(days=YEAR_DAYS - 1), time_zone=time_zone)
    spans = [
        (24, uptime.tally(changes, start=now - timedelta(hours=24), end=now)),
        *((days * 24, uptime.total(bars[-days:])) for days in (7, 30, DAYS)),
        (YEAR_DAYS * 24, uptime.tally(changes, start=year_start, end=now)),
    ]
    return [
        Figure(
            hours=hours,
            spent=spent,
            percent=uptime.percent(spent, weights),
            down_minutes=uptime.down_minutes(spent, weights),
            unknown_minutes=uptime.unknown_minutes(spent),
            both_ways=uptime.with_and_without_maintenance(spent, weights),
        )
        for hours, spent in spans
    ]


def outages(changes: Sequence[Change], *, start: datetime, end: datetime) -> list[Outage]:
    """Return the stretches of partial or major outage inside a period, oldest first."""
    found: list[Outage] = []
    ends = [change.at for change in changes[1:]] + [end]
    for change, until in zip(changes, ends, strict=True):
        stretch = Outage(max(change.at, start), min(until, end))
        if change.status not in {Status.PARTIAL_OUTAGE, Status.MAJOR_OUTAGE}:
            continue
        if stretch.start >= stretch.end:
            continue
        if found and found[-1].end == stretch.start:
            stretch = Outage(found.pop().start, stretch.end)
        found.append(stretch)
    return found
