"""Quiet for operators: put off the reminders of all channels for a while."""

from datetime import datetime, timedelta

from monitoring.models import AlertSettings


def mute_reminders(*, for_s: int | None, now: datetime) -> None:
    """Send no reminders for so many seconds; None (or 0) lets them out again."""
    until = now + timedelta(seconds=for_s) if for_s else None
    AlertSettings.objects.update_or_create(id=1, defaults={"muted_until": until})


def muted_for(*, now: datetime) -> timedelta | None:
    """How long reminders stay muted; None when they are not."""
    until = AlertSettings.objects.filter(id=1).values_list("muted_until", flat=True).first()
    return until - now if until is not None and until > now else None
