"""The only way out of the house: put a message for somebody here, inside your own transaction.

It leaves within about a second of the commit, and never when the transaction is rolled back. Also
what others may read of deliveries, and what operators may do to them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, Max, Min, OuterRef, Q

from common import auditing, sealing
from notifications import endings, folding
from notifications.channels import CHANNELS
from notifications.messages import BLANK, Message, check_parts, one_line
from notifications.models import OPEN_STATES, Body, Delivery, State

CHUNK = 1_000
KEEP_FOR = timedelta(days=90)
_KEY_MAX = 200
_ADDRESS_MAX = 320
_HOST_MAX = 255
_ENDED_STATES = [state for state in State if state not in OPEN_STATES]


class KeyTooLong(ValueError):
    """The dedupe key does not fit: name the event by its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message for one address over one channel.

    `dedupe_key` names the event (`update:17`): the same event reaches an address once, however often
    it is put. After `expires_at` it is dropped rather than sent. The content of a sensitive letter
    is blanked once its end is known, and no operator is shown it.

    `secrets` is what the channel needs to send it (see `Channel.fields`), kept sealed; `address` is
    then a name for people, which tells this recipient from others. `sealed` is given in its place
    where nobody can unseal it any more: the delivery then fails, where operators see it. `schedule`
    names a retry schedule of `backoff.BY_NAME` in place of the channel's own.

    A message that many get alike is stored once, under `body_key`; what the key meant first it means
    for good. `parts` fill the gaps of it (`messages.gap`) for this recipient. Letters of one `topic`
    reach an address in the order of `sequence`, and a later one takes in what is unsent before it.
    `grant` ("subscriber:17") is asked about again just before it leaves (settings.DELIVERY_GRANTS).
    `scope` (at most 20 letters) lets an address have the same event more than once, one for each.
    """

    channel: str
    address: str
    message: Message
    dedupe_key: str
    expires_at: datetime | None = None
    is_sensitive: bool = False
    secrets: Mapping[str, str] = field(default_factory=dict)
    sealed: str = ""
    schedule: str = ""
    body_key: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    topic: str = ""
    sequence: int = 0
    grant: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """An address that was refused for good."""

    channel: str
    address: str
    at: datetime
    error: str
    grant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """A grant under which nothing arrives: since when, as of which letter, and the last error."""

    grant: str
    since: datetime
    latest: datetime
    error: str


def put(
    *,
    channel: str,
    address: str,
    message: Message,
    dedupe_key: str,
    now: datetime,
    expires_at: datetime | None = None,
    is_sensitive: bool = False,
    grant: str = "",
) -> bool:
    """Store one letter (see `Letter`); whether it is new.

    An address or a channel that is no good does not fail here, in the middle of the caller's work:
    the delivery fails, where operators see it.

    Raises:
        KeyTooLong: more than 200 characters.
    """
    letter = Letter(
        channel=channel,
        address=address,
        message=message,
        dedupe_key=dedupe_key,
        expires_at=expires_at,
        is_sensitive=is_sensitive,
        grant=grant,
    )
    return put_many(letters=[letter], now=now) == 1


def put_many(*, letters: Iterable[Letter], now: datetime) -> int:
    """Store many letters and return how many are new, with a few statements for each thousand.

    Raises:
        KeyTooLong: a dedupe key has more than 200 characters; nothing is stored then.
        PartNotAllowed: see `messages.check_parts`.
    """
    chosen = list(letters)
    with transaction.atomic():
        bodies = _bodies(chosen, now)
        rows = {_recipient(row): row for row in _rows(chosen, bodies, now)}
        waiting = list(rows.values())
        return sum(
            _put_chunk(waiting[start : start + CHUNK]) for start in range(0, len(waiting), CHUNK)
        )


def cancel(
    *, dedupe_key: str, channel: str | None = None, addresses: Collection[str] | None = None
) -> int:
    """Stop what has not been handed over yet of an event, for all or for some; how many it stopped."""
    rows = Delivery.objects.stoppable().filter(dedupe_key=dedupe_key)
    if channel is not None:
        rows = rows.filter(channel=channel)
    if addresses is not None:
        rows = rows.filter(address__in=addresses)
    return rows.update(**endings.ending(State.CANCELLED))


def cancel_topic(*, topic: str, now: datetime) -> int:
    """Stop what has not been handed over yet of everything about a topic; how many it stopped.

    What is being handed over at this moment may be taken; if it comes back, its time is over. The
    words that many got are gone, so that nobody sends what failed of them once more.
    """
    rows = Delivery.objects.filter(topic=topic).exclude(topic="")
    with transaction.atomic():
        Body.objects.filter(pk__in=rows.exclude(body=None).values("body")).update(
            message=dict(BLANK)
        )
        stopped = rows.stoppable().update(**endings.ending(State.CANCELLED))
        rows.open().update(expires_at=now)
    return stopped


def cancel_grants(*, grants: Collection[str]) -> int:
    """Stop what has not been handed over yet and is sent under these grants; how many it stopped."""
    rows = Delivery.objects.stoppable().filter(grant__in=[one for one in grants if one])
    return rows.update(**endings.ending(State.CANCELLED))


def hold_open() -> int:
    """Let nothing leave that was open when a back-up was made; how many it held (reliability, H5).

    Whether these left after the back-up nobody knows: they end as "perhaps sent", and operators may
    try them again. Call while no worker runs.
    """
    return Delivery.objects.open().update(
        **endings.ending(State.UNKNOWN), last_error="Restored from a back-up: perhaps sent since."
    )


def try_again(*, ids: Collection[int], now: datetime) -> int:
    """Queue deliveries that ended badly once more, on an operator's word; how many it queued.

    Sensitive ones stay, and those of a cancelled topic: their content is gone. One that is "perhaps
    sent" may arrive twice.
    """
    ended = Delivery.objects.filter(
        ~Exists(Body.objects.filter(pk=OuterRef("body"), message=dict(BLANK))),
        id__in=ids,
        is_sensitive=False,
        state__in=[State.FAILED, State.UNKNOWN, State.EXPIRED],
    )
    with transaction.atomic():
        rows = list(ended.select_for_update().order_by("id"))
        queued = Delivery.objects.filter(id__in=[row.id for row in rows]).update(
            state=State.PENDING,
            attempts=0,
            copies=0,
            next_attempt_at=now,
            queued_at=now,
            handed_at=None,
            bounced_at=None,
            expires_at=None,
            provider_id="",
            delivered_at=None,
        )
        for row in rows:
            before, after = {"state": row.state}, {"state": State.PENDING}
            auditing.record(subject=row, before=before, after=after, now=now)
    return queued


def permanent_failures(*, since: datetime) -> list[Bounce]:
    """The addresses that were refused for good from `since` on, oldest first."""
    rows = Delivery.objects.filter(bounced_at__gte=since).order_by("bounced_at", "id")
    return [
        Bounce(
            channel=row.channel,
            address=row.address,
            at=row.bounced_at,
            error=row.last_error,
            grant=row.grant,
        )
        for row in rows.only("channel", "address", "bounced_at", "last_error", "grant")
        if row.bounced_at is not None
    ]


def failing(*, channels: Collection[str], for_at_least: timedelta, now: datetime) -> list[Failing]:
    """The grants whose letters on these channels have failed for so long, from one to a later one.

    A single letter that failed says little, however long ago; a success in between says all is well.
    """
    bad = Q(state__in=[State.FAILED, State.UNKNOWN, State.EXPIRED]) | Q(
        state__in=OPEN_STATES, attempts__gt=0
    )
    later_success = Delivery.objects.filter(
        grant=OuterRef("grant"), sent_at__gt=OuterRef("created_at")
    )
    rows = Delivery.objects.filter(bad, channel__in=channels, created_at__gt=now - KEEP_FOR)
    rows = rows.exclude(grant="").exclude(last_error="").filter(~Exists(later_success)).order_by()
    grouped = rows.values("grant").annotate(
        since=Min("created_at"), latest=Max("created_at"), error=Max("last_error")
    )
    return [Failing(**found) for found in grouped.filter(latest__gte=F("since") + for_at_least)]


def oldest_due_age(*, now: datetime) -> timedelta | None:
    """How long the oldest due delivery has been waiting for a sender; None when nothing waits."""
    oldest = Delivery.objects.due(now=now).aggregate(at=Min("next_attempt_at"))["at"]
    return None if oldest is None else now - oldest


def prune(*, now: datetime) -> int:
    """Delete deliveries that ended and are older than 90 days; how many."""
    deleted = 0
    while True:
        old = Delivery.objects.filter(created_at__lte=now - KEEP_FOR, state__in=_ENDED_STATES)
        ids = list(old.order_by("created_at").values_list("id", flat=True)[:CHUNK])
        deleted += Delivery.objects.filter(id__in=ids).delete()[0]
        if len(ids) < CHUNK:
            break
    in_use = Delivery.objects.filter(body=OuterRef("pk"))
    Body.objects.filter(~Exists(in_use), created_at__lte=now - KEEP_FOR).delete()
    return deleted


def _bodies(letters: Iterable[Letter], now: datetime) -> dict[str, int]:
    """The ids of the shared messages by their keys; what is not stored yet is stored."""
    shared = {letter.body_key: letter.message for letter in letters if letter.body_key}
    if not shared:
        return {}
    known = dict(Body.objects.filter(key__in=shared).values_list("key", "id"))
    new = [
        Body(key=_fitting(key), message=message.as_json(), created_at=now)
        for key, message in shared.items()
        if key not in known
    ]
    if new:
        Body.objects.bulk_create(new, ignore_conflicts=True)
        known = dict(Body.objects.filter(key__in=shared).values_list("key", "id"))
    return known


def _fitting(key: str) -> str:
    if len(key) > _KEY_MAX:
        raise KeyTooLong(key[:_KEY_MAX])
    return key


def _rows(
    letters: Iterable[Letter], bodies: Mapping[str, int], now: datetime
) -> Iterable[Delivery]:
    for letter in letters:
        yield Delivery(
            dedupe_key=_fitting(letter.dedupe_key),
            channel=letter.channel,
            address=one_line(letter.address)[:_ADDRESS_MAX],
            message={} if letter.body_key else letter.message.as_json(),
            body_id=bodies.get(letter.body_key),
            parts=check_parts(letter.parts),
            topic=letter.topic,
            sequence=letter.sequence,
            grant=letter.grant,
            scope=letter.scope,
            sealed=letter.sealed or sealing.seal_mapping(dict(letter.secrets)),
            schedule=letter.schedule,
            destination=_destination(letter),
            next_attempt_at=now,
            expires_at=letter.expires_at,
            is_sensitive=letter.is_sensitive,
            created_at=now,
            queued_at=now,
        )


def _destination(letter: Letter) -> str:
    channel = CHANNELS.get(letter.channel)
    if channel is None or letter.sealed:
        return ""
    return channel.destination(letter.secrets)[:_HOST_MAX]


def _put_chunk(rows: list[Delivery]) -> int:
    known = set(
        Delivery.objects.filter(
            dedupe_key__in={row.dedupe_key for row in rows},
            address__in=[row.address for row in rows],
        ).values_list("dedupe_key", "channel", "address", "scope")
    )
    new = [row for row in rows if _recipient(row) not in known]
    folding.take_in_earlier(rows=[row for row in new if row.topic])
    # Another caller may have put the same meanwhile: then the row is theirs, and counted twice.
    Delivery.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def _recipient(row: Delivery) -> tuple[str, str, str, str]:
    """What one delivery there is for."""
    return row.dedupe_key, row.channel, row.address, row.scope
