"""What the holder of one of our links, or of an address, may do: get a fresh link, use it, leave."""

from datetime import datetime

from django.db import transaction

from components.models import Page
from subscribers import links, proofs, proving, subscribing
from subscribers.models import EarlierLink, Purpose, State, Subscriber
from subscribers.proofs import Occasion


def ask_for_link(*, page: Page, channel: str, canonical: str, now: datetime) -> None:
    """Send whoever owns this address what lets them change what they get of this page.

    The same for every address (A3).
    """
    with transaction.atomic():
        rows = Subscriber.objects.select_for_update().exclude(state=State.ENDED)
        known = list(rows.filter(page=page, channel=channel, canonical=canonical))
        if not known or subscribing.suppression_of(channel, canonical) is not None:
            proving.pretend(channel=channel, now=now)
            return
        row = min(known, key=lambda each: (not each.is_active, each.follows != "", each.id))
        occasion = Occasion.MANAGE if row.is_active else Occasion.CONFIRM
        proving.prove(subscriber=row, occasion=occasion, now=now)


def open_by_token(*, token: str, now: datetime) -> Subscriber:
    """Use up a link to one's own subscription. Raises LinkDead."""
    proof = proofs.look(token=token, purpose=Purpose.MANAGE, now=now)
    proofs.use(proof=proof, now=now)
    return proof.subscriber


def by_leave_token(token: str) -> Subscriber | None:
    """The subscription that a link in a mail names; found by its digest, whatever our keys are (D2)."""
    if not links.is_token(token):
        return None
    digest = links.digest(token)
    row = Subscriber.objects.filter(unsubscribe_digest=digest).first()
    if row is not None:
        return row
    earlier = EarlierLink.objects.filter(digest=digest).select_related("subscriber").first()
    return None if earlier is None else earlier.subscriber
