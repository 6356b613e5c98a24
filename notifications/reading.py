"""What the console shows of deliveries without being allowed to touch them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q

from notifications.models import OPEN_STATES, Delivery, State

_BAD = (State.FAILED, State.UNKNOWN, State.EXPIRED)
RECENT = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """A delivery to one of some addresses; `error` is why it is not sent."""

    address: str
    state: str
    is_sent: bool
    is_waiting: bool
    at: datetime
    error: str
    subject: str = ""
    attempts: int = 0
    next_attempt_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """Deliveries of the past 7 days by their end."""

    sent: int
    bad: int
    waiting: int
    last_sent_at: datetime | None
    last_error: str

    @property
    def is_empty(self) -> bool:
        return not (self.sent or self.bad or self.waiting)


def last_to(*, channel: str, addresses: Collection[str]) -> Last | None:
    """The newest delivery over a channel to any of these addresses."""
    return next(iter(latest_to(channel=channel, addresses=addresses, limit=1)), None)


def latest_to(*, channel: str, addresses: Collection[str], limit: int) -> list[Last]:
    """The newest deliveries over a channel to any of these addresses, newest first."""
    rows = Delivery.objects.filter(channel=channel, address__in=addresses)
    return [
        _last(row) for row in rows.select_related("body").order_by("-created_at", "-id")[:limit]
    ]


def latest_under(*, grants: Collection[str], limit: int) -> list[Last]:
    """The newest deliveries under any of these grants, newest first."""
    rows = Delivery.objects.filter(grant__in=[grant for grant in grants if grant])
    return [
        _last(row) for row in rows.select_related("body").order_by("-created_at", "-id")[:limit]
    ]


def _last(row: Delivery) -> Last:
    is_waiting = row.state in OPEN_STATES
    return Last(
        address=row.address,
        state=str(State(row.state).label),
        is_sent=row.state == State.SENT,
        is_waiting=is_waiting,
        at=row.sent_at or row.created_at,
        error=row.last_error if row.state != State.SENT else "",
        subject="" if row.is_sensitive else str(row.content.get("subject", "")),
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at if is_waiting and row.attempts else None,
    )


def failing_since(*, channel: str, address: str) -> datetime | None:
    """Since when nothing reaches an address: when the oldest letter was put that failed, or waits
    after a failure, and that no success followed. None while all is well.

    An endpoint that has been failing for five days is to be switched off (decision 7).
    """
    rows = Delivery.objects.filter(channel=channel, address=address)
    last_sent_at = rows.aggregate(at=Max("sent_at"))["at"]
    bad = rows.filter(Q(state__in=_BAD) | Q(state__in=OPEN_STATES, attempts__gt=0))
    if last_sent_at is not None:
        bad = bad.filter(created_at__gt=last_sent_at)
    oldest = bad.order_by("created_at").first()
    return oldest.created_at if oldest else None


def recent(*, now: datetime) -> Recent:
    """Counts of the past 7 days, and the last error while something is not sent."""
    rows = Delivery.objects.filter(created_at__gte=now - RECENT)
    counts = rows.aggregate(
        sent=Count("id", filter=Q(state=State.SENT)),
        bad=Count("id", filter=Q(state__in=_BAD)),
        waiting=Count("id", filter=Q(state__in=OPEN_STATES)),
        last_sent_at=Max("sent_at"),
    )
    # What waits for a server that is away counts no attempts, but says why it waits.
    unsent = rows.filter(state__in=(*_BAD, *OPEN_STATES)).exclude(last_error="")
    last = unsent.order_by("-created_at").first()
    return Recent(**counts, last_error=last.last_error if last else "")


def waiting(*, except_topic: str = "") -> dict[str, int]:
    """By channel, how many wait to leave; those of a topic, which a newer one takes in, left out."""
    rows = Delivery.objects.filter(next_attempt_at__isnull=False)
    if except_topic:
        rows = rows.exclude(topic=except_topic)
    return dict(rows.order_by().values_list("channel").annotate(Count("id")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the deliveries of one event are on one channel.

    `settled` were told with a later one, cancelled or are not wanted any more: nobody waits for them.
    `refused` are those of the `failed` whose address was refused for good. `oldest_at` is since when the oldest of those that wait has been waiting; `last_sent_at` when the
    latest left.
    """

    dedupe_key: str
    channel: str
    total: int
    sent: int
    waiting: int
    failed: int
    refused: int
    settled: int
    oldest_at: datetime | None
    last_sent_at: datetime | None


def progress(*, dedupe_keys: Collection[str]) -> list[Progress]:
    """The progress of some events by channel, with one statement."""
    is_open, is_bad = Q(state__in=OPEN_STATES), Q(state__in=_BAD)
    rows = Delivery.objects.filter(dedupe_key__in=dedupe_keys).order_by("dedupe_key", "channel")
    counted = rows.values("dedupe_key", "channel").annotate(
        total=Count("id"),
        sent=Count("id", filter=Q(state=State.SENT)),
        waiting=Count("id", filter=is_open),
        failed=Count("id", filter=is_bad),
        refused=Count("id", filter=is_bad & Q(bounced_at__isnull=False)),
        settled=Count("id", filter=Q(state__in=[State.FOLDED, State.CANCELLED])),
        oldest_at=Min("queued_at", filter=is_open),
        last_sent_at=Max("sent_at"),
    )
    return [Progress(**found) for found in counted]
