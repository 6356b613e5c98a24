"""Drain the outbox: claim what is due, send it outside any transaction, note what became of it.

Called once a second by beat and by the sweep of every worker, as often at once as there are
workers. May be killed at any point: see docs/explanation/deliveries.md.
"""

import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django import db
from django.utils.translation import gettext

from common import sealing
from notifications import backoff, circuits, leasing
from notifications.channels import CHANNELS
from notifications.channels.base import (
    Blame,
    Channel,
    ChannelDown,
    DeliveryError,
    OutcomeUnknown,
    Parcel,
    Session,
)
from notifications.messages import Message
from notifications.models import Delivery, State

_logger = logging.getLogger(__name__)

BATCH = 20
# A lease outlives three whole sends; nothing is begun in its last third (reliability 3.1, rule 3).
_LEASE_SENDS = 3
# So many messages refused in a row for what they say: more would only harm our name (fault F-17).
_REFUSALS_MAX = 3
# A database that restarts is back by then.
_DATABASE_PAUSES_S = (0.2, 1.0, 3.0)


@dataclass(slots=True, kw_only=True)
class Drained:
    """What one run did: deliveries sent, to be tried again, and ended without being sent."""

    sent: int = 0
    again: int = 0
    ended: int = 0


def drain(
    *,
    now: datetime,
    limit: int = 2_000,
    budget_s: float = 20.0,
    channels: Mapping[str, Channel] = CHANNELS,
    elapsed_s: Callable[[], float] | None = None,
    jitter: Callable[[], float] = random.random,
) -> Drained:
    """Send what is due at `now`, at most `limit` deliveries, beginning none after `budget_s` seconds.

    `elapsed_s` says how long the run has taken so far; `jitter` gives numbers from 0 to 1. Must not
    be called in a transaction: what it notes has to be seen by others at once. A database error
    ends the run; whatever was claimed is taken up again when its lease ends.
    """
    run = _Run(
        began_at=now,
        elapsed_s=elapsed_s or _stopwatch(),
        budget_s=budget_s,
        left=limit,
        jitter=jitter,
    )
    due = leasing.due_channels(now=now)
    if due - channels.keys():
        leasing.end_orphans(known=channels.keys(), now=now)
    for name in sorted(due & channels.keys()):
        _drain_channel(channel=channels[name], run=run)
    return run.drained


def _stopwatch() -> Callable[[], float]:
    started = time.monotonic()
    return lambda: time.monotonic() - started


@dataclass(slots=True, kw_only=True)
class _Run:
    began_at: datetime
    elapsed_s: Callable[[], float]
    budget_s: float
    left: int
    jitter: Callable[[], float]
    drained: Drained = field(default_factory=Drained)

    @property
    def now(self) -> datetime:
        return self.began_at + timedelta(seconds=self.elapsed_s())

    @property
    def is_over(self) -> bool:
        return self.left <= 0 or self.elapsed_s() >= self.budget_s


def _drain_channel(*, channel: Channel, run: _Run) -> None:
    leasing.settle(
        channel=channel.name,
        max_copies=channel.max_copies,
        too_old_s=channel.schedule.too_old_s,
        now=run.now,
    )
    if run.is_over:
        return
    answer = circuits.ask(channel=channel.name, now=run.now)
    if answer is circuits.Answer.WAIT:
        return
    with channel.session() as session:
        sender = _Sender(
            channel=channel, session=session, run=run, is_trying=answer is circuits.Answer.TRY_ONE
        )
        while sender.send_batch():
            pass


@dataclass(slots=True, kw_only=True)
class _Sender:
    """One channel's part of a run."""

    channel: Channel
    session: Session
    run: _Run
    is_trying: bool  # the breaker lets a single message through
    refusals: int = 0

    def send_batch(self) -> bool:
        """Claim and send some deliveries; whether it is worth asking for more."""
        lease = self.channel.send_timeout * _LEASE_SENDS
        began_at = self.run.now
        rows = leasing.claim(
            channel=self.channel.name,
            now=began_at,
            limit=1 if self.is_trying else min(BATCH, self.run.left),
            lease=lease,
        )
        last_begin_at = began_at + lease - self.channel.send_timeout
        for index, row in enumerate(rows):
            if self.run.is_over or self.run.now > last_begin_at:
                leasing.release(rows=rows[index:])
                return False
            self.run.left -= 1
            try:
                self._send(row)
            except ChannelDown as error:
                self._stop(error, untried=rows[index:])
                return False
            if self.refusals >= _REFUSALS_MAX or (self.refusals and self.is_trying):
                self._stop(DeliveryError(row.last_error), untried=rows[index + 1 :])
                return False
        return bool(rows) and not self.run.is_over

    def _stop(self, error: DeliveryError, *, untried: Sequence[Delivery]) -> None:
        """Leave the channel alone for a while; what was not tried keeps its time."""
        leasing.release(rows=untried, error=str(error))
        circuits.trip(channel=self.channel.name, error=str(error), now=self.run.now)

    def _send(self, row: Delivery) -> None:
        """Send one delivery and note its end. Raises ChannelDown and database errors only."""
        try:
            parcel = _parcel(row, now=self.run.now)
            self.session.send(parcel=parcel, handing=partial(self._hand, row))
        except leasing.LeaseLost:
            _logger.info("delivery taken away before it was sent: delivery=%s", row.public_id)
        except (ChannelDown, db.Error):
            raise
        except DeliveryError as error:
            self._note_failure(row, error)
        except Exception as error:
            # The one place that must go on whatever happens: a poisoned row blocks no other.
            _logger.exception("delivery broke: delivery=%s", row.public_id)
            kind = OutcomeUnknown if row.handed_at else DeliveryError
            self._note_failure(row, kind(f"Internal error: {type(error).__name__}"))
        else:
            _insist(partial(leasing.mark_sent, row=row, now=self.run.now))
            self.run.drained.sent += 1
            self._note_alive(refused=False)

    def _hand(self, row: Delivery) -> None:
        leasing.mark_handed(row=row, now=self.run.now)

    def _note_alive(self, *, refused: bool) -> None:
        self.refusals = self.refusals + 1 if refused else 0
        if self.is_trying and not refused:
            circuits.reset(channel=self.channel.name)
            self.is_trying = False

    def _note_failure(self, row: Delivery, error: DeliveryError) -> None:
        now = self.run.now
        row.last_error = str(error)
        if row.handed_at and not isinstance(error, OutcomeUnknown):
            row.copies -= 1  # handed over, and refused for certain
        at = self._next_attempt_at(row, error, now)
        if at is not None:
            leasing.mark_again(row=row, at=at, error=str(error))
            self.run.drained.again += 1
        else:
            is_bounce = error.permanent and error.blame is Blame.ADDRESS
            leasing.mark_ended(
                row=row,
                state=State.UNKNOWN if isinstance(error, OutcomeUnknown) else State.FAILED,
                error=str(error),
                bounced_at=now if is_bounce else None,
            )
            self.run.drained.ended += 1
            _logger.warning("delivery ended unsent: delivery=%s %s", row.public_id, error)
        self._note_alive(refused=error.permanent and error.blame is Blame.CONTENT)

    def _next_attempt_at(
        self, row: Delivery, error: DeliveryError, now: datetime
    ) -> datetime | None:
        if isinstance(error, OutcomeUnknown) and self.channel.max_copies is not None:
            has_copy_left = row.copies < self.channel.max_copies
            return now + backoff.PAUSE_AFTER_DOUBT if has_copy_left else None
        if error.permanent:
            return None
        return backoff.next_attempt_at(
            schedule=backoff.BY_NAME.get(row.schedule, self.channel.schedule),
            attempts=row.attempts,
            now=now,
            jitter=self.run.jitter(),
            retry_after_s=error.retry_after_s,
        )


def _insist(note: Callable[[], None]) -> None:
    """Note what has happened although the database goes away just now: else it would happen twice."""
    for pause_s in _DATABASE_PAUSES_S:
        try:
            return note()
        except (db.OperationalError, db.InterfaceError):
            _logger.warning("database away after a delivery was sent", exc_info=True)
            db.connection.close()  # the next statement opens a new one
            time.sleep(pause_s)
    return note()


def _parcel(row: Delivery, *, now: datetime) -> Parcel:
    try:
        secrets = sealing.unseal_mapping(row.sealed)
    except sealing.SealBroken as error:
        raise DeliveryError(str(error), permanent=True) from None
    return Parcel(
        address=row.address,
        message=_as_sent(row, now=now),
        delivery_id=row.public_id,
        created_at=row.created_at,
        now=now,
        secrets=secrets,
    )


def _as_sent(row: Delivery, *, now: datetime) -> Message:
    """The stored message, which says so itself when it comes late."""
    message = Message.from_json(row.message)
    if not backoff.is_delayed(age=now - row.created_at):
        return message
    return message.with_subject(gettext("[delayed] %(subject)s") % {"subject": message.subject})
