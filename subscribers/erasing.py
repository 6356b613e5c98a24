"""Everything that is kept about one person: as a file for them, or gone for good (N11).

A person is an address on one channel, however often it subscribed. The published page, the feeds and
the calendar name no subscriber. What apps above this one keep of a person, they erase and tell
themselves: settings.PERSON_ERASERS and settings.PERSON_FILES name their functions.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.module_loading import import_string

from common import auditing
from notifications import forgetting, reading
from subscribers import fanout, granting, leavers, subscribing
from subscribers.models import Asked, InboundMessage, Proof, State, Subscriber, Suppression
from subscribers.models.people import SubscriberQuerySet

# What is sent to a person about their own subscription, under no grant: by the beginning of its key.
LETTERS = ("proof:", "hello:")
_DELIVERIES_MAX = 1_000


class Eraser(Protocol):
    """Deletes what is kept of an address on a channel; called within a transaction."""

    def __call__(self, *, channel: str, canonical: str, now: datetime) -> None: ...


class Teller(Protocol):
    """All that is kept of a mailbox, as plain JSON values without secrets."""

    def __call__(self, *, canonical: str) -> Any: ...


def everything_about(*, subscriber: Subscriber, now: datetime) -> dict[str, Any]:
    """All that is kept about the person behind a subscriber, as plain JSON values, for them.

    No secrets, and no component that visitors do not see. The audit log keeps who took it.
    """
    auditing.record(subject=subscriber, before={}, after={"exported_person": 1}, now=now)
    same_person = _same_person(subscriber).select_related("page")
    rows = list(same_person.prefetch_related("chosen__component").order_by("id"))
    ids = [row.pk for row in rows]
    proofs = Proof.objects.filter(subscriber__in=ids).order_by("id")
    same = {"channel": subscriber.channel, "canonical": subscriber.canonical}
    return {
        "address": subscriber.address,
        "channel": subscriber.channel,
        "exported_at": now.isoformat(),
        "subscriptions": [_subscription(row) for row in rows],
        "confirmations_and_links": [
            {"purpose": one.purpose, "sent_at": _iso(one.created_at), "used_at": _iso(one.used_at)}
            for one in proofs
        ],
        "messages": [
            {"about": one.subject, "state": one.state, "at": _iso(one.at), "to": one.address}
            for one in reading.latest_under(grants=_grants(ids), limit=_DELIVERIES_MAX)
        ],
        "text_messages_received": [
            {"keyword": one.keyword, "received_at": _iso(one.received_at)}
            for one in _received(subscriber).order_by("received_at")
        ],
        "suppressed": [
            {"reason": one.reason, "note": one.note, "since": _iso(one.created_at)}
            for one in Suppression.objects.filter(**same).order_by("id")
        ],
        **_told_elsewhere(subscriber),
    }


def erase_person(*, subscriber: Subscriber, now: datetime) -> None:
    """Delete all subscriptions of the person, and their address wherever it stands in any app.

    That is what `erase_subscriptions` says, and what other apps keep, as where a mailbox signed in.
    """
    with transaction.atomic():
        for path in settings.PERSON_ERASERS:
            erase: Eraser = import_string(path)
            erase(channel=subscriber.channel, canonical=subscriber.canonical, now=now)
        erase_subscriptions(subscriber=subscriber, now=now)


def erase_subscriptions(*, subscriber: Subscriber, now: datetime) -> None:
    """Delete all subscriptions of the person, and what is kept because of them.

    That is: what waits to be sent and what was sent, links and codes, what they have just asked for,
    text messages that came in, and the entries of the audit log; of every page. What they added to a
    customer page by signing in with this mailbox (a phone, a hook) goes with them, because nobody
    else stands for it; who confirmed a mailbox of their own keeps it. An entry of the suppression
    list stays, without its note: without it the address would be written to again as soon as
    somebody subscribes it (D6). Of who left by themselves a digest stays, so that no list brings
    them back (`leavers`).
    """
    with transaction.atomic():
        rows = list(_same_person(subscriber).select_for_update().order_by("id"))
        entries = list(
            Suppression.objects.filter(channel=subscriber.channel, canonical=subscriber.canonical)
        )
        forgetting.forget(
            grants=_grants([row.pk for row in rows]),
            channel=subscriber.channel,
            addresses={fanout.address_of(row) for row in rows},
            keys=LETTERS,
            about=[f"paused:{row.pk}:" for row in rows],
            now=now,
        )
        _received(subscriber).delete()
        if subscriber.channel == "email":
            Asked.objects.filter(
                Q(canonical=subscriber.canonical) | Q(holder__in=_holders(rows))
            ).delete()
            _erase_held(_holders(rows), now=now)
        leavers.remember([row for row in rows if _has_left(row)], now=now)
        for row in rows:
            subscribing.erase(subscriber=row, now=now)
        Suppression.objects.filter(pk__in=[one.pk for one in entries]).update(note="")
        auditing.redact(objects=entries, now=now)
        # What was lifted is gone from the list and still named in the log.
        lifted = Suppression(channel=subscriber.channel, canonical=subscriber.canonical)
        auditing.redact_named(model=Suppression, name=str(lifted), now=now)


def _same_person(subscriber: Subscriber) -> SubscriberQuerySet:
    return Subscriber.objects.filter(channel=subscriber.channel, canonical=subscriber.canonical)


def _has_left(row: Subscriber) -> bool:
    return row.state == State.ENDED and row.ended_reason == subscribing.LEFT and not row.follows


def _holders(rows: Iterable[Subscriber]) -> set[str]:
    """The mailboxes of these addresses as they sign in to customer pages."""
    return {row.address for row in rows if row.channel == "email"}


def _erase_held(holders: set[str], *, now: datetime) -> None:
    """Erase what these mailboxes have added to customer pages beside mailboxes."""
    held = Subscriber.objects.filter(holder__in=holders)
    held.filter(channel="email").update(holder="")
    for row in held.exclude(channel="email").order_by("id"):
        # An earlier one of the same address took this one along.
        if Subscriber.objects.filter(pk=row.pk).exists():
            erase_subscriptions(subscriber=row, now=now)


def _told_elsewhere(subscriber: Subscriber) -> dict[str, Any]:
    """What other apps keep of a mailbox, by the names that the file has for it."""
    if subscriber.channel != "email":
        return {}
    tellers: dict[str, Teller] = {
        name: import_string(path) for name, path in settings.PERSON_FILES.items()
    }
    return {name: tell(canonical=subscriber.canonical) for name, tell in tellers.items()}


def _received(subscriber: Subscriber) -> Any:
    """The text messages that came from this number; no other channel has any."""
    number = subscriber.canonical if subscriber.channel == "sms" else ""
    return InboundMessage.objects.filter(canonical=number).exclude(canonical="")


def _grants(ids: list[int]) -> list[str]:
    return [granting.grant_of(one) for one in ids]


def _subscription(row: Subscriber) -> dict[str, Any]:
    return {
        "page": row.page.name,
        "state": row.state,
        "everything": row.wants_all,
        "components": sorted(
            one.component.name for one in row.chosen.all() if one.component.is_visible
        ),
        "postmortems": row.wants_postmortems,
        "follows": row.follows,
        "language": row.language,
        "consent": {"origin": row.origin, "note": row.consent_note},
        "since": _iso(row.created_at),
        "confirmed_at": _iso(row.confirmed_at),
        "ended_at": _iso(row.ended_at),
        "ended_reason": row.ended_reason,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
