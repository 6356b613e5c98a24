"""The breaker of each channel, and of each host of those with many: when its server is away, who may try it, and when.

Shared by all workers through one row a channel, so that all of them together try twelve times a
minute at the most while the server is away (fault F-15). Called by the drain.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from django.db import transaction

from notifications import backoff
from notifications.models import Circuit

_logger = logging.getLogger(__name__)


class Answer(Enum):
    GO = auto()
    TRY_ONE = auto()  # nobody knows whether it is back: send a single message first
    WAIT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A channel that cannot send, since when, and why: for operators."""

    channel: str
    since: datetime
    error: str


def failing() -> set[str]:
    """The channels and hosts whose breaker has tripped, whether or not their pause is over."""
    return set(Circuit.objects.filter(failures__gt=0).values_list("channel", flat=True))


def ask(*, channel: str, now: datetime) -> Answer:
    """Whether this channel may be used now. TRY_ONE is given to one caller a pause."""
    circuit = Circuit.objects.filter(channel=channel, failures__gt=0).first()
    if circuit is None:
        return Answer.GO
    if circuit.open_until is None or circuit.open_until > now:
        return Answer.WAIT
    # Moving the end of the pause is the claim on the single try; it must change exactly one row.
    has_claimed = Circuit.objects.filter(
        channel=channel,
        failures=circuit.failures,
        open_until=circuit.open_until,
        open_until__lte=now,
    ).update(open_until=now + backoff.breaker_pause(failures=circuit.failures))
    return Answer.TRY_ONE if has_claimed else Answer.WAIT


def trip(*, channel: str, error: str, now: datetime, is_refused: bool = False) -> None:
    """Note that the channel could not be used, and leave it alone for a while.

    For the longest while at once when it is there and refuses what we say (`is_refused`): to ask
    again soon would only harm our name.
    """
    with transaction.atomic():
        Circuit.objects.get_or_create(channel=channel)
        circuit = Circuit.objects.select_for_update().get(channel=channel)
        is_new = circuit.failures == 0
        circuit.failures += 1
        if is_refused:
            circuit.failures = max(circuit.failures, backoff.FULL_PAUSE_AT)
        circuit.open_until = now + backoff.breaker_pause(failures=circuit.failures)
        circuit.failing_since = circuit.failing_since or now
        circuit.last_error = error[:500]
        circuit.save(update_fields=["failures", "open_until", "failing_since", "last_error"])
    log = _logger.error if is_new else _logger.info
    log("channel unusable: channel=%s failures=%d %s", channel, circuit.failures, error)


def reset(*, channel: str) -> None:
    """Note that the channel works."""
    has_changed = Circuit.objects.filter(channel=channel, failures__gt=0).update(
        failures=0, open_until=None, failing_since=None, last_error=""
    )
    if has_changed:
        _logger.info("channel usable again: channel=%s", channel)


def troubles() -> list[Trouble]:
    """The channels that cannot send at the moment."""
    rows = Circuit.objects.filter(failures__gt=0, failing_since__isnull=False).order_by("channel")
    return [
        Trouble(channel=row.channel, since=row.failing_since, error=row.last_error)
        for row in rows
        if row.failing_since is not None
    ]
