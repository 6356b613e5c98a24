"""How operators are told: switch a channel on or off and say who gets its messages."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from monitoring.models import AlertChannel

EMAIL = "email"


def set_email(
    *, is_enabled: bool, recipients: Iterable[str], tells_recovery: bool, now: datetime
) -> AlertChannel:
    """Set who gets mails about replicas that die, and whether also when they recover.

    Counts from the next alert; mails that are already in the outbox still go out.
    Raises ValidationError on `recipients`, with nothing saved.
    """
    addresses = list(dict.fromkeys(address.strip() for address in recipients))
    for address in addresses:
        try:
            validate_email(address)
        except ValidationError:
            message = f"{address[:100]} is not an e-mail address."
            raise ValidationError({"recipients": [message]}) from None
    channel, _ = AlertChannel.objects.update_or_create(
        kind=EMAIL,
        defaults={
            "is_enabled": is_enabled,
            "recipients": addresses,
            "tells_recovery": tells_recovery,
        },
    )
    return channel
