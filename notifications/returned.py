"""Mails that came back after a server had taken them: what others tell us about deliveries that left."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from notifications import return_paths
from notifications.models import Delivery, State

# Servers give up after five days; a report about an older mail is no news, or no honest one.
BELIEVED_FOR = timedelta(days=14)
_LEFT = (State.SENT, State.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A mail that left us; `grant` names for whom it was."""

    number: int
    address: str
    grant: str


def find(*, return_path: str, now: datetime) -> Left | None:
    """The mail that has this return path, if we made it and it left not long ago."""
    parts = return_paths.read(return_path)
    if parts is None:
        return None
    number, signature = parts
    row = _recent(now=now).filter(pk=number).first()
    if row is None or not return_paths.is_genuine(
        number=number, delivery_id=row.public_id, signature=signature
    ):
        return None
    return Left(number=row.id, address=row.address, grant=row.grant)


def last_to(*, address: str, before: datetime, now: datetime) -> Left | None:
    """The newest mail to an address that left by then; for reports whose sender is believed."""
    rows = _recent(now=now).filter(address__iexact=address, state__in=_LEFT)
    row = rows.filter(created_at__lte=before).order_by("-id").first()
    return None if row is None else Left(number=row.id, address=row.address, grant=row.grant)


def note(*, left: Left, is_permanent: bool, error: str, now: datetime) -> bool:
    """Note that a mail came back; whether that is news.

    A permanent one counts like an address that was refused at once (`outbox.permanent_failures`).
    """
    changed = _recent(now=now).filter(pk=left.number, state__in=_LEFT)
    return bool(
        changed.update(
            state=State.FAILED,
            sent_at=None,
            last_error=error[:500],
            bounced_at=now if is_permanent else None,
        )
    )


def _recent(*, now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(channel="email", created_at__gt=now - BELIEVED_FOR)
