"""How many messages a channel may send now, where its speed is limited: for all workers together.

One row a channel says until when its allowance is used up; taking some moves that on.
"""

from datetime import datetime, timedelta

from django.db import transaction

from notifications.models import Pace

# What was not used in this time is gone: no burst after a pause.
_SAVED_UP = timedelta(seconds=1)


def take(*, channel: str, wanted: int, per_s: int, now: datetime) -> int:
    """Up to `wanted` messages that may leave now at `per_s` a second; 0 or less means no limit."""
    if per_s <= 0 or wanted <= 0:
        return max(wanted, 0)
    with transaction.atomic():
        Pace.objects.get_or_create(channel=channel, defaults={"used_until": now - _SAVED_UP})
        pace = Pace.objects.select_for_update().get(channel=channel)
        since = max(pace.used_until, now - _SAVED_UP)
        # A thousandth more: ten times 0.1 s is a little less than a second.
        allowed = min(wanted, int((now - since).total_seconds() * per_s + 0.001))
        if allowed > 0:
            pace.used_until = since + timedelta(seconds=allowed / per_s)
            pace.save(update_fields=["used_until"])
    return max(allowed, 0)
