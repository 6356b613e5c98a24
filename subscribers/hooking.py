"""Hooks of visitors: webhooks of their own, and channels of Slack, Microsoft Teams and Discord.

Whoever gives an address proves that they read what arrives there: a code is posted to it, and is typed
here. What the far end answers is shown to nobody, private networks are never called for a visitor
(A7), and no host is called again and again for people who only ask.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from common import egress, guarded_http, sealing
from components import page_addresses
from notifications import outbox
from notifications.channels import CHANNELS, calls
from notifications.channels.base import FieldInvalid
from notifications.channels.webhook import new_secret
from notifications.messages import Message
from notifications.outbox import Letter
from subscribers import code_links, fanout, limits, proofs
from subscribers.limits import Limit, TooManyRequests
from subscribers.models import Purpose, Subscriber
from subscribers.proofs import Occasion

WEBHOOK = "webhook"
CHATS = ("slack", "teams", "discord")
PAYLOADS = ("native", "statuspage")
# How long bodies are signed with the secret before, too.
BOTH_FOR = timedelta(hours=24)
_BEFORE, _REPLACED_AT = "previous_secret", "replaced_at"

OF_A_HOOK = (Limit(3, timedelta(hours=24)), Limit(1, timedelta(seconds=60)))
OF_A_HOST = (Limit(20, timedelta(hours=1)),)
OF_A_NETWORK = (Limit(10, timedelta(hours=1)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A hook as it is stored: `address` names it for people and gives nothing away."""

    address: str
    canonical: str
    secrets: dict[str, str]
    options: dict[str, str] = field(default_factory=dict)


def admit(*, client: str, now: datetime) -> None:
    """Count a visitor who wants something posted somewhere. Raises TooManyRequests."""
    key = limits.network_of(client, v6=48)
    if not limits.take(kind="hook-network", key=key, limits=OF_A_NETWORK, now=now):
        raise TooManyRequests(_("Too many requests from your network. Try again in an hour."))


def entered(*, channel: str, url: str, payload: str = "native") -> Entered:
    """A visitor's hook, checked as far as its text tells. Raises FieldInvalid."""
    secrets = checked(channel, {"url": url})
    _check_public(secrets["url"])
    secrets = {name: value for name, value in secrets.items() if value}
    secrets[calls.FROM_VISITOR] = "1"
    options = {"payload": payload if payload in PAYLOADS else PAYLOADS[0]}
    return Entered(
        address=CHANNELS[channel].recipients(secrets)[0].address,
        canonical=hashlib.sha256(secrets["url"].encode()).hexdigest(),
        secrets=secrets,
        options=options if channel == WEBHOOK else {},
    )


def checked(channel: str, values: Mapping[str, str]) -> dict[str, str]:
    """What a visitor gave, as the channel takes it; raises FieldInvalid, with nothing for operators."""
    try:
        return CHANNELS[channel].check(values)
    except calls.AddressForbidden as error:
        raise FieldInvalid(error.name, _("This address may not be called.")) from None


def prove(*, subscriber: Subscriber, occasion: Occasion, now: datetime) -> bool:
    """Post a code to the hook, whatever the occasion; whether it had not had enough of them."""
    try:
        secrets = subscriber.secrets
    except sealing.SealBroken:
        return False
    if not limits.take(kind="hook", key=subscriber.canonical, limits=OF_A_HOOK, now=now):
        return False
    # Not by port: whoever has a host has all of them.
    host = urlsplit(secrets.get("url", "")).hostname or ""
    is_anywhere = subscriber.channel == WEBHOOK
    if is_anywhere and not limits.take(kind="hook-host", key=host, limits=OF_A_HOST, now=now):
        return False
    issued = proofs.issue(
        subscriber=subscriber,
        purpose=Purpose.CONFIRM,
        now=now,
        lives=proofs.CODE_LIVES,
        with_code=True,
    )
    where = (
        code_links.url(subscriber, now=now)
        if occasion in proofs.NOT_ON_THE_PAGE
        else page_addresses.canonical(subscriber.page).url("")
    )
    with translation.override(subscriber.language or subscriber.page.language):
        message = _challenge(issued.code, page=subscriber.page.name, url=where, now=now)
    letter = Letter(
        channel=subscriber.channel,
        address=fanout.address_of(subscriber),
        message=message,
        dedupe_key=f"proof:{issued.proof_id}",
        secrets=secrets,
        expires_at=issued.expires_at,
        is_sensitive=True,
    )
    return outbox.put_many(letters=[letter], now=now) == 1


def rotate(*, subscriber: Subscriber, now: datetime) -> str:
    """A new signing secret for a webhook, to be shown once; the one before signs for a day more."""
    with transaction.atomic():
        row = Subscriber.objects.select_for_update().get(pk=subscriber.pk, channel=WEBHOOK)
        secrets, fresh = row.secrets, new_secret()
        row.secrets = {**secrets, "secret": fresh, _BEFORE: secrets.get("secret", "")}
        row.options = {**row.options, _REPLACED_AT: now.isoformat()}
        row.save(update_fields=["sealed", "options"])
    return fresh


def forget_replaced(*, now: datetime) -> int:
    """Forget the secrets that were replaced a day ago; how many."""
    rows = Subscriber.objects.select_for_update().filter(
        channel=WEBHOOK, options__has_key=_REPLACED_AT
    )
    with transaction.atomic():
        return sum(_forget(row, now) for row in rows.order_by("id"))


def _forget(row: Subscriber, now: datetime) -> bool:
    if datetime.fromisoformat(row.options[_REPLACED_AT]) > now - BOTH_FOR:
        return False
    try:
        row.secrets = _without(row.secrets, _BEFORE)
    except sealing.SealBroken:
        return False  # nobody can use it either, and it does not hold up the others
    row.options = _without(row.options, _REPLACED_AT)
    row.save(update_fields=["sealed", "options"])
    return True


def _without(mapping: Mapping[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in mapping.items() if key != name}


def _check_public(url: str) -> None:
    """Refuse what only operators may call: private addresses, and http without TLS."""
    may_be_private = settings.ALLOW_PRIVATE_VISITOR_HOOKS
    try:
        guarded_http.check_url(url, allow_http=may_be_private)
    except guarded_http.UrlNotAllowed as error:
        raise FieldInvalid("url", _(str(error))) from None
    host = (urlsplit(url).hostname or "").strip("[]")
    guard = egress.monitor_guard(allow_private=may_be_private)
    if guarded_http.is_address(host) and not guard(host):
        raise FieldInvalid("url", _("This address may not be called."))


def _challenge(code: str, *, page: str, url: str, now: datetime) -> Message:
    text = _(
        "%(code)s is the code that brings messages about incidents of %(page)s here. Type it where "
        "you asked for them, within 15 minutes. If you did not ask, do nothing: no more will come."
    )
    payload = {
        "type": "webhook.challenge",
        "timestamp": now.isoformat(),
        "data": {"code": code, "page": page, "url": url},
    }
    subject = _("Your code: %(code)s") % {"code": code}
    return Message(
        subject=subject,
        text=text % {"code": code, "page": page},
        url=url,
        payload=payload,
    )
