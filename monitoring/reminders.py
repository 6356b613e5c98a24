"""When operators are reminded that something is still dead, and who of them urgently.

Pure. The wait is the interval times counter^k: the counter begins at 1 and grows with each
reminder up to a limit; k is 0, 1, 2 or 3 (protocols 4.4).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Backoff(StrEnum):
    """How reminders become rarer."""

    NONE = "none"
    LINEAR = "linear"
    SQUARE = "square"
    CUBIC = "cubic"

    @property
    def power(self) -> int:
        return _POWERS[self]


_POWERS = {Backoff.NONE: 0, Backoff.LINEAR: 1, Backoff.SQUARE: 2, Backoff.CUBIC: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What operators chose; no `interval`, no reminders."""

    interval: timedelta | None
    backoff: Backoff = Backoff.NONE
    limit: int = 3
    escalates: bool = False


def wait(*, plan: Plan, sent: int) -> timedelta | None:
    """The wait after the last notice when `sent` reminders were sent; None: there is none."""
    if not plan.interval:
        return None
    counter = min(sent + 1, max(1, plan.limit))
    return plan.interval * int(counter**plan.backoff.power)


def is_due(
    *,
    plan: Plan,
    sent: int,
    last_notice_at: datetime,
    muted_until: datetime | None,
    now: datetime,
) -> bool:
    """Whether to remind now; `last_notice_at` is the last death told or the last reminder."""
    waited = wait(plan=plan, sent=sent)
    if waited is None or (muted_until is not None and now < muted_until):
        return False
    return now >= last_notice_at + waited


def is_urgent(*, plan: Plan, sent: int, position: int) -> bool:
    """Whether the recipient at `position` (from 0) gets this reminder with high priority.

    Without escalation all of them; with it one more with each reminder, in the order they are
    listed. `sent` counts the reminders before this one.
    """
    return not plan.escalates or position <= sent
