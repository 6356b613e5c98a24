"""Every change of a delivery's row on its way out: claimed, handed over, sent, again, ended.

Called by the drain only. A sender holds a row by its lease token; each change names the token, so
that a sender which lost its lease changes nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import models, transaction
from django.db.models import Case, F, Q, Value, When, Window
from django.db.models.functions import RowNumber

from notifications import backoff, endings, folding
from notifications.messages import BLANK
from notifications.models import Circuit, Delivery, State

# The row that claims across hosts wait for; never the name of a channel or a host.
_TURN = "(claiming)"
_FEW = 10
_STOPPED = "The sender stopped before it had an answer."
_TOO_OLD_S = backoff.TOO_OLD_AFTER.total_seconds()


class LeaseLost(Exception):
    """Somebody else has the delivery now, or it was cancelled: it must not be sent by us."""


def due_channels(*, now: datetime) -> set[str]:
    """The channels that have something to do."""
    return set(Delivery.objects.due(now=now).values_list("channel", flat=True).distinct())


def has_many_due(*, channel: str, now: datetime) -> bool:
    """Whether more is due on a channel than a few messages."""
    due = Delivery.objects.due(now=now).filter(channel=channel)
    return len(due.order_by("next_attempt_at").values_list("id", flat=True)[:_FEW]) == _FEW


def due_hosts(*, channels: Collection[str], now: datetime) -> set[str]:
    """The hosts that something is due for on these channels."""
    due = Delivery.objects.due(now=now).filter(channel__in=channels)
    return set(due.values_list("destination", flat=True).distinct())


def end_orphans(*, known: Collection[str], now: datetime) -> None:
    """Fail what is due on a channel that does not exist (any more)."""
    orphans = Delivery.objects.due(now=now).exclude(channel__in=known)
    orphans.update(**endings.ending(State.FAILED), last_error="There is no such channel.")


def settle(
    *,
    channel: str,
    max_copies: int | None,
    is_asked: bool = False,
    too_old_s: float = _TOO_OLD_S,
    now: datetime,
) -> None:
    """Deal with what is due and not to be sent as it stands; one statement where nothing is.

    What was handed over by a sender that died is asked about where the far end can be, else gets its
    second copy after a pause, or ends as "perhaps sent". What comes too late ends.
    """
    due = Delivery.objects.due(now=now).filter(channel=channel)
    is_in_doubt = Q(state=State.LEASED, handed_at__isnull=False)
    is_expired = Q(expires_at__lte=now)
    is_too_old = Q(queued_at__lte=now - timedelta(seconds=too_old_s))
    if not due.filter(is_in_doubt | is_expired | is_too_old).exists():
        return
    in_doubt = due.filter(is_in_doubt)
    if is_asked:
        in_doubt.update(state=State.PENDING, lease_token="", last_error=_STOPPED)
    elif max_copies is not None:
        in_doubt.filter(copies__gte=max_copies).update(
            **endings.ending(State.UNKNOWN),
            last_error=_STOPPED,
        )
    in_doubt.update(
        state=State.PENDING,
        lease_token="",
        handed_at=None,
        next_attempt_at=F("handed_at") + backoff.PAUSE_AFTER_DOUBT,
        last_error=_STOPPED,
    )
    due.filter(is_expired).update(**endings.ending(State.EXPIRED))
    due.filter(is_too_old).update(
        **endings.ending(State.FAILED),
        last_error=f"Too old: not sent within {too_old_s / 3600:.0f} hours.",
    )


def claim(*, channel: str, now: datetime, limit: int, lease: timedelta) -> list[Delivery]:
    """Take up to `limit` due deliveries, so that nobody else does until the lease ends.

    The rows carry our token; `next_attempt_at` on them is still the time they were due. A row whose
    sender died comes alone: should it be what killed the sender, it takes no other with it. What a
    newer one of its topic makes void is ended instead, and one whose older is being sent waits.
    """
    while True:
        rows = _claimed(channel=channel, now=now, limit=limit, lease=lease)
        left = _without_void(rows)
        if left or not rows:
            return left


def _without_void(rows: list[Delivery]) -> list[Delivery]:
    """The claimed rows but for those that newer ones have overtaken, which end here."""
    void = folding.superseded(ids=[row.id for row in rows]) if any(r.topic for r in rows) else set()
    if void:
        folding.fold(ids=void)
    return [row for row in rows if row.id not in void]


def _claimed(*, channel: str, now: datetime, limit: int, lease: timedelta) -> list[Delivery]:
    with transaction.atomic(durable=True):
        # PostgreSQL passes over rows that another worker is claiming right now; SQLite has let
        # only us begin a transaction that writes.
        due = Delivery.objects.due(now=now).filter(channel=channel, handed_at__isnull=True)
        due = folding.not_behind_one_being_sent(due)
        due = due.select_for_update(skip_locked=True).order_by("next_attempt_at", "id")
        rows = list(due[:limit])
        rows = [row for row in rows if row.state == State.LEASED][:1] or rows
        if not rows:
            return []
        token = uuid4().hex
        ids = [row.id for row in rows]
        # This one statement is the claim, and names the conditions again: row locks only save waiting.
        Delivery.objects.due(now=now).filter(id__in=ids, handed_at__isnull=True).update(
            state=State.LEASED,
            lease_token=token,
            attempts=F("attempts") + 1,
            next_attempt_at=now + lease,
        )
        ours = set(
            Delivery.objects.filter(id__in=ids, lease_token=token).values_list("id", flat=True)
        )
    for row in rows:
        row.state, row.lease_token, row.attempts = State.LEASED, token, row.attempts + 1
    return [row for row in rows if row.id in ours]


def claim_spread(
    *,
    channels: Collection[str],
    avoid: Collection[str],
    now: datetime,
    limit: int,
    per_host: int,
    lease: timedelta,
) -> list[Delivery]:
    """Take up to `limit` due deliveries of channels with many hosts, up to `per_host` for each.

    A host belongs to whoever holds deliveries for it until these are done, so that all workers
    together do not exceed what one host can bear (fault F-24). `avoid` are hosts to leave alone.
    """
    with transaction.atomic(durable=True):
        # One claim at a time: two at once would both see the same host free.
        Circuit.objects.get_or_create(channel=_TURN)
        Circuit.objects.select_for_update().get(channel=_TURN)
        held = Delivery.objects.filter(
            state=State.LEASED, next_attempt_at__gt=now, channel__in=channels
        )
        busy = {*avoid, *held.values_list("destination", flat=True).distinct()}
        due = Delivery.objects.due(now=now).filter(channel__in=channels, handed_at__isnull=True)
        number = Window(
            RowNumber(), partition_by=[F("destination")], order_by=["next_attempt_at", "id"]
        )
        due = folding.not_behind_one_being_sent(due.exclude(destination__in=busy))
        spread = due.annotate(number=number)
        rows = list(spread.filter(number__lte=per_host).order_by("number", "id")[:limit])
        if not rows:
            return []
        token = uuid4().hex
        Delivery.objects.due(now=now).filter(
            id__in=[row.id for row in rows], handed_at__isnull=True
        ).update(
            state=State.LEASED,
            lease_token=token,
            attempts=F("attempts") + 1,
            next_attempt_at=now + lease,
        )
        ours = set(
            Delivery.objects.filter(id__in=[row.id for row in rows], lease_token=token).values_list(
                "id", flat=True
            )
        )
    for row in rows:
        row.state, row.lease_token, row.attempts = State.LEASED, token, row.attempts + 1
    return _without_void([row for row in rows if row.id in ours])


def release(*, rows: Sequence[Delivery], error: str = "") -> None:
    """Put claimed deliveries that were not tried back as they were, with the time they were due."""
    alike: dict[tuple[datetime | None, str], list[Delivery]] = defaultdict(list)
    for row in rows:
        alike[row.next_attempt_at, row.lease_token].append(row)
    noted = {"last_error": error[:500]} if error else {}
    for (due_at, token), together in alike.items():
        Delivery.objects.filter(
            id__in=[row.id for row in together],
            lease_token=token,
            state=State.LEASED,
            handed_at__isnull=True,
        ).update(
            state=State.PENDING,
            lease_token="",
            attempts=F("attempts") - 1,
            next_attempt_at=due_at,
            **noted,
        )


def mark_handed(*, row: Delivery, now: datetime) -> None:
    """Note that from now on the message may have left. Raises LeaseLost; then it must not leave."""
    changed = (
        _held(row).filter(handed_at__isnull=True).update(handed_at=now, copies=F("copies") + 1)
    )
    if not changed:
        raise LeaseLost(row.public_id)
    row.handed_at, row.copies = now, row.copies + 1


def mark_handed_many(*, rows: Sequence[Delivery], now: datetime) -> set[int]:
    """As `mark_handed`, for many with one statement; the ids of those that may leave."""
    ids = [row.id for row in rows]
    tokens = {row.lease_token for row in rows}
    held = Delivery.objects.filter(
        id__in=ids, lease_token__in=tokens, state=State.LEASED, handed_at__isnull=True
    )
    changed = held.update(handed_at=now, copies=F("copies") + 1)
    ours = set(ids)
    if changed != len(ids):
        # Some were taken away. Those that we marked have our token and no other can have marked them.
        marked = Delivery.objects.filter(id__in=ids, lease_token__in=tokens, handed_at=now)
        ours = set(marked.values_list("id", flat=True))
    for row in rows:
        if row.id in ours:
            row.handed_at, row.copies = now, row.copies + 1
    return ours


def mark_sent_many(*, rows: Sequence[Delivery], now: datetime) -> None:
    """As `mark_sent`, for many with one statement."""
    for row in rows:
        if row.is_sensitive:
            mark_sent(row=row, now=now)
    plain = [row for row in rows if not row.is_sensitive]
    _not_lost(row.id for row in plain).update(**_sent(now), **_named(plain))


def mark_sent(*, row: Delivery, now: datetime) -> None:
    """Note that it was taken. True whoever holds the lease by now, so it asks for none."""
    blanked: dict[str, Any] = {"message": dict(BLANK)} if row.is_sensitive else {}
    _not_lost([row.id]).update(**_sent(now), **_named([row]), **blanked)


def _sent(now: datetime) -> dict[str, Any]:
    return {
        "state": State.SENT,
        "sent_at": now,
        "next_attempt_at": None,
        "lease_token": "",
        "last_error": "",
        "sealed": "",
    }


def _named(rows: Sequence[Delivery]) -> dict[str, Any]:
    """The column for the names that the far end gave, where it gave any."""
    named = [When(pk=row.pk, then=Value(row.provider_id)) for row in rows if row.provider_id]
    return {"provider_id": Case(*named, default=F("provider_id"))} if named else {}


def _not_lost(ids: Iterable[int]) -> models.QuerySet[Delivery]:
    """These but for those of which the far end has said meanwhile that they did not arrive."""
    return Delivery.objects.filter(Q(provider_id="") | ~Q(state=State.FAILED), id__in=list(ids))


def mark_again(*, row: Delivery, at: datetime, error: str) -> None:
    """Note a failed attempt, and when the next one may be."""
    _held(row).update(
        state=State.PENDING,
        lease_token="",
        handed_at=None,
        copies=row.copies,
        next_attempt_at=at,
        last_error=error[:500],
    )


def mark_in_doubt(*, row: Delivery, ask_at: datetime, error: str) -> None:
    """Note a handover without an answer, and when the far end is asked about it."""
    _held(row).update(
        state=State.PENDING, lease_token="", next_attempt_at=ask_at, last_error=error[:500]
    )


def mark_ended(*, row: Delivery, state: State, error: str, bounced_at: datetime | None) -> None:
    """Note that there will be no further attempt; "perhaps sent" when a copy may have arrived."""
    blanked: dict[str, Any] = {"message": dict(BLANK)} if row.is_sensitive else {}
    _held(row).update(
        state=State.UNKNOWN if row.copies else state,
        next_attempt_at=None,
        lease_token="",
        copies=row.copies,
        last_error=error[:500],
        bounced_at=bounced_at,
        **blanked,
    )


def _held(row: Delivery) -> models.QuerySet[Delivery]:
    return Delivery.objects.filter(id=row.id, lease_token=row.lease_token, state=State.LEASED)
