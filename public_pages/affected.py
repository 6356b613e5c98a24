"""How long an incident touched each component, and how badly: pure rules on what its updates showed.

Called while pages about events are read and rendered. Every update lists what visitors saw of each
component then; that holds until the next update, and the first one from the incident's start.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from components import status
from components.status import Status

PROBLEMS = frozenset({Status.DEGRADED_PERFORMANCE, Status.PARTIAL_OUTAGE, Status.MAJOR_OUTAGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an update showed, by component; `is_over` while the incident was not going on."""

    at: datetime
    statuses: Mapping[str, Status]
    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """The time a component had problems, and the worst of them; operational when it had none."""

    time: timedelta
    worst: Status


def times(seen: Sequence[Seen], *, start: datetime, end: datetime) -> dict[str, Spent]:
    """Return the time in trouble of every component that was listed, between start and end.

    `seen` is oldest first. A component that an update does not list any more is not touched from
    there. No time is counted twice: nobody's sum exceeds `end - start`.
    """
    found: dict[str, Spent] = {}
    for number, update in enumerate(seen):
        begins = start if number == 0 else max(update.at, start)
        ends = min(seen[number + 1].at, end) if number + 1 < len(seen) else end
        length = max(ends - begins, timedelta())
        for key, shown in update.statuses.items():
            before = found.setdefault(key, Spent(time=timedelta(), worst=Status.OPERATIONAL))
            if shown in PROBLEMS and not update.is_over:
                found[key] = Spent(
                    time=before.time + length, worst=status.worst([before.worst, shown])
                )
    return found


def impact(statuses: Iterable[Status | None]) -> Status:
    """Return the worst problem among statuses; operational when there is none (design 2.4)."""
    return status.worst(shown for shown in statuses if shown in PROBLEMS)
