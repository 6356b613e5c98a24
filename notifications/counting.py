"""How many deliveries stand where: for metrics."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Count

from notifications.models import Delivery, State


def by_channel_and_state() -> Mapping[tuple[str, str], int]:
    """Return how many stored deliveries there are, by channel and state."""
    rows = Delivery.objects.order_by().values_list("channel", "state").annotate(count=Count("pk"))
    return {(channel, State(state).value): count for channel, state, count in rows}


def waiting_for_hooks(*, now: datetime) -> int:
    """Return how many deliveries to webhooks are due."""
    return Delivery.objects.due(now=now).filter(channel="webhook").count()
