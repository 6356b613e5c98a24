"""Uptime: from a component's status changes to time per status, a percentage and daily bars.

Pure rules, called by whatever shows history. All time is counted in whole microseconds and all
weights are fractions, so nothing is lost to rounding before the one place where a figure is
rounded for a person. Explained in docs/explanation/uptime.md (decision 9).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil
from operator import itemgetter
from zoneinfo import ZoneInfo

from common import timespan
from components import status
from components.status import Status

_STATUSES = tuple(Status)
_POSITIONS = {member: position for position, member in enumerate(_STATUSES)}
_SECOND_US = 1_000_000
_MINUTE_US = 60 * _SECOND_US
_TROUBLE = (Status.DEGRADED_PERFORMANCE, Status.PARTIAL_OUTAGE, Status.MAJOR_OUTAGE)


@dataclass(frozen=True, slots=True)
class Change:
    """A component took a status at an aware instant and keeps it until its next change."""

    at: datetime
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much of the time in a status counts as down: 0 nothing, 1 all of it.

    Operational time never counts, and unknown time is neither up nor down, so they have no weight.
    Floats are refused: 0.3 as a float is not three tenths.

    Raises:
        TypeError: a weight is a float.
        ValueError: a weight is not a number from 0 to 1.
    """

    major_outage: Fraction | Decimal | int = Fraction(1)
    partial_outage: Fraction | Decimal | int = Fraction(1)
    degraded_performance: Fraction | Decimal | int = Fraction(0)
    under_maintenance: Fraction | Decimal | int = Fraction(0)

    def __post_init__(self) -> None:
        for field in fields(self):
            given = getattr(self, field.name)
            object.__setattr__(self, field.name, _exact_weight(field.name, given))

    def of(self, member: Status) -> Fraction:
        """Return the weight of a status as an exact fraction."""
        return Fraction(getattr(self, member.value, 0))


def _exact_weight(name: str, given: Fraction | Decimal | int) -> Fraction:
    if isinstance(given, float):
        raise TypeError(f"The weight of {name} is a float; give it as a Decimal or a Fraction")
    if not isinstance(given, Decimal) or given.is_finite():
        weight = Fraction(given)
        if 0 <= weight <= 1:
            return weight
    raise ValueError(f"The weight of {name} is {given}; it has to be from 0 to 1")


@dataclass(frozen=True, slots=True)
class Tally:
    """How long a component was in each status during a period; build it with `Tally.of`.

    Adding two tallies gives the tally of both periods together.
    """

    parts_us: tuple[int, ...] = (0,) * len(_STATUSES)  # in the order of the members of Status

    @classmethod
    def of(cls, spent_us: Mapping[Status, int]) -> "Tally":
        """Return a tally of these microseconds per status; a status left out has none."""
        return cls(tuple(spent_us.get(member, 0) for member in _STATUSES))

    def __add__(self, other: "Tally") -> "Tally":
        """Return the time of both, status by status."""
        return Tally(tuple(map(sum, zip(self.parts_us, other.parts_us, strict=True))))

    def us(self, member: Status) -> int:
        """Return the microseconds spent in a status."""
        return self.parts_us[_POSITIONS[member]]

    def seconds(self, member: Status) -> float:
        """Return the seconds spent in a status, for showing; `us` is exact."""
        return self.us(member) / _SECOND_US

    @property
    def total_us(self) -> int:
        """Microseconds of the whole period."""
        return sum(self.parts_us)

    @property
    def unknown_us(self) -> int:
        """Microseconds of which nobody can say whether the component was up."""
        return self.us(Status.UNKNOWN)

    @property
    def known_us(self) -> int:
        """Microseconds that are not unknown: what a percentage is a part of."""
        return self.total_us - self.unknown_us

    @property
    def total_s(self) -> float:
        """Seconds of the whole period, for showing."""
        return self.total_us / _SECOND_US

    @property
    def unknown_s(self) -> float:
        """Unknown seconds, for showing."""
        return self.unknown_us / _SECOND_US

    @property
    def known_s(self) -> float:
        """Known seconds, for showing."""
        return self.known_us / _SECOND_US

    def down_s(self, weights: Weights) -> float:
        """Return the seconds by the clock in statuses that count as down at all, for showing."""
        return sum(self.us(member) for member in Status if weights.of(member) > 0) / _SECOND_US

    def weighted_down_s(self, weights: Weights) -> Fraction:
        """Return the seconds that count as down, each times its weight, exactly."""
        down_us = sum((self.us(member) * weights.of(member) for member in Status), Fraction(0))
        return down_us / _SECOND_US


@dataclass(frozen=True, slots=True)
class DayBar:
    """A calendar day of a component, in the page's zone.

    `worst` is the worst status of which the day has known time, None when it has none. A gap in the
    measurements therefore leaves a day its colour; `tally.unknown_s` tells how much is missing.
    `is_partial` marks today, which has been counted up to now only.
    """

    day: date
    tally: Tally
    worst: Status | None
    is_partial: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BothWays:
    """The uptime of one period with none of its maintenance counted as down, and with all of it."""

    without: Decimal | None
    counted: Decimal | None


def tally(changes: Iterable[Change], *, start: datetime, end: datetime) -> Tally:
    """Return how long each status held from `start` up to, not including, `end` (both aware).

    The status at `start` is that of the last change before it, so that change has to be among
    `changes`; the time before the first change is unknown. The changes may come in any order; of
    changes at the same instant the later one in the sequence holds. Those at `end` or after it do
    not count: give `now` as the end of a period that is still running.

    Raises:
        ValueError: the period ends before it starts.
    """
    cuts_us = [timespan.microseconds(start), timespan.microseconds(end)]
    if cuts_us[1] < cuts_us[0]:
        raise ValueError(f"The period ends at {end}, before it starts at {start}")
    return _sweep(changes, cuts_us)[0]


def day_bars(
    changes: Iterable[Change], *, now: datetime, days: int = 90, time_zone: ZoneInfo
) -> list[DayBar]:
    """Return the last `days` calendar days of a zone, oldest first, today (up to `now`) last.

    Changes are read as by `tally`. A day lasts from one local midnight up to the next, so it has 23
    or 25 hours where the clock changes, and the days of a history have no gap and no overlap.

    Raises:
        ValueError: fewer than one day is asked for.
    """
    if days < 1:
        raise ValueError(f"{days} days have no bars; ask for at least one day")
    today = now.astimezone(time_zone).date()
    dates = [today - timedelta(days=back) for back in reversed(range(days))]
    now_us = timespan.microseconds(now)
    starts_us = (timespan.microseconds(timespan.day_start(d, time_zone=time_zone)) for d in dates)
    # A clock that jumped over midnight from before it leaves a moment of the new date that precedes
    # the day's start (Toronto, 1919): no day may begin after now.
    cuts_us = [min(start_us, now_us) for start_us in starts_us]
    tallies = _sweep(changes, [*cuts_us, now_us])
    return [
        DayBar(day=day, tally=spent, worst=_worst_known(spent), is_partial=day == today)
        for day, spent in zip(dates, tallies, strict=True)
    ]


def total(bars: Iterable[DayBar]) -> Tally:
    """Return the time of all these days together, for the figure that stands beside their bars."""
    return sum((bar.tally for bar in bars), Tally())


def percent(spent: Tally, weights: Weights, *, decimals: int = 2) -> Decimal | None:
    """Return the uptime in per cent with so many decimals, or None when no time is known.

    (known - down) / known, rounded down: whatever counted as down, however short, keeps the figure
    below 100 (decision 9).
    """
    known_us = spent.known_us
    if not known_us:
        return None
    down_us = spent.weighted_down_s(weights) * _SECOND_US
    smallest = (known_us - down_us) * 10 ** (2 + decimals) // known_us
    return Decimal(smallest).scaleb(-decimals)


def with_and_without_maintenance(spent: Tally, weights: Weights) -> BothWays | None:
    """Return the percentage with maintenance as downtime and without; None when there was none.

    The other weights stay. Each figure is rounded down like `percent`, which is one of the two
    unless the page counts maintenance in part.
    """
    if not spent.us(Status.UNDER_MAINTENANCE):
        return None
    return BothWays(
        without=percent(spent, replace(weights, under_maintenance=0)),
        counted=percent(spent, replace(weights, under_maintenance=1)),
    )


def down_minutes(spent: Tally, weights: Weights) -> int:
    """Return the minutes that count as down, each times its weight, rounded up.

    Rounded up for the reason the percentage is rounded down: what was down is never shown as 0.
    """
    return _whole_minutes(spent.weighted_down_s(weights) * _SECOND_US)


def unknown_minutes(spent: Tally) -> int:
    """Return the minutes nobody measured, rounded up, to be stated beside the percentage."""
    return _whole_minutes(spent.unknown_us)


def affected_days(bars: Sequence[DayBar], weights: Weights) -> list[DayBar]:
    """Return the days to list as having had problems, newest first (bars come oldest first).

    Those with any degraded performance or outage, whatever its weight, and those of which anything
    else counted as down (maintenance, on a page that weighs it).
    """
    return [
        bar
        for bar in reversed(bars)
        if any(bar.tally.us(member) for member in _TROUBLE) or bar.tally.weighted_down_s(weights)
    ]


def _sweep(changes: Iterable[Change], cuts_us: Sequence[int]) -> list[Tally]:
    """Return one tally for each interval between neighbouring cuts, which ascend.

    One pass over changes and cuts together: days times changes would be slow where a component
    flaps.
    """
    # sorted() is stable, which is what lets the later of two changes at one instant hold.
    ordered = sorted(
        ((timespan.microseconds(change.at), change.status) for change in changes),
        key=itemgetter(0),
    )
    tallies = []
    upcoming = 0
    current = Status.UNKNOWN
    for start_us, end_us in pairwise(cuts_us):
        spent_us = dict.fromkeys(_STATUSES, 0)
        position_us = start_us
        while upcoming < len(ordered) and ordered[upcoming][0] < end_us:
            at_us, following = ordered[upcoming]
            if at_us > position_us:
                spent_us[current] += at_us - position_us
                position_us = at_us
            current = following
            upcoming += 1
        spent_us[current] += end_us - position_us
        tallies.append(Tally.of(spent_us))
    return tallies


def _worst_known(spent: Tally) -> Status | None:
    known = [member for member in Status if member != Status.UNKNOWN and spent.us(member)]
    return status.worst(known) if known else None


def _whole_minutes(duration_us: Fraction | int) -> int:
    return ceil(Fraction(duration_us, _MINUTE_US))
