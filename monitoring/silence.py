"""When silence of a reported replica becomes a verdict (decision 12, AMB-2). Pure.

A reporter announces its interval with each report; the node says how that counts.
"""

from datetime import datetime, timedelta
from enum import StrEnum

# What a reporter announces is a promise; beyond a week it would be a way to stay fresh for ever.
LONGEST_INTERVAL_S = 7 * 24 * 3600.0
# What a push node waits for without a limit of its own. A local daemon keeps its interval by itself,
# so there the interval and the grace are the limit, however short that is (V3).
PUSH_DEFAULT_S = 60.0
# How late the ping of a job may be when nobody chose.
PING_GRACE_S = 3600.0


class Rule(StrEnum):
    """From when silence is counted; the values of `models.SilenceRule`."""

    LONGER = "longer"
    LAST_REPORT = "last_report"
    ANNOUNCED = "announced"


def is_short(*, rule: str, silent_after_s: float, announced_s: float) -> bool:
    """Whether the node's limit is not longer than the announced interval, where it has to be."""
    return Rule(rule) is not Rule.ANNOUNCED and silent_after_s <= announced_s


def allowance(
    *, rule: str, silent_after_s: float | None, announced_s: float, grace_s: float
) -> timedelta:
    """How long after a report the replica may say nothing; dead when strictly more has passed.

    `silent_after_s` is the node's limit, `announced_s` what the reporter promised, `grace_s` what
    we add to the promise (20 s for push, 40 s for local daemons). Without a limit the promise and
    the grace count, whatever the rule.
    """
    announced_s = min(max(announced_s, 0.0), LONGEST_INTERVAL_S)
    if silent_after_s is None:
        return timedelta(seconds=announced_s + grace_s)
    match Rule(rule):
        case Rule.LAST_REPORT:
            seconds = silent_after_s
        case Rule.ANNOUNCED:
            seconds = announced_s + silent_after_s
        case Rule.LONGER:
            seconds = max(silent_after_s, announced_s + grace_s)
    return timedelta(seconds=seconds)


def ping_allowance(*, every_s: float, grace_s: float) -> timedelta:
    """How long after a ping the next may take: the period that a person set, and the grace."""
    return timedelta(seconds=every_s + grace_s)


def may_have_missed(
    *, silent_at: datetime, grace_s: float, away_from: datetime, away_to: datetime
) -> bool:
    """Whether a ping that keeps a job alive may have come while we were away (and was lost).

    It was due one grace before `silent_at`, and may be one grace early. A job that runs once a day
    must not be given another day by every restart of ours.
    """
    earliest = silent_at - timedelta(seconds=2 * grace_s)
    return away_from <= silent_at and away_to >= earliest
