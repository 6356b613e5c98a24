"""The browsers in which operators are alerted by Web Push: connect, disconnect, forget (F5).

Each operator connects their own browsers; whether they are told is chosen on the channel.
"""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError

from accounts.models import User
from common import sealing
from monitoring.models import Browser
from notifications import outbox
from notifications.channels import CHANNELS
from notifications.channels.base import FieldInvalid, Recipient

KIND = "webpush"
# A person has a few browsers; more would be a program.
MAX_EACH = 20
_LOOK_BACK = timedelta(hours=1)


def connect(*, user: User, subscription: Mapping[str, str], name: str, now: datetime) -> Browser:
    """Store what a browser gave us (`endpoint`, `p256dh`, `auth`); the same browser is stored once.

    Raises ValidationError when it is no subscription at a push service that we know.
    """
    channel = CHANNELS[KIND]
    name = name.strip()[:100] or "Browser"
    try:
        secrets = channel.check({**subscription, "name": f"{user.get_username()}, {name}"})
    except FieldInvalid as error:
        raise ValidationError(str(error)) from None
    digest = hashlib.sha256(secrets["endpoint"].encode()).hexdigest()
    if Browser.objects.filter(user=user).exclude(digest=digest).count() >= MAX_EACH:
        raise ValidationError(f"There are {MAX_EACH} browsers already. Disconnect one first.")
    (recipient,) = channel.recipients(secrets)
    browser, _ = Browser.objects.update_or_create(
        digest=digest,
        defaults={
            "user": user,
            "name": name,
            "address": recipient.address,
            "sealed": sealing.seal_mapping(dict(recipient.secrets)),
            "created_at": now,
        },
    )
    return browser


def disconnect(*, user: User, browser_id: int) -> bool:
    """Forget one of the operator's own browsers; whether there was one."""
    return bool(Browser.objects.filter(pk=browser_id, user=user).delete()[0])


def recipients(*, user_ids: Collection[int]) -> list[Recipient]:
    """The browsers of these operators, as long as they may sign in. Raises SealBroken."""
    rows = Browser.objects.filter(user_id__in=user_ids, user__is_active=True, user__is_staff=True)
    return [
        Recipient(address=row.address, secrets=sealing.unseal_mapping(row.sealed))
        for row in rows.order_by("user_id", "pk")
    ]


def forget_gone(*, now: datetime) -> int:
    """Forget the browsers that their push service says are gone; how many."""
    bounces = outbox.permanent_failures(since=now - _LOOK_BACK)
    gone = {bounce.address: bounce.at for bounce in bounces if bounce.channel == KIND}
    if not gone:
        return 0
    rows = Browser.objects.filter(address__in=gone)
    ids = [row.pk for row in rows if row.created_at < gone[row.address]]
    return Browser.objects.filter(pk__in=ids).delete()[0]
