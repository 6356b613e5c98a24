"""How far an event is on its way: sent of total by channel, and whether the promised time was kept.

Read by the screens of an incident or a maintenance while it is being told; a miss is told to the
operators once.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from notifications import reading
from notifications.reading import Progress
from subscribers import forecast, operators, parking
from subscribers.chart import Stage
from subscribers.models import Broadcast

# Older events are history: nobody can do anything about them any more.
_LOOK_BACK = timedelta(hours=6)
# A screen looks again so often, at first and once what is left waits for a server or a phone.
_WATCHED_CLOSELY = timedelta(minutes=15)
_CLOSELY_S, _LATER_S = 2, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """One channel of one event. `waited` is how long the oldest has been waiting."""

    channel: str
    total: int
    sent: int
    waiting: int
    failed: int
    settled: int
    promised: timedelta
    waited: timedelta | None
    is_missed: bool

    @property
    def percent(self) -> int:
        """How much of it is done: sent, or nobody waits for it."""
        return 100 * (self.total - self.waiting) // self.total if self.total else 0

    @property
    def title(self) -> str:
        """The channel for people."""
        return forecast.title_of(self.channel)

    @property
    def waited_s(self) -> int:
        return int(self.waited.total_seconds()) if self.waited else 0

    @property
    def promised_minutes(self) -> int:
        return int(self.promised.total_seconds() // 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """One event that was announced. `is_stuck`: its messages should all be written by now.

    `error` is why they could not be written the last time, and `retry_at` when they are tried again.
    """

    number: int
    key: str
    stage: str
    title: str
    posted_at: datetime
    is_expanded: bool
    is_cancelled: bool
    is_stuck: bool
    gauges: tuple[Gauge, ...]
    error: str = ""
    retry_at: datetime | None = None

    @property
    def stage_label(self) -> str:
        return _(Stage(self.stage).label)

    @property
    def is_missed(self) -> bool:
        return self.is_stuck or any(gauge.is_missed for gauge in self.gauges)

    @property
    def is_running(self) -> bool:
        """Whether something of it is still to be sent."""
        if self.is_cancelled:
            return any(gauge.waiting for gauge in self.gauges)
        return not self.is_expanded or any(gauge.waiting for gauge in self.gauges)


def refresh_s(meters: list[Meter], *, now: datetime) -> int:
    """After how many seconds it is worth looking again; 0 when nothing is on its way any more."""
    running = [meter for meter in meters if meter.is_running]
    if not running:
        return 0
    is_new = any(now - meter.posted_at < _WATCHED_CLOSELY for meter in running)
    return _CLOSELY_S if is_new else _LATER_S


def of(*, topic: str, now: datetime) -> list[Meter]:
    """The meters of everything that was announced of an event, newest first; two queries."""
    return _meters(list(Broadcast.objects.filter(topic=topic).order_by("-id")[:20]), now=now)


def recent(*, now: datetime, limit: int = 20) -> list[Meter]:
    """The meters of what was announced last, newest first."""
    return _meters(list(Broadcast.objects.order_by("-id")[:limit]), now=now)


def note_misses(*, now: datetime) -> int:
    """Tell operators of events that somebody was not told of in the promised time; how many are new."""
    rows = Broadcast.objects.recent(since=now - _LOOK_BACK)
    rows = rows.filter(missed_at__isnull=True, cancelled_at__isnull=True)
    told = 0
    for meter in _meters(list(rows[:100]), now=now):
        if meter.is_missed:
            told += _tell(meter, now=now)
    return told


def oldest_stuck_age(*, now: datetime) -> timedelta | None:
    """How long ago the oldest event was posted that should have been expanded; None when all are.

    What is parked does not count: its owners were told, and no other program would do better.
    """
    running = Broadcast.objects.unfinished().filter(failures__lt=parking.PARKED_AFTER)
    oldest = running.order_by("created_at").first()
    if oldest is None or not _is_stuck(oldest, now):
        return None
    return now - oldest.created_at


def _tell(meter: Meter, *, now: datetime) -> bool:
    lines = [
        _("%(channel)s: %(sent)d of %(total)d sent, %(failed)d failed, promised in %(minutes)d min")
        % {
            "channel": gauge.channel,
            "sent": gauge.sent,
            "total": gauge.total,
            "failed": gauge.failed,
            "minutes": gauge.promised_minutes,
        }
        for gauge in meter.gauges
        if gauge.is_missed
    ]
    if meter.is_stuck:
        lines.append(_("Not all messages are prepared: the log of the worker says why."))
    with transaction.atomic():
        new = Broadcast.objects.filter(key=meter.key, missed_at__isnull=True)
        if not new.update(missed_at=now):
            return False
        operators.tell(
            key=f"missed:{meter.key}",
            subject=_("Subscribers were not told in time: %(title)s") % {"title": meter.title},
            text="\n".join(lines) + "\n",
            path="/admin/messages/",
            now=now,
        )
    return True


def _meters(rows: list[Broadcast], *, now: datetime) -> list[Meter]:
    by_key: dict[str, list[Progress]] = defaultdict(list)
    for found in reading.progress(dedupe_keys=[row.key for row in rows]):
        by_key[found.dedupe_key].append(found)
    return [
        Meter(
            number=row.pk,
            key=row.key,
            stage=row.stage,
            title=str(row.content.get("title", "")),
            posted_at=row.created_at,
            is_expanded=row.expanded_at is not None,
            is_cancelled=row.cancelled_at is not None,
            is_stuck=_is_stuck(row, now),
            gauges=tuple(_gauge(found, row=row, now=now) for found in by_key[row.key]),
            error=row.error if _is_failing(row) else "",
            retry_at=row.retry_at if _is_failing(row) else None,
        )
        for row in rows
    ]


def _is_stuck(row: Broadcast, now: datetime) -> bool:
    is_open = row.expanded_at is None and row.cancelled_at is None
    is_late = now - row.created_at > forecast.PROMISED_OTHERWISE
    return is_open and (is_late or row.failures >= parking.PARKED_AFTER)


def _is_failing(row: Broadcast) -> bool:
    return row.failures > 0 and row.expanded_at is None and row.cancelled_at is None


def _gauge(found: Progress, *, row: Broadcast, now: datetime) -> Gauge:
    promised = forecast.promised(found.channel)
    due_at = row.created_at + promised
    # Of many addresses some are dead, which is no fault of the sending; of all of them, it is.
    is_lost = found.failed > found.refused or (found.failed > 0 and not found.sent)
    is_late = found.last_sent_at is not None and found.last_sent_at > due_at
    return Gauge(
        channel=found.channel,
        total=found.total,
        sent=found.sent,
        waiting=found.waiting,
        failed=found.failed,
        settled=found.settled,
        promised=promised,
        waited=None if found.oldest_at is None else now - found.oldest_at,
        is_missed=is_late or is_lost or (found.waiting > 0 and now > due_at),
    )
