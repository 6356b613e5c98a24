"""The address of the page where a code is typed: it names the subscription to nobody but us.

Sealed and not only signed: a number in it that grows with every new row, or that comes back, would
tell whether a phone is known (reliability A3).
"""

from datetime import datetime, timedelta

from common import sealing
from components import page_addresses
from subscribers.models import Subscriber

_USE = "code page"
# As long as somebody may look for their phone; the code itself lives for 15 minutes.
LIVES = timedelta(hours=1)


def path(row: Subscriber, *, now: datetime) -> str:
    """Where the code for this subscription is typed: a path of its page."""
    return f"/subscriptions/code/{sealing.seal_number(row.pk, use=_USE, now=now)}"


def url(row: Subscriber, *, now: datetime) -> str:
    """The same for who is not on the page."""
    return page_addresses.canonical(row.page).url(path(row, now=now))


def subscriber(text: str, *, now: datetime) -> Subscriber | None:
    """Whose code is typed; None when the address was made up or is an hour old."""
    try:
        pk = sealing.unseal_number(text, use=_USE, lives=LIVES, now=now)
    except sealing.SealBroken:
        return None
    return Subscriber.objects.filter(pk=pk).first()
