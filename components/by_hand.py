"""What an operator picks on the dashboard: a status held by hand, or "Automatic" again."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from components import claims
from components.models import Component, StatusChange
from components.status import Status

# A person never says "unknown": that is for time in which nobody looked.
CHOICES = (
    Status.OPERATIONAL,
    Status.DEGRADED_PERFORMANCE,
    Status.PARTIAL_OUTAGE,
    Status.MAJOR_OUTAGE,
    Status.UNDER_MAINTENANCE,
)


def choose(*, choices: Mapping[int, Status | None], now: datetime, by: str) -> list[StatusChange]:
    """Hold components, by id, in a status; None sets them back to automatic.

    `by` names the operator in the history. Components that are gone meanwhile are left out.
    Returns the changes that visitors see.
    """
    changes = []
    with transaction.atomic():
        for component in Component.objects.filter(id__in=choices).order_by("id"):
            held = choices[component.id]
            note = f"set by {by}"
            if held is None:
                change = claims.follow_monitors(component=component, now=now, note=note)
            else:
                change = claims.hold_by_hand(component=component, held=held, now=now, note=note)
            if change is not None:
                changes.append(change)
    return changes
