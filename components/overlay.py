"""Time declared afterwards, laid over recorded history: what a retroactive incident does to uptime.

Pure rule, called by whatever counts uptime. The recorded changes stay what visitors saw at the
time; the declaration is added when the time is counted, and only for its own period (AMB-9).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from components import status
from components.status import Status
from components.uptime import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A status declared of the half-open period from `start` to `end` (aware)."""

    start: datetime
    end: datetime
    status: Status


def overlaid(changes: Sequence[Change], periods: Iterable[Declared]) -> list[Change]:
    """Return the changes, oldest first, as they are counted: the worse of recorded and declared.

    `changes` are oldest first. A declaration says nothing about time before the first of them,
    when the component did not exist, and a component without changes has none to declare of.
    """
    if not changes:
        return []
    first = changes[0].at
    relevant = [period for period in periods if period.end > first]
    if not relevant:
        return list(changes)
    edges = {max(period.start, first) for period in relevant} | {one.end for one in relevant}
    recorded = changes[0].status
    found: list[Change] = []
    waiting = list(changes)
    for at in sorted(edges | {change.at for change in changes}):
        while waiting and waiting[0].at <= at:
            recorded = waiting.pop(0).status
        declared = [period.status for period in relevant if period.start <= at < period.end]
        counted = status.worst([recorded, *declared])
        if not found or found[-1].status != counted:
            found.append(Change(at=at, status=counted))
    return found
