"""Whether a delivery is still wanted, asked just before it leaves (`settings.DELIVERY_GRANTS`)."""

from collections.abc import Collection

from django.db.models import Exists, Q

from subscribers import recipients
from subscribers.models import State, Subscriber

# Why a subscription to one event ended: with it.
EVENT_OVER = "The event is over."


def grant_of(subscriber_id: int) -> str:
    """The grant that a message to this subscriber is sent under."""
    return f"subscriber:{subscriber_id}"


def subscriber_id(grant: str) -> int | None:
    """The subscriber of a grant; None for a grant of somebody else."""
    kind, _colon, number = grant.partition(":")
    return int(number) if kind == "subscriber" and number.isdigit() else None


def still_granted(grants: Collection[str]) -> set[str]:
    """Those grants whose subscriber is active, or let go with its event, and not suppressed."""
    ids = [found for grant in grants if (found := subscriber_id(grant)) is not None]
    # Who followed one event is let go with its last message, and still gets that one.
    let_go = Q(state=State.ENDED, ended_reason=EVENT_OVER)
    rows = Subscriber.objects.filter(Q(state=State.ACTIVE) | let_go, id__in=ids)
    rows = rows.exclude(Exists(recipients.suppressions()))
    return {grant_of(pk) for pk in rows.values_list("id", flat=True)}
