"""Deliveries for those who list them: narrowed, and what may be told of each."""

from datetime import datetime

from django.db.models import Q

from notifications.models import Delivery, DeliveryQuerySet, State

__all__ = ["Delivery", "State", "narrowed", "subject_of", "waits_until"]


def narrowed(
    *, state: State | None = None, channel: str = "", text: str = "", ids: list[int] | None = None
) -> DeliveryQuerySet:
    """Deliveries in this state, over this channel, whose address or event has this text."""
    rows = Delivery.objects.select_related("body")
    if ids is not None:
        rows = rows.filter(id__in=ids)
    if state is not None:
        rows = rows.filter(state=state)
    if channel:
        rows = rows.filter(channel=channel)
    if text:
        rows = rows.filter(Q(address__icontains=text) | Q(dedupe_key__icontains=text))
    return rows


def subject_of(row: Delivery) -> str:
    """Its subject; none of a sensitive one."""
    return "" if row.is_sensitive else str(row.content.get("subject", ""))


def waits_until(row: Delivery) -> datetime | None:
    """When it is tried next; None of one that is being sent or has ended."""
    return row.next_attempt_at if row.state == State.PENDING else None
