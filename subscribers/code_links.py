"""The address of the page where a code is typed: it names the subscription to nobody but us.

Sealed and not only signed: a number in it that grows with every new row, or that comes back, would
tell whether a phone is known (reliability A3).
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from common import sealing
from subscribers.models import Subscriber

_USE = "code page"
# As long as somebody may look for their phone; the code itself lives for 15 minutes.
LIVES = timedelta(hours=1)


def path(row: Subscriber, *, now: datetime) -> str:
    """Where the code for this subscription is typed."""
    return reverse("way_code", args=[sealing.seal_number(row.pk, use=_USE, now=now)])


def url(row: Subscriber, *, now: datetime) -> str:
    """The same for who is not on the page."""
    return f"{settings.CANDOR_ORIGIN}{path(row, now=now)}"


def subscriber(text: str, *, now: datetime) -> Subscriber | None:
    """Whose code is typed; None when the address was made up or is an hour old."""
    try:
        pk = sealing.unseal_number(text, use=_USE, lives=LIVES, now=now)
    except sealing.SealBroken:
        return None
    return Subscriber.objects.filter(pk=pk).first()
