"""The runs of a job that pings: which began and did not end, and how long one took. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class Call(StrEnum):
    """What a ping says; the values of `models.PingKind`."""

    START = "start"
    SUCCESS = "success"
    FAIL = "fail"
    LOG = "log"

    @property
    def ends_a_run(self) -> bool:
        return self in {Call.SUCCESS, Call.FAIL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """One ping: when, what, and of which run; None for jobs that do not tell their runs apart."""

    at: datetime
    call: Call
    run: UUID | None = None


def open_starts(calls: Sequence[Called]) -> dict[UUID | None, datetime]:
    """When each run started that has not ended, from pings in order of time."""
    starts: dict[UUID | None, datetime] = {}
    for called in calls:
        if called.call is Call.START:
            starts[called.run] = called.at
        elif called.call.ends_a_run:
            starts.pop(called.run, None)
    return starts


def took_ms(before: Sequence[Called], ended: Called) -> int | None:
    """How long the run took that this ping ends; None when it did not say that it started."""
    start = open_starts(before).get(ended.run) if ended.call.ends_a_run else None
    return None if start is None else max(0, round((ended.at - start).total_seconds() * 1000))


def must_end_by(calls: Sequence[Called], *, grace_s: float, now: datetime) -> datetime | None:
    """When the first of the runs under way has to end; those that are late already do not count."""
    ends = (start + timedelta(seconds=grace_s) for start in open_starts(calls).values())
    return min((end for end in ends if end > now), default=None)
