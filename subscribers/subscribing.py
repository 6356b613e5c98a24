"""The one way in which subscriptions are written: by visitors, the API, operators and imports.

Nobody is told anything before they have proved that the address is theirs (N4, N8); how, says
`proving`. Who asks gets the same answer for every address (reliability A3).
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from common import auditing
from components.models import Page
from notifications import outbox
from subscribers import (
    beginning,
    choices,
    followed,
    granting,
    leavers,
    limits,
    link_digests,
    proofs,
    proving,
)
from subscribers.choices import Choice, NothingChosen
from subscribers.limits import NotNow, TooManyRequests
from subscribers.models import Origin, Purpose, Reason, State, Subscriber, Suppression
from subscribers.models.people import SubscriberQuerySet
from subscribers.proofs import CodeRefused, LinkDead, Occasion

__all__ = ["Choice", "CodeRefused", "LinkDead", "NotNow", "NothingChosen", "TooManyRequests"]

# Why a subscription ended, besides `granting.EVENT_OVER` and the reasons of suppression.
LEFT = "Unsubscribed."
REMOVED = "Removed by an operator."


def state_by_word(channel: str) -> State:
    """How far somebody's word for the consent goes: a phone waits until its owner typed the code (N8)."""
    return State.WAITING if channel == "sms" else State.ACTIVE


class Suppressed(Exception):
    """The address is not written to, whoever subscribes it; `reason` is a `models.Reason`, or ""."""

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


def suppressed(reason: str) -> Suppressed:
    """The error that says for a person why (`models.Reason`) nothing is sent to the address."""
    sentence = _("This address is suppressed: %(why)s.") % {"why": Reason(reason).label}
    return Suppressed(sentence, reason=reason)


class HasLeft(Suppressed):
    """Its owner unsubscribed: only they can come back, by a new confirmation (D6)."""


def ask(
    *,
    page: Page,
    channel: str,
    address: str,
    canonical: str,
    choice: Choice,
    origin: Origin | str,
    now: datetime,
    secrets: dict[str, str] | None = None,
    options: dict[str, Any] | None = None,
    consent_note: str = "",
    language: str = "",
    client: str = "",
    holder: str = "",
    asked: Occasion = Occasion.CONFIRM,
) -> Subscriber:
    """Note that this address wants to be told, and ask it to prove that: the row, new or known.

    It subscribes on this page; on others the same address has subscriptions of its own. `holder` is
    the mailbox that signed in to a customer page.

    A subscription that is active stays as it is, and its owner is told so; a suppressed address is
    told nothing. One that waits keeps what it was asked for with, where a stranger could change it. `client` is the IP address of a visitor, who is counted. `asked` is AGAIN or
    ELSEWHERE for somebody who is not on the page, and has to be told where a code is typed.

    Raises:
        NothingChosen: see there.
        TooManyRequests: from this network, or as the channel says.
        NotNow: the channel cannot be used at the moment.
    """
    choices.check(choice, page)
    given = {
        "address": address,
        "options": (options or {}) | choice.own_options,
        "language": language,
        "origin": str(origin),
        "consent_note": consent_note,
        "holder": holder,
    }
    with transaction.atomic():
        if client:
            limits.admit(client=client, now=now)
        row, is_new = beginning.row_for(page, channel, canonical, choice.follows, given, now)
        if suppression_of(channel, canonical) is not None:
            proving.pretend(channel=channel, now=now)
            return row
        if is_new or beginning.begins_anew(row, origin, now):
            beginning.begin(row, given, secrets, choice, now=now)
        is_told_where = asked is Occasion.ELSEWHERE
        occasion = Occasion.KNOWN if row.is_active and not is_told_where else asked
        proving.prove(subscriber=row, occasion=occasion, now=now)
    return row


def ask_proved(
    *,
    page: Page,
    address: str,
    canonical: str,
    choice: Choice,
    holder: str,
    language: str,
    now: datetime,
) -> Subscriber:
    """Subscribe the very mailbox that has signed in to this page: it has proved itself by that.

    What it has chosen before on this page is replaced.

    Raises:
        Suppressed: it is not written to.
        NothingChosen: see there.
    """
    choices.check(choice, page)
    given = {
        "address": address,
        "options": choice.own_options,
        "language": language,
        "origin": str(Origin.FORM),
        "consent_note": "",
        "holder": holder,
    }
    with transaction.atomic():
        found = suppression_of("email", canonical)
        if found is not None:
            raise suppressed(found.reason)
        row, _is_new = beginning.row_for(page, "email", canonical, choice.follows, given, now)
        beginning.begin(row, given, None, choice, now=now)
        _activate(row, confirmed_at=now)
        _end_if_over(row, now=now)
    return row


def add_confirmed(
    *,
    page: Page,
    channel: str,
    address: str,
    canonical: str,
    choice: Choice,
    origin: Origin | str,
    consent_note: str,
    now: datetime,
    secrets: dict[str, str] | None = None,
    options: dict[str, Any] | None = None,
    language: str = "",
) -> Subscriber:
    """Add an address whose consent somebody states, and note what they state; one that is there stays.

    A phone is noted and waits for its code all the same (`state_by_word`); none is sent here.

    Raises:
        Suppressed: the address is not written to (D6).
        HasLeft: its owner unsubscribed.
        NothingChosen: see there.
    """
    choices.check(choice, page)
    given = {
        "address": address,
        "options": (options or {}) | choice.own_options,
        "language": language,
        "origin": str(origin),
        "consent_note": consent_note,
    }
    with transaction.atomic():
        found = suppression_of(channel, canonical)
        if found is not None:
            raise suppressed(found.reason)
        row, is_new = beginning.row_for(page, channel, canonical, choice.follows, given, now)
        has_left = row.state == State.ENDED and row.ended_reason == LEFT
        if has_left or (is_new and leavers.among([leavers.key_of(row)])):
            raise HasLeft(_("The owner of this address has unsubscribed."))
        if is_new or row.state in {State.WAITING, State.ENDED}:
            beginning.begin(row, given, secrets, choice, now=now)
            if state_by_word(channel) == State.ACTIVE:
                _activate(row, confirmed_at=None)
    return row


def confirm_by_token(*, token: str, now: datetime) -> Subscriber:
    """Confirm the subscription that this link was sent for. Raises LinkDead."""
    proof = proofs.look(token=token, purpose=Purpose.CONFIRM, now=now)
    with transaction.atomic():
        proofs.use(proof=proof, now=now)
        confirm(subscriber=proof.subscriber, now=now)
    return proof.subscriber


def confirm_by_code(*, subscriber: Subscriber, code: str, now: datetime) -> Subscriber:
    """Confirm by the code that was sent; every call is one of five guesses. Raises CodeRefused."""
    proof = proofs.guess(subscriber=subscriber, code=code, now=now)
    with transaction.atomic():
        try:
            proofs.use(proof=proof, now=now)
        except LinkDead:
            raise CodeRefused(_("This code is wrong or no longer works.")) from None
        confirm(subscriber=subscriber, now=now)
    return subscriber


def confirm(*, subscriber: Subscriber, now: datetime) -> Subscriber:
    """Take the address as proved, from now on; one that has left stays away.

    One that follows an event which is over by now ends with it at once.
    """
    with transaction.atomic():
        row = _locked(subscriber)
        if row.state in {State.WAITING, State.PAUSED}:
            _activate(row, confirmed_at=now)
            leavers.forget(row)
        _end_if_over(row, now=now)
    _copy(row, subscriber)
    return subscriber


def resume(*, subscriber: Subscriber, now: datetime) -> Subscriber:
    """Send again to one that was paused, what is announced from now on."""
    with transaction.atomic():
        row = _locked(subscriber)
        if row.state == State.PAUSED:
            _activate(row, confirmed_at=now)
    _copy(row, subscriber)
    return subscriber


def choose(*, subscriber: Subscriber, choice: Choice) -> Subscriber:
    """Change what this subscriber hears of; what it follows stays. Raises NothingChosen."""
    with transaction.atomic():
        row = _locked(subscriber)
        if not row.follows:
            choices.check(choice, row.page)
            choices.store(row, choice)
    _copy(row, subscriber)
    return subscriber


def leave(*, subscriber: Subscriber, reason: str = LEFT, now: datetime) -> Subscriber:
    """End the subscription, and cancel what is not sent yet (D1); ended ones stay as they are.

    One that was let go with its event may still wait for its last messages, so it ends here, too.
    With it ends whatever else is open for the same address, page and events: an old mail names an old
    row, and its owner means all.
    """
    with transaction.atomic():
        rows = Subscriber.objects.select_for_update().filter(
            page_id=subscriber.page_pk,
            channel=subscriber.channel,
            canonical=subscriber.canonical,
            follows=subscriber.follows,
        )
        let_go = Q(ended_reason=granting.EVENT_OVER)
        for row in rows.filter(~Q(state=State.ENDED) | let_go).order_by("id"):
            row.state, row.ended_at, row.ended_reason = State.ENDED, now, reason
            row.save(update_fields=["state", "ended_at", "ended_reason"])
            proofs.void(subscriber=row)
            outbox.cancel_grants(grants=[granting.grant_of(row.id)])
    subscriber.refresh_from_db()
    return subscriber


def undo_leave(*, subscriber: Subscriber, now: datetime) -> Subscriber:
    """Take the subscription up again as it was before, unless another one is open by now.

    Who may, and how long after, is for the caller to know. Raises Suppressed.
    """
    with transaction.atomic():
        found = suppression_of(subscriber.channel, subscriber.canonical)
        if found is not None:
            raise suppressed(found.reason)
        row = _locked(subscriber)
        others = siblings(row).filter(follows=row.follows)
        if row.state == State.ENDED and not others.exists():
            _activate(row, confirmed_at=now)
            _end_if_over(row, now=now)
    _copy(row, subscriber)
    return subscriber


def resend(*, subscriber: Subscriber, now: datetime) -> None:
    """Send once more what the state asks for: the confirmation, or a link to change what one gets.

    Raises:
        Suppressed: the address is not written to.
        TooManyRequests: it was written to often enough lately.
        NotNow: see `ask`.
    """
    with transaction.atomic():
        found = suppression_of(subscriber.channel, subscriber.canonical)
        if found is not None:
            raise suppressed(found.reason)
        occasion = Occasion.MANAGE if subscriber.is_active else Occasion.AGAIN
        if not proving.prove(subscriber=subscriber, occasion=occasion, now=now):
            raise TooManyRequests(_("This address was written to often enough for today."))


def erase(*, subscriber: Subscriber, now: datetime) -> None:
    """Delete the subscription and everything that names its address, in the audit log too."""
    with transaction.atomic():
        outbox.cancel_grants(grants=[granting.grant_of(subscriber.id)])
        shell = Subscriber(pk=subscriber.pk)
        auditing.redact(objects=[shell], now=now)
        subscriber.delete()
        # The deletion has written an entry of its own.
        auditing.redact(objects=[shell], now=now)


def siblings(subscriber: Subscriber) -> SubscriberQuerySet:
    """What else is open for the same address on the same page: an event it follows, or the page."""
    same = Subscriber.objects.filter(
        page_id=subscriber.page_pk, channel=subscriber.channel, canonical=subscriber.canonical
    )
    return same.exclude(state=State.ENDED).exclude(pk=subscriber.pk).order_by("follows")


def _activate(row: Subscriber, *, confirmed_at: datetime | None) -> None:
    row.state, row.confirmed_at, row.failing_since = State.ACTIVE, confirmed_at, None
    row.ended_at, row.ended_reason = None, ""
    fields = ["state", "confirmed_at", "failing_since", "ended_at", "ended_reason"]
    row.save(update_fields=fields)
    link_digests.keep([row])
    row.refresh_from_db(fields=["unsubscribe_digest"])


def _end_if_over(row: Subscriber, *, now: datetime) -> None:
    """End one that follows an event which is over by now."""
    if row.is_active and row.follows and not followed.is_open(row.follows):
        row.state, row.ended_at, row.ended_reason = State.ENDED, now, granting.EVENT_OVER
        row.save(update_fields=["state", "ended_at", "ended_reason"])


def suppression_of(channel: str, canonical: str) -> Suppression | None:
    """Why this address is not written to; None when it may be."""
    return Suppression.objects.filter(channel=channel, canonical=canonical).first()


def _locked(subscriber: Subscriber) -> Subscriber:
    return Subscriber.objects.select_for_update().get(pk=subscriber.pk)


def _copy(row: Subscriber, onto: Subscriber) -> None:
    """Let the caller's object show what was written."""
    for each in Subscriber._meta.concrete_fields:
        setattr(onto, each.attname, getattr(row, each.attname))
