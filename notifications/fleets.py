"""Send over several kept connections to one server at once, for channels that have many messages.

Threads speak to the server, each over a connection of its own. Everything that touches the
database happens in the thread of the drain, for all of them together: one statement notes every
handover that is asked for at the time, and one every message that was taken meanwhile.
"""

import logging
import queue
import threading
from collections import defaultdict, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from django import db

from notifications import circuits, granting, leasing, pacing, runs
from notifications.channels.base import (
    Blame,
    Channel,
    ChannelDown,
    DeliveryError,
    Parcel,
)
from notifications.models import Delivery
from notifications.runs import LEASE_SENDS, Run

_logger = logging.getLogger(__name__)

# Claimed at once for each connection: enough that none waits, few enough to be gone in seconds.
_CLAIM_EACH = 25
# So many messages refused in a row for what they say: more would only harm our name (fault F-17).
REFUSALS_MAX = 3


# Of each channel, whether a fleet of this process is out: a second one would only make more
# connections than were asked for, and share the same interpreter.
_out: dict[str, threading.Lock] = defaultdict(threading.Lock)


def drain(*, channel: Channel, run: Run) -> None:
    """Send what is due on this channel; returns when nothing is on its way any more.

    At once when another fleet of this process is out for it, which takes what is due as well.
    """
    is_out = _out[channel.name]
    if not is_out.acquire(blocking=False):
        return
    try:
        _Fleet(channel=channel, run=run).drain()
    finally:
        is_out.release()


@dataclass(slots=True, kw_only=True, eq=False)
class _Job:
    """One message with a connection. It waits for `answered` before it lets the message go."""

    row: Delivery
    parcel: Parcel
    answered: threading.Event = field(default_factory=threading.Event)
    refusal: Exception | None = None
    is_handing: bool = False
    error: Exception | None = None

    def answer(self, refusal: Exception | None = None) -> None:
        self.refusal = refusal
        self.answered.set()


class _Fleet:
    def __init__(self, *, channel: Channel, run: Run) -> None:
        self._channel = channel
        self._run = run
        self._lease: timedelta = channel.send_timeout * LEASE_SENDS
        self._news: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._work: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._waiting: deque[tuple[Delivery, float]] = deque()
        self._jobs: set[_Job] = set()
        self._refusals = 0
        self._may_claim = True
        self._threads: list[threading.Thread] = []
        # Whether the server took the last message. Until it takes one, a single connection asks it:
        # one that is away or refuses us is not asked sixteen times at once (faults F-15, F-17).
        self._is_trusted = False

    def drain(self) -> None:
        self._hire(1)
        try:
            while True:
                self._claim()
                self._begin()
                if not self._jobs:
                    break
                self._take(self._all_news())
        finally:
            self._end()

    def _end(self) -> None:
        """End the connections, and after a database error what is on its way (fault F-10).

        What was not handed over must not leave any more; what the server takes now is noted, because
        nobody would know of it else and a second copy would leave.
        """
        for job in self._jobs:
            if not job.answered.is_set():
                job.answer(leasing.LeaseLost(job.row.public_id))
        for _thread in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join()
        with suppress(queue.Empty):
            while True:
                self._note_late(self._news.get_nowait())
        # What was begun and not handed over; of the rest nothing is given back.
        self._waiting.extend((job.row, 0.0) for job in self._jobs)
        if self._waiting:
            runs.insist(self._give_back)

    def _note_late(self, job: _Job) -> None:
        if job in self._jobs and job.error is None:
            self._jobs.discard(job)
            self._run.note_sent_many([job.row])

    def _hire(self, count: int) -> None:
        """See to it that so many connections are at work."""
        while len(self._threads) < count:
            thread = threading.Thread(
                target=self._sail, name=f"fleet-{len(self._threads)}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def _sail(self) -> None:
        """One connection's thread: it touches no database."""
        with self._channel.session() as session:
            while (job := self._work.get()) is not None:
                try:
                    handing = partial(self._hand, job)
                    job.row.provider_id = session.send(parcel=job.parcel, handing=handing) or ""
                except Exception as error:  # noqa: BLE001 - judged in the thread of the drain
                    job.error = error
                job.is_handing = False
                self._news.put(job)

    def _hand(self, job: _Job) -> None:
        job.is_handing = True
        self._news.put(job)
        job.answered.wait()
        if job.refusal is not None:
            raise job.refusal

    def _claim(self) -> None:
        run = self._run
        if run.is_over:
            self._give_back()
            return
        each = self._channel.connections
        if not self._may_claim or len(self._waiting) > each:
            return
        wanted = min(each * _CLAIM_EACH, run.left - len(self._waiting))
        limit = pacing.take(
            channel=self._channel.name, wanted=wanted, per_s=self._channel.per_s, now=run.now
        )
        begin_until = run.elapsed_s() + (self._lease - self._channel.send_timeout).total_seconds()
        rows = (
            leasing.claim(channel=self._channel.name, now=run.now, limit=limit, lease=self._lease)
            if limit > 0
            else []
        )
        self._may_claim = bool(rows)
        self._waiting.extend((row, begin_until) for row in granting.only_granted(rows))

    def _begin(self) -> None:
        # As many again as there are connections are ready, so that none waits for this thread.
        most = 2 * self._channel.connections if self._is_trusted else 1
        while self._waiting and len(self._jobs) < most:
            row, begin_until = self._waiting[0]
            if self._run.elapsed_s() > begin_until or self._run.is_over:
                self._give_back()
                return
            self._waiting.popleft()
            self._run.left -= 1
            try:
                parcel = self._run.parcel(row)
            except db.Error:
                raise
            except DeliveryError as error:
                self._note_failure(row, error)
            except Exception as error:  # noqa: BLE001 - a poisoned row blocks no other
                self._note_failure(row, runs.broken(row, error))
            else:
                job = _Job(row=row, parcel=parcel)
                self._jobs.add(job)
                self._work.put(job)

    def _all_news(self) -> list[_Job]:
        news = [self._news.get()]
        with suppress(queue.Empty):
            while True:
                news.append(self._news.get_nowait())
        return news

    def _take(self, news: Sequence[_Job]) -> None:
        asking = [job for job in news if job.is_handing]
        done = [job for job in news if job not in asking]
        self._jobs.difference_update(done)
        if sent := [job.row for job in done if job.error is None]:
            self._run.note_sent_many(sent)
            self._refusals = 0
            self._is_trusted = True
            self._hire(self._channel.connections)
        if asking:
            # After what is known for certain: a database that fails here takes nothing of it away.
            held = leasing.mark_handed_many(rows=[job.row for job in asking], now=self._run.now)
            for job in asking:
                lost = job.row.id not in held
                job.answer(leasing.LeaseLost(job.row.public_id) if lost else None)
        for job in done:
            if job.error is not None:
                self._finish(job.row, job.error)

    def _finish(self, row: Delivery, error: Exception) -> None:
        if isinstance(error, leasing.LeaseLost):
            _logger.info(
                "delivery taken away before it was sent: delivery=%s",
                row.public_id,
                extra=row.log_ids,
            )
        elif isinstance(error, db.Error):
            raise error
        elif isinstance(error, ChannelDown):
            leasing.release(rows=[row], error=str(error))
            self._stop(error)
        elif isinstance(error, DeliveryError):
            self._note_failure(row, error)
        else:
            self._note_failure(row, runs.broken(row, error))

    def _note_failure(self, row: Delivery, error: DeliveryError) -> None:
        self._run.note_failure(channel=self._channel, row=row, error=error)
        refused = error.permanent and error.blame is Blame.CONTENT
        self._refusals = self._refusals + 1 if refused else 0
        self._is_trusted = self._is_trusted and not refused
        if self._refusals >= REFUSALS_MAX:
            self._stop(error, is_refused=True)

    def _stop(self, error: DeliveryError, *, is_refused: bool = False) -> None:
        """Leave the channel alone for a while; once a run, however many connections notice."""
        if self._run.left > 0:
            circuits.trip(
                channel=self._channel.name,
                error=str(error),
                now=self._run.now,
                is_refused=is_refused,
            )
            self._run.left = 0
        self._give_back()

    def _give_back(self) -> None:
        self._may_claim = False
        leasing.release(rows=[row for row, _until in self._waiting])
        self._waiting.clear()
