"""When a delivery that failed is tried again, and when it is given up.

Pure. Called by the drain with the number of attempts made; the jitter comes in as a number, so
that the same arguments always give the same moment. Source: reliability 3.1, rules 7 and 9.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, repeat

# Older than this, a message says that it comes late; older still, it is not sent any more.
DELAYED_AFTER = timedelta(hours=6)
TOO_OLD_AFTER = timedelta(hours=48)
# Between a handover whose answer never came and the second copy.
PAUSE_AFTER_DOUBT = timedelta(minutes=5)

# Twilio's own list may lag a little behind what it took.
_ASK_AFTER = timedelta(minutes=1)
_ASK_FOR = timedelta(hours=1)

_JITTER = 0.2
_RETRY_AFTER_MAX_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Waits in seconds after the first attempts, then a steady one until `total_s` have passed.

    Whatever its attempts, nothing leaves that has waited for `too_old_s`.
    """

    waits_s: tuple[float, ...]
    then_every_s: float
    total_s: float
    too_old_s: float = TOO_OLD_AFTER.total_seconds()

    def wait_after(self, attempts: int) -> float | None:
        """The wait after so many attempts, without jitter; None when it would pass the total."""
        waited = 0.0
        for made, wait_s in enumerate(self._all_waits(), start=1):
            waited += wait_s
            if waited > self.total_s:
                return None
            if made == attempts:
                return wait_s
        raise AssertionError  # the waits never end

    def _all_waits(self) -> Iterator[float]:
        return chain(self.waits_s, repeat(self.then_every_s))


# A minute of greylisting is passed at 1:30, five minutes at 5:30 (fault F-16).
MAIL = Schedule(waits_s=(30, 60, 120, 120, 300, 900, 1800), then_every_s=3600, total_s=24 * 3600)
# Chat, pagers and push: an alarm of hours ago is of no use (reliability 3.1, rule 9).
CHAT = Schedule(waits_s=(5, 30, 120, 600, 1800, 7200), then_every_s=7200, total_s=10_000)
# Standard Webhooks 1.0: 75.6 hours, which is longer than other messages are kept.
WEBHOOK = Schedule(
    waits_s=(5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400),
    then_every_s=86_400,
    total_s=272_105,
    too_old_s=96 * 3600,
)
# For hooks whose news is stale after a day (decision 7).
DAY = Schedule(waits_s=(5, 30, 300, 1800, 7200), then_every_s=3 * 3600, total_s=24 * 3600)
# What a letter may ask for instead of its channel's own schedule.
BY_NAME: Mapping[str, Schedule] = {"day": DAY}


def next_attempt_at(
    *,
    schedule: Schedule,
    attempts: int,
    now: datetime,
    jitter: float,
    retry_after_s: float | None = None,
) -> datetime | None:
    """When to try again after `attempts` (1 or more) attempts, the last of them at `now`.

    `jitter` from 0 to 1 moves the wait between 20 % less and 20 % more. What the other side asked
    for (`retry_after_s`) is waited at least, up to one hour. None: give up.
    """
    wait_s = schedule.wait_after(attempts)
    if wait_s is None:
        return None
    wait_s *= 1 - _JITTER + 2 * _JITTER * jitter
    if retry_after_s is not None:
        wait_s = max(wait_s, min(retry_after_s, _RETRY_AFTER_MAX_S))
    return now + timedelta(seconds=wait_s)


def next_question_after(*, waited: timedelta) -> timedelta | None:
    """How long to wait before asking the far end (again) about a message handed over so long ago.

    After 1, 2, 4 … minutes in all; None after an hour: then nobody will ever know.
    """
    return None if waited >= _ASK_FOR else max(_ASK_AFTER, waited)


def is_delayed(*, age: timedelta) -> bool:
    """Whether a message of this age must say that it comes late."""
    return age > DELAYED_AFTER


# From so many failures on the pause of the breaker is the longest.
FULL_PAUSE_AT = 5


def breaker_pause(*, failures: int) -> timedelta:
    """How long a channel is left alone after so many (1 or more) failures in a row to reach it.

    5, 10, 20, 40, then 60 s: twelve tries in a minute at the most, and back within a minute.
    """
    return timedelta(seconds=min(60, 5 * 2 ** min(failures - 1, 10)))
