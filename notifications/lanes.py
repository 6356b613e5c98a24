"""Send to many hosts at once, two letters to each at the most (reliability 3.1, rule 8).

Threads speak to the hosts; everything that touches the database happens in the thread of the
drain, which they ask before the point of no return. A host that hangs holds two lanes until its
deadline, and is then left alone for a while: nobody else waits for it.
"""

import logging
import queue
import threading
from collections import Counter, deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django import db

from notifications import circuits, granting, leasing, runs
from notifications.channels.base import Channel, ChannelDown, DeliveryError, Parcel, Session
from notifications.models import Delivery
from notifications.runs import LEASE_SENDS, Run

_logger = logging.getLogger(__name__)

LANES = 64
PER_HOST = 2
# Claimed in one go for a host, and then sent two at a time.
_CLAIM_PER_HOST = 20
_CLAIM = 128
_CLAIM_BELOW = LANES // 4  # a claim looks at all that is due: not for a single free lane


# One token for each drain of this process that is out on the lanes.
_out: deque[None] = deque()


def are_out() -> bool:
    """Whether another drain of this process serves the lanes just now."""
    return bool(_out)


def drain(*, channels: Mapping[str, Channel], run: Run) -> None:
    """Send what is due on these channels; returns when nothing is on its way any more."""
    with ExitStack() as stack:
        _out.append(None)
        stack.callback(_out.pop)
        sessions = {
            name: stack.enter_context(channel.session()) for name, channel in channels.items()
        }
        _Lanes(channels=channels, sessions=sessions, run=run).drain()


@dataclass(slots=True, kw_only=True, eq=False)
class _Job:
    """One letter in a lane. The lane waits for `answered` before it lets the letter go."""

    row: Delivery
    parcel: Parcel
    session: Session
    news: "queue.SimpleQueue[_News]"
    answered: threading.Event = field(default_factory=threading.Event)
    refusal: Exception | None = None

    def work(self) -> None:
        try:
            self.session.send(parcel=self.parcel, handing=self.hand)
        except Exception as error:  # noqa: BLE001 - judged in the thread of the drain
            self.news.put(_News(job=self, error=error))
        else:
            self.news.put(_News(job=self))

    def hand(self) -> None:
        self.news.put(_News(job=self, is_handing=True))
        self.answered.wait()
        if self.refusal is not None:
            raise self.refusal

    def answer(self, refusal: Exception | None) -> None:
        self.refusal = refusal
        self.answered.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    job: _Job
    is_handing: bool = False
    error: Exception | None = None


class _Lanes:
    def __init__(
        self, *, channels: Mapping[str, Channel], sessions: Mapping[str, Session], run: Run
    ) -> None:
        self._channels = channels
        self._sessions = sessions
        self._run = run
        self._send_timeout = max(channel.send_timeout for channel in channels.values())
        self._news: queue.SimpleQueue[_News] = queue.SimpleQueue()
        self._waiting: dict[str, deque[Delivery]] = {}
        self._begin_until: dict[int, datetime] = {}
        self._on_their_way: Counter[str] = Counter()
        self._jobs: set[_Job] = set()
        self._on_trial: set[str] = set()
        self._may_claim = True

    def drain(self) -> None:
        pool = ThreadPoolExecutor(max_workers=LANES, thread_name_prefix="lane")
        try:
            while True:
                self._claim()
                self._begin(pool)
                if self._jobs:
                    self._take(self._all_news())
                elif not self._may_claim or self._run.is_over:
                    break
        finally:
            # After a database error: whatever was not handed over must not leave any more, and what
            # hosts take now is noted, because nobody would know of it else (fault F-10).
            for job in self._jobs:
                if not job.answered.is_set():
                    job.answer(leasing.LeaseLost(job.row.public_id))
            pool.shutdown()
            self._note_late()

    def _note_late(self) -> None:
        left = [] if self._news.empty() else self._all_news()
        taken = [each.job for each in left if not each.is_handing and each.error is None]
        if rows := [job.row for job in taken if job in self._jobs]:
            self._run.note_sent_many(rows)
        self._jobs.difference_update(taken)
        for job in self._jobs:  # begun and not handed over; of the rest nothing is given back
            self._waiting.setdefault(job.row.destination, deque()).append(job.row)
        if self._waiting:
            runs.insist(lambda: self._release(*list(self._waiting)))

    def _claim(self) -> None:
        run = self._run
        if run.is_over:
            self._release(*list(self._waiting))
            return
        if not self._may_claim or sum(map(len, self._waiting.values())) >= _CLAIM_BELOW:
            return
        failing = circuits.failing()
        if failing:
            # A host is asked about only when there is something to try it with.
            failing &= leasing.due_hosts(channels=self._channels.keys(), now=run.now)
        answers = {host: circuits.ask(channel=host, now=run.now) for host in failing}
        lease: timedelta = self._send_timeout * LEASE_SENDS
        rows = leasing.claim_spread(
            channels=self._channels.keys(),
            avoid={host for host, given in answers.items() if given is circuits.Answer.WAIT},
            now=run.now,
            limit=min(_CLAIM, run.left),
            per_host=_CLAIM_PER_HOST,
            lease=lease,
        )
        self._may_claim = bool(rows)
        begin_until = run.now + lease - self._send_timeout
        for row in granting.only_granted(rows):
            self._waiting.setdefault(row.destination, deque()).append(row)
            self._begin_until[row.id] = begin_until
        for host in failing & self._waiting.keys():
            self._on_trial.add(host)
            self._release(host, keep=1)

    def _begin(self, pool: ThreadPoolExecutor) -> None:
        for host in list(self._waiting):
            rows = self._waiting[host]
            while rows and self._on_their_way[host] < PER_HOST and len(self._jobs) < LANES:
                if self._run.now > self._begin_until[rows[0].id] or self._run.is_over:
                    self._release(host)
                    break
                self._run.left -= 1
                self._begin_one(pool, rows.popleft())
            if not rows:
                self._waiting.pop(host, None)

    def _begin_one(self, pool: ThreadPoolExecutor, row: Delivery) -> None:
        try:
            parcel = self._run.parcel(row)
        except DeliveryError as error:
            self._note(row, error)
            return
        except Exception as error:  # noqa: BLE001 - a poisoned row blocks no other
            self._note(row, runs.broken(row, error))
            return
        job = _Job(row=row, parcel=parcel, session=self._sessions[row.channel], news=self._news)
        self._jobs.add(job)
        self._on_their_way[row.destination] += 1
        pool.submit(job.work)

    def _all_news(self) -> list[_News]:
        news = [self._news.get()]
        with suppress(queue.Empty):
            while True:
                news.append(self._news.get_nowait())
        return news

    def _take(self, news: list[_News]) -> None:
        """Note all that lanes ask and report at the time, with one statement for each kind."""
        done = [each for each in news if not each.is_handing]
        self._jobs.difference_update(each.job for each in done)
        if sent := [each.job.row for each in done if each.error is None]:
            self._run.note_sent_many(sent)
        # After what is known for certain: a database that fails here takes nothing of it away.
        if asking := [each.job for each in news if each.is_handing]:
            held = leasing.mark_handed_many(rows=[job.row for job in asking], now=self._run.now)
            for job in asking:
                lost = job.row.id not in held
                job.answer(leasing.LeaseLost(job.row.public_id) if lost else None)
        for each in done:
            host = each.job.row.destination
            self._on_their_way[host] -= 1
            if not self._waiting.get(host) and not self._on_their_way[host]:
                # Its host may have had more due than one claim took, and can be claimed for again.
                self._may_claim = True
            self._finish(each.job.row, each.error)

    def _finish(self, row: Delivery, error: Exception | None) -> None:
        if error is None:
            self._note_alive(row.destination)
        elif isinstance(error, leasing.LeaseLost):
            _logger.info(
                "delivery taken away before it was sent: delivery=%s",
                row.public_id,
                extra=row.log_ids,
            )
        elif isinstance(error, db.Error):
            raise error
        elif isinstance(error, ChannelDown):
            leasing.release(rows=[row], error=str(error))
            self._leave_alone(row.destination, error)
        elif isinstance(error, DeliveryError):
            self._note(row, error)
            if error.is_unreachable:
                self._leave_alone(row.destination, error)
            else:
                self._note_alive(row.destination)
        else:
            self._note(row, runs.broken(row, error))

    def _note(self, row: Delivery, error: DeliveryError) -> None:
        self._run.note_failure(channel=self._channels[row.channel], row=row, error=error)

    def _leave_alone(self, host: str, error: DeliveryError) -> None:
        circuits.trip(channel=host, error=str(error), now=self._run.now)
        self._on_trial.discard(host)
        self._release(host)

    def _note_alive(self, host: str) -> None:
        if host in self._on_trial:
            self._on_trial.discard(host)
            circuits.reset(channel=host)

    def _release(self, *hosts: str, keep: int = 0) -> None:
        """Put back what waits for these hosts, but for the first `keep` of each."""
        for host in hosts:
            rows = self._waiting.get(host, deque())
            kept = deque(list(rows)[:keep])
            leasing.release(rows=list(rows)[keep:])
            self._waiting[host] = kept
            if not kept:
                del self._waiting[host]
