"""Drain the outbox: claim what is due, send it outside any transaction, note what became of it.

Called once a second by beat and by the sweep of every worker, as often at once as there are
workers. May be killed at any point: see docs/explanation/deliveries.md.
"""

import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django import db

from notifications import circuits, doubts, fleets, granting, lanes, leasing, pacing
from notifications.channels import CHANNELS
from notifications.channels.base import (
    Askable,
    Blame,
    Channel,
    ChannelDown,
    DeliveryError,
    Session,
)
from notifications.fleets import REFUSALS_MAX
from notifications.models import Delivery
from notifications.runs import LEASE_SENDS, Drained, Run, broken

_logger = logging.getLogger(__name__)

BATCH = 20


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
    elapsed_s = elapsed_s or _stopwatch()
    drained = Drained()

    def begun() -> Run:
        # A full budget each: many mails hold up no alert, and hosts that hang hold up no mail.
        return Run(
            began_at=now,
            elapsed_s=elapsed_s,
            budget_s=elapsed_s() + budget_s,
            left=limit,
            jitter=jitter,
            drained=drained,
        )

    due = leasing.due_channels(now=now)
    if due - channels.keys():
        leasing.end_orphans(known=channels.keys(), now=now)
    # Mail last of those with one server: it has the most to send, and the most time (O2, O3).
    names = sorted(due & channels.keys(), key=lambda name: (channels[name].connections, name))
    for name in names:
        leasing.settle(
            channel=name,
            max_copies=channels[name].max_copies,
            is_asked=isinstance(channels[name], Askable),
            too_old_s=channels[name].schedule.too_old_s,
            now=now,
        )
    calling = {name: channels[name] for name in names if _has_lanes(channels[name])}
    # Hosts that are slow hold up whoever serves them: the next drain begins with mail and SMS.
    are_served = lanes.are_out()
    if calling and not are_served:
        lanes.drain(channels=calling, run=begun())
    run = begun()
    for name in names:
        if name not in calling:
            _drain_channel(channel=channels[name], run=run)
    if calling and are_served:
        lanes.drain(channels=calling, run=begun())
    return drained


def _stopwatch() -> Callable[[], float]:
    started = time.monotonic()
    return lambda: time.monotonic() - started


def _drain_channel(*, channel: Channel, run: Run) -> None:
    if run.is_over:
        return
    answer = circuits.ask(channel=channel.name, now=run.now)
    if answer is circuits.Answer.WAIT:
        return
    is_trying = answer is circuits.Answer.TRY_ONE
    if isinstance(channel, Askable) and doubts.resolve(channel=channel, name=channel.name, run=run):
        # It answers: what it was away for is over, also when nothing waits to be sent.
        circuits.reset(channel=channel.name)
        is_trying = False
    is_fleet = channel.connections > 1
    if is_trying or not is_fleet or not leasing.has_many_due(channel=channel.name, now=run.now):
        with channel.session() as session:
            sender = _Sender(channel=channel, session=session, run=run, is_trying=is_trying)
            while (is_more := sender.send_batch()) and not is_fleet:
                pass
        if not is_more or not is_fleet:
            return
    fleets.drain(channel=channel, run=run)


def _has_lanes(channel: Channel) -> bool:
    """Whether its letters go to hosts of their own, and as fast as these take them."""
    return channel.has_many_hosts and not channel.per_s


@dataclass(slots=True, kw_only=True)
class _Sender:
    """One channel's part of a run."""

    channel: Channel
    session: Session
    run: Run
    is_trying: bool  # the breaker lets a single message through
    refusals: int = 0

    def send_batch(self) -> bool:
        """Claim and send some deliveries; whether it is worth asking for more."""
        lease = self.channel.send_timeout * LEASE_SENDS
        began_at = self.run.now
        limit = pacing.take(
            channel=self.channel.name,
            wanted=1 if self.is_trying else min(BATCH, self.run.left),
            per_s=self.channel.per_s,
            now=began_at,
        )
        if not limit:
            return False
        rows = leasing.claim(channel=self.channel.name, now=began_at, limit=limit, lease=lease)
        may_be_more = bool(rows)
        rows = granting.only_granted(rows)
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
            if self.refusals >= REFUSALS_MAX or (self.refusals and self.is_trying):
                refusal = DeliveryError(row.last_error)
                self._stop(refusal, untried=rows[index + 1 :], is_refused=True)
                return False
        return may_be_more and not self.run.is_over

    def _stop(
        self, error: DeliveryError, *, untried: Sequence[Delivery], is_refused: bool = False
    ) -> None:
        """Leave the channel alone for a while; what was not tried keeps its time."""
        leasing.release(rows=untried, error=str(error))
        circuits.trip(
            channel=self.channel.name, error=str(error), now=self.run.now, is_refused=is_refused
        )

    def _send(self, row: Delivery) -> None:
        """Send one delivery and note its end. Raises ChannelDown and database errors only."""
        try:
            parcel = self.run.parcel(row)
            row.provider_id = (
                self.session.send(parcel=parcel, handing=partial(self._hand, row)) or ""
            )
        except leasing.LeaseLost:
            _logger.info(
                "delivery taken away before it was sent: delivery=%s",
                row.public_id,
                extra=row.log_ids,
            )
        except (ChannelDown, db.Error):
            raise
        except DeliveryError as error:
            self._note_failure(row, error)
        except Exception as error:  # noqa: BLE001 - a poisoned row blocks no other
            self._note_failure(row, broken(row, error))
        else:
            self.run.note_sent(row)
            self._note_alive(refused=False)

    def _hand(self, row: Delivery) -> None:
        leasing.mark_handed(row=row, now=self.run.now)

    def _note_alive(self, *, refused: bool) -> None:
        self.refusals = self.refusals + 1 if refused else 0
        if self.is_trying and not refused:
            circuits.reset(channel=self.channel.name)
            self.is_trying = False

    def _note_failure(self, row: Delivery, error: DeliveryError) -> None:
        self.run.note_failure(channel=self.channel, row=row, error=error)
        self._note_alive(refused=error.permanent and error.blame is Blame.CONTENT)
