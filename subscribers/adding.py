"""What operators write of one subscriber: add it by hand, change its choice, ask it again.

A list goes through `csv_importing`.
"""

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from catalog import access
from catalog.access import Listed
from common import auditing, mailboxes
from components.models import Page
from subscribers import addressing, subscribing, suppressing
from subscribers.addressing import Addressed
from subscribers.canonical import Mailbox
from subscribers.models import Origin, State, Subscriber
from subscribers.proofs import Occasion
from subscribers.subscribing import Choice, NotNow, suppressed

# What an operator may send again: it stands on its own, or says where its code is typed.
_SENT_AGAIN = {(State.WAITING, "email"), (State.WAITING, "sms"), (State.ACTIVE, "email")}


class NotLetIn(ValueError):
    """The address may not hear of a customer page; the sentence is for an operator."""


class SubscribedAlready(Exception):
    """The address is subscribed; `subscriber` is the row."""

    def __init__(self, subscriber: Subscriber) -> None:
        super().__init__(_("This address is subscribed already."))
        self.subscriber = subscriber


def add(
    *,
    page: Page,
    channel: str,
    text: str,
    choice: Choice,
    has_agreed: bool,
    note: str,
    now: datetime,
) -> Subscriber:
    """Subscribe the address that was typed on a page: at once when its owner has agreed, or else ask it first.

    A phone is sent a code in either case, and waits until its owner typed it (N8). `note` says where
    the consent comes from; it is kept and exported.

    Raises:
        AddressInvalid: what is wrong with it.
        NotLetIn: nobody who may see this customer page stands behind the address.
        SubscribedAlready: and is told events, or paused.
        Suppressed: the address is not written to; `HasLeft` when its owner unsubscribed, and only a
            confirmation of theirs counts.
        NothingChosen, TooManyRequests, NotNow: see `subscribing.ask`.
    """
    addressed = admitted(page, channel, addressing.read(channel=channel, text=text))
    _check(page, channel, addressed)
    is_by_word = subscribing.state_by_word(channel) == State.ACTIVE
    if has_agreed and is_by_word:
        return subscribing.add_confirmed(
            page=page,
            channel=channel,
            address=addressed.address,
            canonical=addressed.canonical,
            choice=choice,
            origin=Origin.OPERATOR,
            consent_note=note,
            now=now,
        )
    return subscribing.ask(
        page=page,
        channel=channel,
        address=addressed.address,
        canonical=addressed.canonical,
        choice=choice,
        origin=Origin.OPERATOR,
        consent_note=note,
        asked=Occasion.CONFIRM if is_by_word else Occasion.AGAIN,
        now=now,
    )


def change_choice(*, subscriber: Subscriber, choice: Choice, now: datetime) -> Subscriber:
    """Change what somebody hears of, and keep in the audit log which components it was before.

    Raises:
        NothingChosen: see `subscribing.choose`.
    """
    with transaction.atomic():
        before = _components(subscriber)
        row = subscribing.choose(subscriber=subscriber, choice=choice)
        after = _components(row)
        auditing.record(
            subject=row, before={"components": before}, after={"components": after}, now=now
        )
    return row


def ask_again(*, subscriber: Subscriber, now: datetime) -> None:
    """Send the confirmation once more, to a phone a code; to an active one the link to change things.

    Raises:
        NotNow: it has left or is paused, and no letter would help; or see `subscribing.resend`.
        Suppressed, TooManyRequests: see there.
    """
    if subscriber.state not in {State.WAITING, State.ACTIVE}:
        raise NotNow(_("Nothing was sent: this one is neither active nor waiting."))
    if (subscriber.state, subscriber.channel) not in _SENT_AGAIN:
        raise NotNow(_("Nothing was sent: only mails, and codes for phones, are sent from here."))
    subscribing.resend(subscriber=subscriber, now=now)


def _components(subscriber: Subscriber) -> str:
    names = subscriber.chosen.order_by("component__name").values_list("component__name", flat=True)
    return ", ".join(names)


def admitted(
    page: Page, channel: str, addressed: Addressed, listed: Listed | None = None
) -> Addressed:
    """The address as it subscribes on a page: on a customer page a mailbox that may see it (AMB-13).

    `listed` are the lists of that page, where the caller has read them.

    Raises:
        NotLetIn: it may not.
    """
    if not page.is_customer:
        return addressed
    if channel != "email":
        raise NotLetIn(_("On a customer page, only people who signed in add phones and hooks."))
    found = mailbox_of(page, Mailbox(addressed.address, addressed.canonical), listed)
    return Addressed(found.address, found.key)


def mailbox_of(page: Page, mailbox: Mailbox, listed: Listed | None = None) -> Mailbox:
    """A mailbox in the one form that is compared and sent to, if it may see this customer page.

    Raises:
        NotLetIn: it may not.
    """
    if not access.lets_in(listed or access.listed(page.pk), mailbox.address):
        raise NotLetIn(_("Nobody may see this page with that address: its domain is not listed."))
    return replace(mailbox, address=str(mailboxes.mailbox(mailbox.address)))


def _check(page: Page, channel: str, addressed: Addressed) -> None:
    """What a visitor is never told, and an operator has to know before anything is sent."""
    key = (channel, addressed.canonical)
    reason = suppressing.reasons(addresses=[key]).get(key)
    if reason is not None:
        raise suppressed(reason)
    told = Subscriber.objects.filter(
        page=page,
        channel=channel,
        canonical=addressed.canonical,
        follows="",
        state__in=[State.ACTIVE, State.PAUSED],
    ).first()
    if told is not None:
        raise SubscribedAlready(told)
