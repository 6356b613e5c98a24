"""Quiet for operators: reminders put off for a while, and replicas of what is being worked on."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from components.status import Status
from incidents import windows
from incidents.models import AffectedService
from monitoring.models import AlertSettings


def mute_reminders(*, for_s: int | None, now: datetime) -> None:
    """Send no reminders for so many seconds; None (or 0) lets them out again."""
    until = now + timedelta(seconds=for_s) if for_s else None
    AlertSettings.objects.update_or_create(id=1, defaults={"muted_until": until})


def muted_for(*, now: datetime) -> timedelta | None:
    """How long reminders stay muted; None when they are not."""
    until = AlertSettings.objects.filter(id=1).values_list("muted_until", flat=True).first()
    return until - now if until is not None and until > now else None


def is_quiet(*, now: datetime) -> Q:
    """Of replicas: nobody is alerted about them now.

    Their node is muted, or a maintenance that mutes alerts is in progress and lists their component
    as anything but operational.
    What dies meanwhile is told when the quiet is over, if it is still dead then.
    """
    worked_on = AffectedService.objects.exclude(status=Status.OPERATIONAL).filter(
        component=OuterRef("node__component"),
        maintenance__state__in=windows.RUNNING,
        maintenance__mutes_alerts=True,
    )
    return Q(node__muted_until__gt=now) | Q(Exists(worked_on))
