"""One run of the drain: its time, and what becomes of each delivery it sends.

Shared by the two ways of sending: one after the other (`delivering`) and many hosts at once
(`lanes`).
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django import db
from django.utils.translation import gettext, ngettext

from common import sealing
from notifications import backoff, leasing
from notifications.channels.base import (
    Askable,
    Blame,
    Channel,
    DeliveryError,
    OutcomeUnknown,
    Parcel,
)
from notifications.messages import Message
from notifications.models import Body, Delivery, State

_logger = logging.getLogger(__name__)

# A lease outlives three whole sends; nothing is begun in its last third (reliability 3.1, rule 3).
LEASE_SENDS = 3
# A database that restarts is back by then, also when it has to recover from a crash (fault F-10);
# a lease lasts longer, so nobody else sends meanwhile what we hold. Even pauses: what waits for our
# note, or for what we give back, goes on within a second of the return.
_DATABASE_PAUSES_S = (0.2, 0.5, *[1.0] * 35)


@dataclass(slots=True, kw_only=True)
class Drained:
    """What one run did: deliveries sent, to be tried again, and ended without being sent."""

    sent: int = 0
    again: int = 0
    ended: int = 0


@dataclass(slots=True, kw_only=True)
class Run:
    """`left` deliveries may be begun, none after `budget_s` seconds."""

    began_at: datetime
    elapsed_s: Callable[[], float]
    budget_s: float
    left: int
    jitter: Callable[[], float]
    drained: Drained = field(default_factory=Drained)
    shared: dict[tuple[int, int, bool], Message] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.began_at + timedelta(seconds=self.elapsed_s())

    @property
    def is_over(self) -> bool:
        return self.left <= 0 or self.elapsed_s() >= self.budget_s

    def parcel(self, row: Delivery) -> Parcel:
        """What the channel gets. Raises DeliveryError, or anything when the row is poisoned."""
        try:
            secrets = sealing.unseal_mapping(row.sealed)
        except sealing.SealBroken as error:
            raise DeliveryError(str(error), permanent=True) from None
        now = self.now
        is_delayed = backoff.is_delayed(age=now - row.created_at)
        if row.body_id is None:
            message, shared_as = _as_sent(row.message, row.folded, is_delayed=is_delayed), ""
        else:
            message = self._shared(row.body_id, row.folded, is_delayed=is_delayed)
            shared_as = f"{row.body_id}:{row.folded}:{is_delayed:d}"
        return Parcel(
            address=row.address,
            message=message,
            delivery_id=row.public_id,
            created_at=row.created_at,
            now=now,
            secrets=secrets,
            parts=row.parts,
            shared_as=shared_as,
            number=row.id,
        )

    def _shared(self, body_id: int, folded: int, *, is_delayed: bool) -> Message:
        """A shared message as it is sent, read once a run."""
        known = self.shared.get((body_id, folded, is_delayed))
        if known is None:
            stored = Body.objects.get(pk=body_id).message
            known = _as_sent(stored, folded, is_delayed=is_delayed)
            self.shared[body_id, folded, is_delayed] = known
        return known

    def note_sent(self, row: Delivery) -> None:
        insist(partial(leasing.mark_sent, row=row, now=self.now))
        self.drained.sent += 1

    def note_sent_many(self, rows: Sequence[Delivery]) -> None:
        insist(partial(leasing.mark_sent_many, rows=rows, now=self.now))
        self.drained.sent += len(rows)

    def note_failure(self, *, channel: Channel, row: Delivery, error: DeliveryError) -> None:
        """Note when it is tried again, or that it never will be."""
        now = self.now
        row.last_error = str(error)
        if row.handed_at and not isinstance(error, OutcomeUnknown):
            row.copies -= 1  # handed over, and refused for certain
        at = self._next_attempt_at(channel, row, error, now)
        if at is not None and self._is_doubt(channel, error):
            leasing.mark_in_doubt(row=row, ask_at=at, error=str(error))
            self.drained.again += 1
            return
        if at is not None:
            leasing.mark_again(row=row, at=at, error=str(error))
            self.drained.again += 1
            return
        is_bounce = error.permanent and error.blame is Blame.ADDRESS
        leasing.mark_ended(
            row=row,
            state=State.UNKNOWN if isinstance(error, OutcomeUnknown) else State.FAILED,
            error=str(error),
            bounced_at=now if is_bounce else None,
        )
        self.drained.ended += 1
        _logger.warning(
            "delivery ended unsent: delivery=%s %s", row.public_id, error, extra=row.log_ids
        )

    @staticmethod
    def _is_doubt(channel: Channel, error: DeliveryError) -> bool:
        """Whether to ask the far end before anything else is decided."""
        return isinstance(error, OutcomeUnknown) and isinstance(channel, Askable)

    def _next_attempt_at(
        self, channel: Channel, row: Delivery, error: DeliveryError, now: datetime
    ) -> datetime | None:
        if self._is_doubt(channel, error):
            waited = now - (row.handed_at or now)
            after = backoff.next_question_after(waited=waited)
            return None if after is None else now + after
        if isinstance(error, OutcomeUnknown) and channel.max_copies is not None:
            has_copy_left = row.copies < channel.max_copies
            return now + backoff.PAUSE_AFTER_DOUBT if has_copy_left else None
        if error.permanent:
            return None
        return backoff.next_attempt_at(
            schedule=backoff.BY_NAME.get(row.schedule, channel.schedule),
            attempts=row.attempts,
            now=now,
            jitter=self.jitter(),
            retry_after_s=error.retry_after_s,
        )


def broken(row: Delivery, error: Exception) -> DeliveryError:
    """What a fault of ours is to a delivery: a poisoned row is pushed ahead and blocks no other."""
    _logger.error("delivery broke: delivery=%s", row.public_id, exc_info=error, extra=row.log_ids)
    kind = OutcomeUnknown if row.handed_at else DeliveryError
    return kind(f"Internal error: {type(error).__name__}")


def _as_sent(stored: Mapping[str, Any], folded: int, *, is_delayed: bool) -> Message:
    """The stored message, which says itself what it takes in, and when it comes late."""
    message = Message.from_json(stored)
    if folded:
        note = ngettext(
            "%d earlier update was not sent to you on its own: this is the latest.",
            "%d earlier updates were not sent to you on their own: this is the latest.",
            folded,
        )
        message = message.with_note(note % folded)
    if is_delayed:
        message = message.with_subject(
            gettext("[delayed] %(subject)s") % {"subject": message.subject}
        )
    return message


def insist(note: Callable[[], None]) -> None:
    """Note what has happened although the database goes away just now: else it would happen twice."""
    for pause_s in _DATABASE_PAUSES_S:
        try:
            return note()
        except (db.OperationalError, db.InterfaceError):
            _logger.warning("database away after a delivery was sent", exc_info=True)
            db.connection.close()  # the next statement opens a new one
            time.sleep(pause_s)
    return note()
