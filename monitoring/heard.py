"""When a location last gave a sign of life: its daemon's requests, or a wave of its workers."""

from datetime import datetime, timedelta

from django.db.models import Q

from monitoring.models import Location

NOTED_EVERY = timedelta(minutes=1)


def note(*, location: str, now: datetime) -> None:
    """Note that the location with this slug was heard, at most once a minute."""
    stale = Q(last_seen_at__isnull=True) | Q(last_seen_at__lte=now - NOTED_EVERY)
    Location.objects.filter(stale, slug=location).update(last_seen_at=now)
