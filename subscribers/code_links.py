"""The address of the page where a code is typed: it names the subscription, and nobody can make one up."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

from subscribers.models import Subscriber

_SALT = "subscribers.code"
# As long as somebody may look for their phone; the code itself lives for 15 minutes.
_WORKS_FOR_S = 3600


def path(row: Subscriber) -> str:
    """Where the code for this subscription is typed."""
    return reverse("way_code", args=[signing.dumps(row.pk, salt=_SALT)])


def url(row: Subscriber) -> str:
    """The same for who is not on the page."""
    return f"{settings.CANDOR_ORIGIN}{path(row)}"


def subscriber(text: str) -> Subscriber | None:
    """Whose code is typed; None when the address was made up or is an hour old."""
    try:
        pk = signing.loads(text, salt=_SALT, max_age=_WORKS_FOR_S)
    except signing.BadSignature:
        return None
    return Subscriber.objects.filter(pk=pk).first()
