"""What a month's promise came to: every stretch that was not operational, counted or not, and why.

Pure rule. The base of a figure is the promised time that somebody measured and that no announced
maintenance took: a minute nobody saw is neither up nor down, and a minute of announced maintenance
was never promised. Time in each status counts as down by the page's weights. Explained in
docs/explanation/service-level-statements.md.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from operator import attrgetter

from common import timespan
from components import uptime
from components.status import Status
from components.uptime import Change, Tally, Weights
from sla.service_hours import Period


class Reason(StrEnum):
    """Why a stretch counts as it does."""

    DOWN = "down"  # by the weight of its status
    NOT_DOWN = "not_down"  # its status has no weight
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"
    OUTSIDE = "outside"  # not within the service hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A component in one status, from `start` up to, not including, `end`."""

    start: datetime
    end: datetime
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A stretch of the statement that was not operational; `share` of it counts as down (0 to 1)."""

    component: str
    start: datetime
    end: datetime
    status: Status
    cause: str
    reason: Reason
    share: Fraction

    @property
    def minutes(self) -> int:
        """Its length, rounded up like every figure of what was not up."""
        length = timespan.microseconds(self.end) - timespan.microseconds(self.start)
        return -(-length // 60_000_000)

    @property
    def is_counted(self) -> bool:
        return self.share > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A component in the promised time of the month. `percent` is None when nothing was measured."""

    name: str
    spent: Tally  # within the service hours
    percent: Decimal | None
    down_minutes: int
    unknown_minutes: int
    excluded_minutes: int  # announced maintenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """All of it: by service, together, and stretch by stretch, oldest first."""

    services: tuple[Service, ...]
    together: Service
    rows: tuple[Row, ...]


Cause = Callable[[int, Stretch], str]


def count(
    components: Sequence[tuple[int, str, Sequence[Change]]],
    *,
    start: datetime,
    end: datetime,
    promised: Sequence[Period],
    weights: Weights,
    cause: Cause,
    decimals: int = 2,
) -> Count:
    """Count the month from `start` to `end` (aware; now, while it runs).

    `components` are id, name and changes (as `uptime.tally` reads them), `promised` the service
    time in order, and `cause` says in a few words why a component was in a stretch's status. Percentages
    have so many `decimals`.
    """
    services: list[Service] = []
    rows: list[Row] = []
    for pk, name, changes in components:
        ordered = sorted(changes, key=attrgetter("at"))
        spent = sum(
            (uptime.tally(ordered, start=first, end=last) for first, last in promised), Tally()
        )
        services.append(_service(name, spent, weights, decimals))
        for stretch in stretches(ordered, start=start, end=end):
            if stretch.status is not Status.OPERATIONAL:
                rows += _rows(pk, name, stretch, promised=promised, weights=weights, cause=cause)
    total = sum((service.spent for service in services), Tally())
    return Count(
        services=tuple(services),
        together=_service("", total, weights, decimals),
        rows=tuple(sorted(rows, key=lambda row: (row.start, row.component))),
    )


def stretches(changes: Sequence[Change], *, start: datetime, end: datetime) -> list[Stretch]:
    """Return what held between two instants, without gaps; before the first change it is unknown."""
    held = Status.UNKNOWN
    marks: list[tuple[datetime, Status]] = [(start, held)]
    for change in changes:
        if change.at <= start:
            marks[0] = (start, change.status)
        elif change.at < end:
            marks.append((change.at, change.status))
    found: list[Stretch] = []
    for (at, status), (until, _) in pairwise([*marks, (end, Status.UNKNOWN)]):
        if at >= until:
            continue
        if found and found[-1].status is status:
            found[-1] = Stretch(start=found[-1].start, end=until, status=status)
        else:
            found.append(Stretch(start=at, end=until, status=status))
    return found


def _rows(  # one stretch may lie partly within the service hours
    pk: int,
    name: str,
    stretch: Stretch,
    *,
    promised: Sequence[Period],
    weights: Weights,
    cause: Cause,
) -> Iterable[Row]:
    why = cause(pk, stretch)
    for start, end, is_promised in _cut(stretch, promised):
        reason, share = _counted(stretch.status, is_promised=is_promised, weights=weights)
        yield Row(
            component=name,
            start=start,
            end=end,
            status=stretch.status,
            cause=why,
            reason=reason,
            share=share,
        )


def _cut(stretch: Stretch, promised: Sequence[Period]) -> Iterable[tuple[datetime, datetime, bool]]:
    at = stretch.start
    for first, last in promised:
        if last <= at or first >= stretch.end:
            continue
        if first > at:
            yield at, first, False
        until = min(last, stretch.end)
        yield max(first, at), until, True
        at = until
    if at < stretch.end:
        yield at, stretch.end, False


def _counted(status: Status, *, is_promised: bool, weights: Weights) -> tuple[Reason, Fraction]:
    if not is_promised:
        return Reason.OUTSIDE, Fraction(0)
    if status is Status.UNKNOWN:
        return Reason.UNKNOWN, Fraction(0)
    if status is Status.UNDER_MAINTENANCE:
        return Reason.MAINTENANCE, Fraction(0)
    share = weights.of(status)
    return (Reason.DOWN if share else Reason.NOT_DOWN), share


def _service(name: str, spent: Tally, weights: Weights, decimals: int) -> Service:
    maintained = spent.us(Status.UNDER_MAINTENANCE)
    base = Tally.of(
        {member: spent.us(member) for member in Status if member is not Status.UNDER_MAINTENANCE}
    )
    return Service(
        name=name,
        spent=spent,
        percent=uptime.percent(base, weights, decimals=decimals),
        down_minutes=uptime.down_minutes(base, weights),
        unknown_minutes=uptime.unknown_minutes(base),
        excluded_minutes=-(-maintained // 60_000_000),
    )
