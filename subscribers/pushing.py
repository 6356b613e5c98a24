"""Notifications in visitors' browsers: a browser is its own proof, and changes its address by itself.

Only the push services of the list are called (A8), never a private network for a visitor.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from common import sealing
from notifications import outbox
from notifications.channels import CHANNELS, calls
from notifications.messages import Message
from notifications.outbox import Letter
from subscribers import fanout, granting, hooking, limits
from subscribers.hooking import Entered
from subscribers.limits import Limit, TooManyRequests
from subscribers.models import State, Subscriber
from subscribers.proofs import Occasion

CHANNEL = "webpush"
# What one site of IPv6 holds: whoever has a /48 has 65,536 networks that `limits.admit` takes for one.
OF_A_SITE = (Limit(120, timedelta(hours=1)),)
_OF_A_BROWSER = (Limit(3, timedelta(hours=24)),)
_KEYS = ("endpoint", "p256dh", "auth")


def admit(*, client: str, now: datetime) -> None:
    """Count a visitor who names a browser; call before looking at what they sent.

    Raises:
        TooManyRequests: there were too many from there lately.
    """
    limits.admit(client=client, now=now)
    site = limits.network_of(client, v6=48)
    if not limits.take(kind=f"{CHANNEL}-site", key=site, limits=OF_A_SITE, now=now):
        raise TooManyRequests(_("Too many requests from your network. Try again in an hour."))


def entered(values: Mapping[str, str]) -> Entered:
    """What a browser gave us (`endpoint`, `p256dh`, `auth`). Raises FieldInvalid."""
    given = {name: values.get(name, "") for name in _KEYS}
    checked = hooking.checked(CHANNEL, given)
    secrets = {name: checked[name] for name in _KEYS} | {calls.FROM_VISITOR: "1"}
    return Entered(
        address=CHANNELS[CHANNEL].recipients(secrets)[0].address,
        canonical=canonical(checked["endpoint"]),
        secrets=secrets,
    )


def canonical(endpoint: str) -> str:
    """The key of a browser: one for each address that its push service gave it."""
    return hashlib.sha256(endpoint.encode()).hexdigest()


def prove(*, subscriber: Subscriber, occasion: Occasion, now: datetime) -> bool:
    """Show a first notification, so that its reader sees where the others will come."""
    if occasion not in {Occasion.CONFIRM, Occasion.AGAIN}:
        return False
    kind = f"{CHANNEL}-hello"
    if not limits.take(kind=kind, key=subscriber.canonical, limits=_OF_A_BROWSER, now=now):
        return False
    # A browser that is gone ends its subscription. Who asks becomes active in the same transaction;
    # whom an operator sends this to may be paused, and is shown it all the same.
    grant = granting.grant_of(subscriber.pk) if occasion is Occasion.CONFIRM else ""
    try:
        secrets = subscriber.secrets
    except sealing.SealBroken:
        return False
    message = Message(
        subject=subscriber.page.name,
        text=_("Here you will be told of incidents and maintenance."),
    )
    letter = Letter(
        channel=CHANNEL,
        address=fanout.address_of(subscriber),
        message=message,
        dedupe_key=f"hello:{subscriber.pk}:{now:%Y%m%d%H%M%S}",
        secrets=secrets,
        expires_at=now + timedelta(hours=1),
        grant=grant,
    )
    return outbox.put_many(letters=[letter], now=now) == 1


def renew(*, old_endpoint: str, fresh: Entered) -> bool:
    """Follow a browser to its new address; whether its old one was known.

    Who names the old address is that browser: nobody else was told it.
    """
    with transaction.atomic():
        rows = Subscriber.objects.select_for_update().exclude(state=State.ENDED)
        moved = list(rows.filter(channel=CHANNEL, canonical=canonical(old_endpoint)))
        taken = set(
            rows.filter(channel=CHANNEL, canonical=fresh.canonical).values_list(
                "page_id", "follows"
            )
        )
        for row in moved:
            if (row.page_id, row.follows) in taken:
                continue
            row.address, row.canonical = fresh.address, fresh.canonical
            row.secrets = fresh.secrets
            row.save(update_fields=["address", "canonical", "sealed"])
    return bool(moved)
