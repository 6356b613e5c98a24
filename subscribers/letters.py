"""Mails to somebody about their own subscription: confirm it, or change it. Links only, no secrets kept.

Called through `proving`. Sensitive: the text with the link is blanked once it is sent. A mailbox gets
one confirmation that is open, and five letters a day, whoever asks (A5); when it has had them nothing
is sent, and nobody who asks can tell (A3).
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from components.models import Page
from notifications import outbox
from notifications.messages import Message, one_line
from notifications.outbox import Letter
from subscribers import granting, limits, proofs, told_pages
from subscribers.limits import Limit
from subscribers.models import Proof, Purpose, State, Subscriber
from subscribers.proofs import Occasion

OF_A_MAILBOX = (Limit(5, timedelta(hours=24)), Limit(1, timedelta(seconds=60)))
MANAGE_LIVES = timedelta(hours=1)
# Longer lists are counted instead of named.
_NAMED_MAX = 5
# A letter to nobody: withdrawn before it leaves.
_NOBODY = "nobody@candor.invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    template: str
    purpose: Purpose
    path: str
    lives: timedelta


_CONFIRM = _Kind(
    template="confirm",
    purpose=Purpose.CONFIRM,
    path="/subscriptions/confirm/",
    lives=proofs.LINK_LIVES,
)
_KINDS = {
    Occasion.CONFIRM: _CONFIRM,
    Occasion.AGAIN: _CONFIRM,
    Occasion.KNOWN: _Kind(
        template="known", purpose=Purpose.MANAGE, path="/subscriptions/open/", lives=MANAGE_LIVES
    ),
    Occasion.MANAGE: _Kind(
        template="manage", purpose=Purpose.MANAGE, path="/subscriptions/open/", lives=MANAGE_LIVES
    ),
}


def prove(*, subscriber: Subscriber, occasion: Occasion, now: datetime) -> bool:
    """Put the letter for this occasion, or a decoy when the mailbox had enough; whether it is real."""
    kind = _KINDS[occasion]
    limits.hold(kind="mailbox", key=subscriber.canonical, now=now)
    is_enough = occasion is Occasion.CONFIRM and _has_one_open(subscriber, now)
    if is_enough or not limits.take(
        kind="mailbox", key=subscriber.canonical, limits=OF_A_MAILBOX, now=now
    ):
        put_decoy(now=now)
        return False
    issued = proofs.issue(subscriber=subscriber, purpose=kind.purpose, now=now, lives=kind.lives)
    with translation.override(subscriber.language or subscriber.page.language):
        message = _message(subscriber, kind, issued)
    outbox.put(
        channel="email",
        address=subscriber.address,
        message=message,
        dedupe_key=f"proof:{issued.proof_id}",
        expires_at=issued.expires_at,
        is_sensitive=True,
        grant=granting.reader_of(subscriber.pk) if subscriber.page.is_customer else "",
        now=now,
    )
    return True


def can_be_sent() -> bool:
    """Whether mail can be read: without a server it is written to the log, which only the demo shows
    to whoever tries it."""
    if settings.IS_DEMO:
        return True
    return not settings.EMAIL_BACKEND.endswith((".console.EmailBackend", ".dummy.EmailBackend"))


def put_decoy(*, now: datetime) -> None:
    """Put a letter that is withdrawn before it leaves, so that asking takes as long as ever (A3)."""
    message = Message(subject=_("Nothing"), text=_("Nothing"))
    letter = Letter(
        channel="email",
        address=_NOBODY,
        message=message,
        dedupe_key=f"decoy:{secrets.token_hex(8)}",
        is_sensitive=True,
        grant=granting.grant_of(0),
    )
    outbox.put_many(letters=[letter], now=now)


def _has_one_open(subscriber: Subscriber, now: datetime) -> bool:
    """Whether this mailbox has been asked to confirm on this page and can still do so (A5)."""
    waiting = Proof.objects.usable(now=now).filter(
        purpose=Purpose.CONFIRM,
        subscriber__channel=subscriber.channel,
        subscriber__canonical=subscriber.canonical,
        subscriber__state=State.WAITING,
        subscriber__page=subscriber.page_id,
    )
    return waiting.exists()


def _message(subscriber: Subscriber, kind: _Kind, issued: proofs.Issued) -> Message:
    page = told_pages.read(page_ids=[subscriber.page_pk])[subscriber.page_pk]
    context = {
        "page_name": shown_name(subscriber.page),
        "brand": page.brand,
        "address": subscriber.address,
        "about": about(subscriber),
        "url": page.own_links.url(f"{kind.path}{issued.token}"),
    }
    name = f"subscribers/emails/{kind.template}"
    return Message(
        subject=render_to_string(f"{name}.subject.txt", context),
        text=render_to_string(f"{name}.txt", context),
        html=render_to_string(f"{name}.html", context),
    )


def shown_name(page: Page) -> str:
    """The page's name as our mails may show it: no address and no link in it (D8)."""
    return one_line(page.name).replace("@", " ").replace("://", " ")


def about(subscriber: Subscriber) -> str:
    """What the subscription is about, in words that follow "about"."""
    if subscriber.follows:
        return str(subscriber.options.get("event") or _("one event"))
    if subscriber.wants_all:
        return _("all components")
    visible = subscriber.chosen.filter(component__is_visible=True)
    names = list(visible.order_by("component__name").values_list("component__name", flat=True))
    if len(names) > _NAMED_MAX:
        return _("%(count)s components") % {"count": len(names)}
    return str(get_text_list(names, _("and"))) or _("components")
