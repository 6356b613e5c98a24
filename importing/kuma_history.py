"""The past of a monitor of Uptime Kuma, as spans and counted days. Pure.

1.x keeps every check with the seconds since the one before, and counts these as uptime; so does
this. 2.x keeps the checks that changed something, and how many of each day found it up and down:
its own figures are made of these counts.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from components.status import Status
from importing.kuma_source import Beat, DayCount
from importing.plans import Span, UptimeDay

_DAY = timedelta(days=1)
_STATUSES = {
    0: Status.MAJOR_OUTAGE,
    1: Status.OPERATIONAL,
    2: Status.MAJOR_OUTAGE,  # failed and being tried again: no uptime in its figures either
    3: Status.UNDER_MAINTENANCE,
}
# A check that comes so much later than the one before it says nothing of the time between: Uptime
# Kuma was not running.
_LATE_INTERVALS = 10
_LATE_AT_LEAST_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is known of a monitor, from its first moment to its last."""

    begins_at: datetime | None = None
    known_until: datetime | None = None
    spans: tuple[Span, ...] = ()
    days: tuple[UptimeDay, ...] = ()


def past(key: str, *, beats: Iterable[Beat], counts: list[DayCount], interval_s: float) -> Past:
    """The past of the component of this key; `beats` are oldest first, `counts` too."""
    if counts:
        return _counted(key, beats, counts)
    late_s = max(_LATE_INTERVALS * interval_s, _LATE_AT_LEAST_S)
    pieces = list(_merged(_pieces(beats, interval_s=interval_s, late_s=late_s)))
    if not pieces:
        return Past()
    return Past(
        begins_at=pieces[0].starts_at,
        known_until=pieces[-1].ends_at,
        spans=_of_component(key, pieces),
    )


class _Piece(NamedTuple):
    starts_at: datetime
    ends_at: datetime
    status: Status


def _pieces(beats: Iterable[Beat], *, interval_s: float, late_s: float) -> Iterator[_Piece]:
    """Each check speaks for the time since the one before it, unless that is too long ago."""
    before: datetime | None = None
    for beat in beats:
        said = _STATUSES[beat.status]
        if before is None:
            before = beat.at - timedelta(seconds=min(beat.duration_s, late_s))
        waited_s = (beat.at - before).total_seconds()
        if waited_s > late_s:
            resumed = beat.at - timedelta(seconds=interval_s)
            yield _Piece(before, resumed, Status.UNKNOWN)
            before = resumed
        if before < beat.at or beat.duration_s == 0:
            yield _Piece(before, beat.at, said)
            before = beat.at


def _merged(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """Neighbours in one status as one."""
    last: _Piece | None = None
    for one in pieces:
        if last is not None and last.status == one.status and last.ends_at == one.starts_at:
            last = _Piece(last.starts_at, one.ends_at, one.status)
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last


def _of_component(key: str, pieces: Iterable[_Piece]) -> tuple[Span, ...]:
    return tuple(
        Span(component=key, status=one.status, starts_at=one.starts_at, ends_at=one.ends_at)
        for one in pieces
        if one.status != Status.OPERATIONAL and one.starts_at < one.ends_at
    )


def _counted(key: str, beats: Iterable[Beat], counts: list[DayCount]) -> Past:
    first, last, spans = _changes(key, beats)
    begins_at = counts[0].start
    if first is not None and first < begins_at + _DAY:
        begins_at = first
    known_until = last or counts[-1].start + _DAY
    days = tuple(
        day
        for count in counts
        if (day := _day(key, count, begins_at=begins_at, known_until=known_until)) is not None
    )
    return Past(
        begins_at=begins_at,
        known_until=known_until,
        spans=(*spans, *_missing(key, counts)),
        days=days,
    )


def _changes(
    key: str, beats: Iterable[Beat]
) -> tuple[datetime | None, datetime | None, list[Span]]:
    """The first and the last check that is kept, and the spans between those that changed something."""
    first: datetime | None = None
    last: datetime | None = None
    spans: list[Span] = []
    since: tuple[datetime, Status] | None = None
    for beat in beats:
        first, last = first or beat.at, beat.at
        if beat.is_important and beat.status != 2:
            spans += _closed(key, since, beat.at)
            since = (beat.at, _STATUSES[beat.status])
    if last is not None:
        spans += _closed(key, since, last)
    return first, last, spans


def _closed(key: str, since: tuple[datetime, Status] | None, at: datetime) -> list[Span]:
    if since is None or since[1] == Status.OPERATIONAL or since[0] >= at:
        return []
    return [Span(component=key, status=since[1], starts_at=since[0], ends_at=at)]


def _day(
    key: str, count: DayCount, *, begins_at: datetime, known_until: datetime
) -> UptimeDay | None:
    start, end = max(count.start, begins_at), min(count.start + _DAY, known_until)
    known_s = (end - start).total_seconds()
    if known_s <= 0:
        return None
    checks = count.up + count.down
    return UptimeDay(
        component=key,
        day=count.start.date(),
        down_s=known_s * count.down / checks if checks else 0.0,
        known_s=known_s,
    )


def _missing(key: str, counts: list[DayCount]) -> Iterator[Span]:
    """Days between counted ones without any count: it was paused, or Uptime Kuma did not run."""
    for one, following in pairwise(counts):
        if following.start > one.start + _DAY:
            yield Span(
                component=key,
                status=Status.UNKNOWN,
                starts_at=one.start + _DAY,
                ends_at=following.start,
            )
