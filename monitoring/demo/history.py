"""The demo's made-up past: what each component went through, and how fast it answered (pure).

The same now gives the same history: the chance in it is seeded.
"""

import math
import random
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from components.status import Source, Status

DAYS = 90
QUARTER = timedelta(minutes=15)
# By the quarter of the day: busiest in the afternoon, quietest before dawn.
_BUSY = [1 + 0.22 * math.sin((number / 96 - 0.4) * 2 * math.pi) for number in range(96)]


@dataclass(frozen=True, slots=True)
class Event:
    """A stretch in another status than operational."""

    start_at: datetime
    end_at: datetime
    status: Status
    cause: Source
    note: str


@dataclass(frozen=True, slots=True)
class Speed:
    """How a component answers when nothing is wrong: usual latency, and checks a quarter hour."""

    usual_ms: float
    checks: int


class Quarter(NamedTuple):
    """Response times of a quarter hour, as `monitoring.retention` would have summed them up."""

    start_at: datetime
    answered: int
    failed: int
    p50_ms: int | None
    p95_ms: int | None


@dataclass(frozen=True, slots=True)
class _Told:
    """One told event: days back, time of day, minutes, status, cause and note."""

    days: int
    hour: int
    minute: int
    minutes: int
    status: Status
    cause: Source
    note: str


SPEEDS = {
    "landing-page": Speed(46, 180),
    "customer-portal": Speed(52, 90),
    "public-api": Speed(48, 360),
    "search": Speed(310, 90),
    "image-delivery": Speed(44, 270),
    "mail": Speed(3, 90),
    "name-servers": Speed(4, 180),
}

_DEGRADED, _PARTIAL = Status.DEGRADED_PERFORMANCE, Status.PARTIAL_OUTAGE
_MAJOR, _UNKNOWN = Status.MAJOR_OUTAGE, Status.UNKNOWN
_MAINTENANCE = Status.UNDER_MAINTENANCE
_MEASURED, _BY_HAND = Source.MONITOR, Source.MANUAL

_STOPPED = _Told(41, 2, 10, 200, _UNKNOWN, _MEASURED, "monitoring was switched off for a move")
_TOLD = {
    "landing-page": [
        _Told(26, 8, 55, 9, _PARTIAL, _MEASURED, "web: 503 instead of 200 to 399"),
    ],
    "customer-portal": [
        _Told(20, 22, 0, 120, _MAINTENANCE, Source.MAINTENANCE, "database upgrade"),
        _Told(57, 15, 20, 31, _MAJOR, _MEASURED, "portal: connection refused"),
    ],
    "public-api": [
        _Told(12, 14, 5, 47, _PARTIAL, _MEASURED, "api: no answer in time"),
        _Told(63, 9, 12, 23, _MAJOR, _MEASURED, "api: connection refused"),
        _Told(63, 9, 35, 18, _PARTIAL, _MEASURED, "api: connection refused"),
    ],
    "search": [
        _Told(5, 10, 0, 300, _DEGRADED, _MEASURED, "search: answers take longer than 1 s"),
        _Told(34, 16, 40, 95, _DEGRADED, _MEASURED, "search: answers take longer than 1 s"),
        _Told(71, 11, 30, 14, _MAJOR, _MEASURED, "search: no answer in time"),
    ],
    "image-delivery": [
        _Told(3, 18, 25, 35, _PARTIAL, _MEASURED, "edge: connection reset"),
        _Told(33, 12, 0, 150, _DEGRADED, _MEASURED, "edge: answers take longer than 1 s"),
    ],
    "mail": [
        _Told(70, 4, 45, 70, _MAJOR, _MEASURED, "smtp: connection refused"),
        _Told(20, 22, 0, 45, _MAINTENANCE, Source.MAINTENANCE, "moved to new machines"),
    ],
    "name-servers": [],
    "support-desk": [
        _Told(16, 9, 0, 240, _DEGRADED, _BY_HAND, "a colleague is ill; answers take longer"),
    ],
}
# Short failures that nobody remembers, on the components that have some.
_BLIPS = {"public-api": 9, "search": 4, "image-delivery": 3}


def events(slug: str, *, now: datetime) -> list[Event]:
    """What the component went through in the last 90 days, oldest first and without overlaps."""
    measured = [_STOPPED] if slug in SPEEDS else []
    told = [_event(story, now) for story in [*_TOLD.get(slug, []), *measured]]
    chance = _chance(slug)
    for _ in range(_BLIPS.get(slug, 0)):
        start_at = now - timedelta(days=chance.uniform(2, DAYS - 2))
        start_at = start_at.replace(microsecond=0)
        end_at = start_at + timedelta(seconds=chance.randrange(40, 420))
        blip = Event(start_at, end_at, _PARTIAL, _MEASURED, "a replica did not answer in time")
        if not any(_touch(blip, other) for other in told):
            told.append(blip)
    return sorted(told, key=lambda event: event.start_at)


def quarters(slug: str, *, now: datetime) -> Iterator[Quarter]:
    """Response times of every finished quarter hour of the last 90 days, oldest first.

    Nothing for quarters in which nobody looked, and nothing for a component that is not measured.
    """
    speed = SPEEDS.get(slug)
    if speed is None:
        return
    chance = _chance(slug)
    end_s = now.timestamp() // QUARTER.total_seconds() * QUARTER.total_seconds()
    end = datetime.fromtimestamp(end_s, tz=UTC)
    start_at = end - timedelta(days=DAYS)
    at_hand = _by_quarter(events(slug, now=now), start_at)
    for number in range((end - start_at) // QUARTER):
        at = start_at + number * QUARTER
        quarter = _quarter(speed, at, at_hand.get(number, ()), chance)
        if quarter is not None:
            yield quarter


def _by_quarter(past: Iterable[Event], start_at: datetime) -> dict[int, list[Event]]:
    """The events by the number of each quarter hour, counted from the start, that they touch."""
    found: dict[int, list[Event]] = defaultdict(list)
    for event in past:
        first = (event.start_at - start_at) // QUARTER
        last = (event.end_at - start_at - timedelta.resolution) // QUARTER
        for number in range(first, last + 1):
            found[number].append(event)
    return found


def together(parts: Sequence[Quarter], *, start_at: datetime) -> Quarter:
    """Quarter hours as one longer span. Percentiles are near enough for a made-up past."""
    halves = sorted(part.p50_ms for part in parts if part.p50_ms is not None)
    tops = sorted(part.p95_ms for part in parts if part.p95_ms is not None)
    return Quarter(
        start_at,
        sum(part.answered for part in parts),
        sum(part.failed for part in parts),
        halves[len(halves) // 2] if halves else None,
        tops[len(tops) * 3 // 4] if tops else None,
    )


def _chance(slug: str) -> random.Random:
    return random.Random(zlib.crc32(slug.encode()))  # noqa: S311 - the same demo every time


def _event(told: _Told, now: datetime) -> Event:
    day = now.astimezone(UTC).date() - timedelta(days=told.days)
    start_at = datetime.combine(day, time(told.hour, told.minute), tzinfo=UTC)
    end_at = start_at + timedelta(minutes=told.minutes)
    return Event(start_at, end_at, told.status, told.cause, told.note)


def _touch(one: Event, other: Event) -> bool:
    return one.start_at <= other.end_at and other.start_at <= one.end_at


def _quarter(
    speed: Speed, start_at: datetime, at_hand: Sequence[Event], chance: random.Random
) -> Quarter | None:
    busy = _BUSY[start_at.hour * 4 + start_at.minute // 15]
    p50_ms = speed.usual_ms * busy * chance.uniform(0.94, 1.06)
    p95_ms = p50_ms * chance.uniform(1.5, 2.1)
    if not at_hand:  # nearly all of the eight thousand
        return Quarter(start_at, speed.checks, 0, round(max(1, p50_ms)), round(max(1, p95_ms)))
    shares = {event.status: _share(event, start_at) for event in at_hand}
    if shares.get(Status.UNKNOWN, 0) >= 1:
        return None
    seen = round(speed.checks * (1 - shares.get(Status.UNKNOWN, 0)))
    failed = round(seen * (shares.get(_MAJOR, 0) + shares.get(_PARTIAL, 0) / 2))
    slower = 1 + 3 * shares.get(_DEGRADED, 0) + 1.5 * shares.get(_PARTIAL, 0)
    if seen <= failed:
        return Quarter(start_at, 0, failed, None, None)
    p50_ms, p95_ms = max(1, p50_ms * slower), max(1, p95_ms * slower)
    return Quarter(start_at, seen - failed, failed, round(p50_ms), round(p95_ms))


def _share(event: Event, start_at: datetime) -> float:
    """Which part of the quarter hour the event took, from 0 to 1."""
    overlap = min(event.end_at, start_at + QUARTER) - max(event.start_at, start_at)
    return overlap / QUARTER
