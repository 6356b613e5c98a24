"""A component's history from what a source kept of it: spans, counts of days, events. Pure.

Uptime here is counted from changes of status, to the microsecond. A source that kept counts of a day
says how long something was down and not when: the counts then stretch or shorten the spans of that
day, so that the day's figure is the source's own.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import groupby

from components import status
from components.status import Status
from components.uptime import Change
from importing.plans import Component, Incident, Plan, Span, Update, UptimeDay
from incidents import lifecycle
from incidents.lifecycle import Impact

_DAY = timedelta(days=1)
_OUTAGES = frozenset({Status.MAJOR_OUTAGE, Status.PARTIAL_OUTAGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A half-open time in one status."""

    start: datetime
    end: datetime
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a plan keeps of one component's past."""

    spans: Sequence[Span] = ()
    days: Sequence[UptimeDay] = ()


def by_component(plan: Plan) -> Mapping[str, Kept]:
    """What the plan knows of the past of each component, by its key.

    Of one without spans and days, what its incidents and maintenance said of it is its past.
    """
    measured: dict[str, list[Span]] = defaultdict(list)
    counted: dict[str, list[UptimeDay]] = defaultdict(list)
    said: dict[str, list[Span]] = defaultdict(list)
    for span in plan.spans:
        measured[span.component].append(span)
    for day in plan.days:
        counted[day.component].append(day)
    for span in _said(plan):
        said[span.component].append(span)
    keys = [component.key for component in plan.components]
    return {
        key: Kept(spans=measured[key], days=counted[key])
        if measured[key] or counted[key]
        else Kept(spans=said[key])
        for key in keys
    }


def begins(component: Component, kept: Kept, *, now: datetime) -> datetime:
    """The first moment of which the source knows anything; `now` when it kept nothing."""
    known = [span.starts_at for span in kept.spans]
    if component.created_at is not None:
        known.append(component.created_at)
    else:
        known += [_midnight(day) for day in kept.days]
    return min([now, *known])


def changes(component: Component, kept: Kept, *, now: datetime) -> list[Change]:
    """The changes of status from the beginning of the past up to `now`, the first at `begins`.

    Where nothing else is known the component was operational. Of what overlaps, the worst counts.
    """
    start = begins(component, kept, now=now)
    until = min(component.known_until or now, now)
    pieces = _fitted(_clipped(kept.spans, start, until), kept.days, start, until)
    if until < now:
        pieces.append(Piece(start=until, end=now, status=Status.UNKNOWN))
    return _swept(pieces, start)


def _midnight(day: UptimeDay) -> datetime:
    return datetime.combine(day.day, time(), tzinfo=UTC)


def _clipped(spans: Iterable[Span], start: datetime, until: datetime) -> list[Piece]:
    found = []
    for span in spans:
        begin, end = max(span.starts_at, start), min(span.ends_at or until, until)
        if begin < end and span.status != Status.OPERATIONAL:
            found.append(Piece(start=begin, end=end, status=span.status))
    return found


def _fitted(
    pieces: list[Piece], days: Iterable[UptimeDay], start: datetime, until: datetime
) -> list[Piece]:
    """The pieces, with those of counted days as long as was counted."""
    for day in days:
        begin = max(_midnight(day), start)
        end = min(_midnight(day) + _DAY, until)
        known_end = min(end, begin + timedelta(seconds=day.known_s))
        if begin >= end:
            continue
        pieces, inside = _cut_out(pieces, begin, end)
        pieces += _fit(inside, begin, known_end, timedelta(seconds=day.down_s))
        if known_end < end:
            pieces.append(Piece(start=known_end, end=end, status=Status.UNKNOWN))
    return pieces


def _cut_out(
    pieces: Iterable[Piece], begin: datetime, end: datetime
) -> tuple[list[Piece], list[Piece]]:
    """The pieces without the outages inside a period, and these outages."""
    outside, inside = [], []
    for one in pieces:
        if one.status not in _OUTAGES or one.end <= begin or one.start >= end:
            outside.append(one)
            continue
        if one.start < begin:
            outside.append(Piece(start=one.start, end=begin, status=one.status))
        if one.end > end:
            outside.append(Piece(start=end, end=one.end, status=one.status))
        inside.append(Piece(start=max(one.start, begin), end=min(one.end, end), status=one.status))
    return outside, sorted(inside, key=lambda piece: piece.start)


def _fit(pieces: Sequence[Piece], begin: datetime, end: datetime, down: timedelta) -> list[Piece]:
    """The outages of a day, in order, that last as long as `down` together.

    Too long: each is shortened in proportion. Too short: each begins earlier, because what a source
    counts before it calls something down are the failed checks before that; what is left is put at
    the end. Without any, the outage is put at the beginning.
    """
    down = min(down, end - begin)
    if down <= timedelta():
        return []
    ordered = _merged(pieces, begin, end)
    if not ordered:
        return [Piece(start=begin, end=begin + down, status=Status.MAJOR_OUTAGE)]
    total = sum((one.end - one.start for one in ordered), timedelta())
    if total >= down:
        share = down / total
        return [
            Piece(start=one.start, end=one.start + (one.end - one.start) * share, status=one.status)
            for one in ordered
        ]
    return _grown(ordered, begin, end, down - total)


def _merged(pieces: Sequence[Piece], begin: datetime, end: datetime) -> list[Piece]:
    """The pieces inside the period without overlaps; of two that overlap the earlier is longer."""
    found: list[Piece] = []
    for one in pieces:
        start = max(one.start, begin, found[-1].end if found else begin)
        if start < min(one.end, end):
            found.append(Piece(start=start, end=min(one.end, end), status=one.status))
    return found


def _grown(
    ordered: Sequence[Piece], begin: datetime, end: datetime, missing: timedelta
) -> list[Piece]:
    found: list[Piece] = []
    share = missing / len(ordered)
    left = missing
    for place, one in enumerate(ordered):
        room = one.start - (found[-1].end if found else begin)
        wanted = left if place == len(ordered) - 1 else min(share, left)
        taken = min(room, wanted)
        found.append(Piece(start=one.start - taken, end=one.end, status=one.status))
        left -= taken
    for place in reversed(range(len(found))):
        one = found[place]
        room = (found[place + 1].start if place + 1 < len(found) else end) - one.end
        taken = min(room, left)
        found[place] = Piece(start=one.start, end=one.end + taken, status=one.status)
        left -= taken
    return found


def _swept(pieces: Iterable[Piece], start: datetime) -> list[Change]:
    """The worst status at each moment, as changes; the first at `start`."""
    edges = [(one.start, 1, one.status) for one in pieces]
    edges += [(one.end, -1, one.status) for one in pieces]
    active: Counter[Status] = Counter()
    found = [Change(at=start, status=Status.OPERATIONAL)]
    for at, together in groupby(sorted(edges, key=lambda edge: edge[0]), key=lambda edge: edge[0]):
        for _at, step, said in together:
            active[said] += step
        shown = status.worst(one for one, count in active.items() if count > 0)
        if at == found[-1].at:
            found[-1] = Change(at=at, status=shown)
        elif shown != found[-1].status:
            found.append(Change(at=at, status=shown))
    return found


def _said(plan: Plan) -> Iterable[Span]:
    for incident in plan.incidents:
        if not incident.is_draft:
            yield from said_by(incident)
    for work in plan.maintenances:
        if work.state == "completed" and not work.rule:
            for key in work.components:
                yield Span(
                    component=key,
                    status=Status.UNDER_MAINTENANCE,
                    starts_at=work.starts_at,
                    ends_at=work.ends_at,
                )


def said_by(incident: Incident) -> list[Span]:
    """What an incident said of its components while it went on.

    Each as its updates said, step by step; one that no update names as the impact says, all along.
    """
    end = ends_at(incident)
    found: list[Span] = []
    steps = _steps(incident.updates)
    for key, said in steps.items():
        for place, (at, shown) in enumerate(said):
            until = said[place + 1][0] if place + 1 < len(said) else end
            if shown != Status.OPERATIONAL and (until is None or at < until):
                found.append(Span(component=key, status=shown, starts_at=at, ends_at=until))
    by_impact = lifecycle.claimed_status(Impact(incident.impact))
    if by_impact is not None:
        found += [
            Span(component=key, status=by_impact, starts_at=incident.started_at, ends_at=end)
            for key in incident.components
            if key not in steps and (end is None or incident.started_at < end)
        ]
    return found


def touched(incident: Incident) -> list[str]:
    """The keys of all components that an incident was about."""
    named = (key for update in incident.updates for key in update.components)
    return list(dict.fromkeys([*incident.components, *named]))


def ends_at(incident: Incident) -> datetime | None:
    """When an incident was over; None while it goes on."""
    if incident.resolved_at is not None:
        return incident.resolved_at
    over = [one.at for one in incident.updates if one.state in {"resolved", "postmortem"}]
    is_over = bool(incident.updates) and incident.updates[-1].state in {"resolved", "postmortem"}
    return min(over) if is_over else None


def _steps(updates: Sequence[Update]) -> dict[str, list[tuple[datetime, Status]]]:
    found: dict[str, list[tuple[datetime, Status]]] = defaultdict(list)
    for update in sorted(updates, key=lambda one: one.at):
        for key, (_before, after) in update.components.items():
            found[key].append((update.at, after))
    return found
