"""Tell those who run the page what subscribers do not get: by mail, to every owner, once a reason."""

from datetime import datetime

from django.conf import settings

from accounts.models import User
from accounts.roles import Role
from notifications import outbox
from notifications.messages import Message
from notifications.outbox import Letter


def tell(*, key: str, subject: str, text: str, path: str, now: datetime) -> int:
    """Put a mail for each owner with an address; the same key counts once. How many are new.

    `path` is where to look in the console.
    """
    message = Message(subject=subject, text=text, url=f"{settings.CANDOR_ORIGIN}{path}")
    owners = User.objects.filter(is_active=True, role=Role.OWNER).exclude(email="")
    letters = [
        Letter(channel="email", address=address, message=message, dedupe_key=key)
        for address in sorted(set(owners.values_list("email", flat=True)))
    ]
    return outbox.put_many(letters=letters, now=now)
