"""Replay stored samples through the rules of a verdict: what would have been (pure).

Runs the functions of `monitoring.judging` that recording runs. With the settings that were in force
it finds the very changes that were recorded. Times are whole tenths of a second since 1970, as
samples keep them, until something changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitoring import judging
from monitoring.judging import NONE, Limits, Vote
from probing.health import Health

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TENTH_US = 100_000
_BY_OUTCOME = (Health.HEALTHY, Health.SICK, Health.DEAD)
_UNKNOWN = 3

Sampled = tuple[int, int | None, int, str]
"""One sample: tenths of a second since 1970, latency in ms, `packing.Outcome`, place."""


@dataclass(frozen=True, slots=True)
class Change:
    """A health change, recorded or replayed; None is unknown."""

    at: datetime
    previous: Health | None
    health: Health | None


@dataclass(frozen=True, slots=True)
class Outage:
    """A stretch in which a replica was dead; `end` is None while it lasts."""

    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a replica is judged by. `places` are names by slug; None when it is checked from here alone.

    `blind` are the stretches in which our own network was down (`end` None while it lasts).
    """

    limits: Limits
    fresh_for: timedelta
    places: Mapping[str, str] | None = None
    blind: Sequence[Outage] = ()


def tenths(at: datetime) -> int:
    """The moment in whole tenths of a second since 1970, rounded down."""
    return (at - _EPOCH) // timedelta(microseconds=_TENTH_US)


def moment(at_ds: int) -> datetime:
    """The moment of so many tenths of a second since 1970."""
    return _EPOCH + timedelta(microseconds=at_ds * _TENTH_US)


def replay(
    samples: Iterable[Sampled],
    *,
    setup: Setup,
    until: datetime,
    start: Change | None = None,
) -> list[Change]:
    """The health changes that these samples, in order of time, would have made by `until`.

    `start` is the change that held before the first sample; without it the replica was unknown.
    """
    if setup.places is None:
        state: _Alone = _Alone(setup, start)
    else:
        state = _Voted(setup, start, setup.places)
    for upto, stretch in _stretches(samples, setup.blind):
        state.take(stretch)
        if upto is not None:
            state.hold(upto)
    state.end(until)
    return state.changes


def outages(changes: Iterable[Change], *, start: Change | None = None) -> list[Outage]:
    """The stretches in which these changes made the replica dead."""
    found: list[Outage] = []
    since = start.at if start and start.health is Health.DEAD else None
    for change in changes:
        if change.health is Health.DEAD and since is None:
            since = change.at
        elif change.health is not Health.DEAD and since is not None:
            found.append(Outage(since, change.at))
            since = None
    return [*found, Outage(since, None)] if since is not None else found


def alerts(changes: Iterable[Change], *, start: Change | None = None) -> int:
    """How many alerts these changes are: deaths and recoveries that operators are told.

    An unknown stretch in between is neither.
    """
    is_told = start is not None and start.health is Health.DEAD
    told = 0
    for change in changes:
        if change.health is None or (change.health is Health.DEAD) is is_told:
            continue
        is_told = not is_told
        told += 1
    return told


class _Alone:
    """A replica that is checked from one place."""

    def __init__(self, setup: Setup, start: Change | None) -> None:
        self.setup = setup
        self.limits = setup.limits
        self.changes: list[Change] = []
        self.health: Health | None = start.health if start else None
        self.streak = NONE
        self.fresh_us = setup.fresh_for // timedelta(microseconds=1)
        self.fresh_ds = -(-self.fresh_us // _TENTH_US)
        self.heard_ds = tenths(start.at) if start else 0
        self.found: dict[int, Health] = {}

    def take(self, samples: Iterable[Sampled]) -> None:
        """Judge samples in order of time; two million of them a minute is the measure."""
        health, heard, fresh, found_by = self.health, self.heard_ds, self.fresh_ds, self.found
        streak = self.streak
        for at, latency_ms, outcome, _ in samples:
            if outcome == _UNKNOWN:
                continue
            if at - heard >= fresh:
                self._gap(heard, health)
                health, streak = None, NONE
            heard = at
            if latency_ms is None:
                found = _BY_OUTCOME[outcome]
            elif latency_ms in found_by:
                found = found_by[latency_ms]
            else:
                found = found_by[latency_ms] = judging.by_limits(latency_ms, self.limits)
            if found is health and streak is NONE:
                continue  # what `damp` would say
            judged, streak = judging.damp(
                health=health, streak=streak, found=found, limits=self.limits
            )
            if judged is not health:
                self.changes.append(Change(moment(at), health, judged))
                health = judged
        self.health, self.heard_ds, self.streak = health, heard, streak

    def hold(self, blind: Outage) -> None:
        """Go over a stretch in which we were blind: what was known before it goes on counting after it."""
        self.end(blind.start)
        if self.health is not None and blind.end is not None:
            self.heard_ds = tenths(blind.end)
        elif self.health is not None:
            self.heard_ds = 2**62  # it lasts: nothing goes stale

    def end(self, until: datetime) -> None:
        """Note the gap that began by then, if one did."""
        if tenths(until) - self.heard_ds >= self.fresh_ds:
            self._gap(self.heard_ds, self.health)
            self.health, self.streak = None, NONE

    def _gap(self, heard_ds: int, health: Health | None) -> None:
        if health is not None:
            at = moment(heard_ds) + timedelta(microseconds=self.fresh_us)
            self.changes.append(Change(at, health, None))


class _Voted(_Alone):
    """A replica that several places vote on."""

    def __init__(self, setup: Setup, start: Change | None, places: Mapping[str, str]) -> None:
        super().__init__(setup, start)
        self.places = places
        self.votes: dict[str, Vote] = {}
        self.since = start.at if start else _EPOCH

    def take(self, samples: Iterable[Sampled]) -> None:
        for at_ds, latency_ms, outcome, place in samples:
            if outcome == _UNKNOWN or place not in self.places:
                continue
            self.end(moment(at_ds))
            at = moment(at_ds)
            self.votes[place] = judging.cast(
                vote=self.votes.get(place),
                place=place,
                name=self.places[place],
                found=_BY_OUTCOME[outcome]
                if latency_ms is None
                else judging.by_limits(latency_ms, self.limits),
                at=at,
                fresh_for=self.setup.fresh_for,
                limits=self.limits,
            )
            self.heard_ds = max(at_ds, self.heard_ds)
            votes = list(self.votes.values())
            health = judging.count(votes, at=at, places=len(self.places), limits=self.limits)
            if health is not None and health is not self.health:
                at = max(at, self.since) if self.health is not None else at
                self.changes.append(Change(at, self.health, health))
                self.health, self.since = health, at


def _stretches(
    samples: Iterable[Sampled], blind: Sequence[Outage]
) -> Iterable[tuple[Outage | None, Iterable[Sampled]]]:
    """The samples cut at the ends of the blind stretches, each with the stretch that follows."""
    if not blind:
        return [(None, samples)]
    rest = list(samples)
    parts: list[tuple[Outage | None, Iterable[Sampled]]] = []
    for stretch in blind:
        end_ds = tenths(stretch.end) if stretch.end else 2**62
        parts.append((stretch, [sample for sample in rest if sample[0] < end_ds]))
        rest = [sample for sample in rest if sample[0] >= end_ds]
    return [*parts, (None, rest)]
