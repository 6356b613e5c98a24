"""How operators are told: switch a channel on or off and say who gets its messages."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.crypto import get_random_string

from components import catalogue
from monitoring.models import AlertChannel
from notifications import addresses as mail_addresses
from notifications import outbox
from notifications.messages import Message

EMAIL = "email"


def set_email(
    *, is_enabled: bool, recipients: Iterable[str], tells_recovery: bool, now: datetime
) -> AlertChannel:
    """Set who gets mails about replicas that die, and whether also when they recover.

    Counts from the next alert; mails that are already in the outbox still go out.
    Raises ValidationError on `recipients`, with nothing saved.
    """
    try:
        given = [
            mail_addresses.check_address(address.strip(), allow_single_label=True)
            for address in recipients
        ]
    except mail_addresses.AddressInvalid as error:
        raise ValidationError({"recipients": [str(error)]}) from None
    addresses = list(dict.fromkeys(given))
    channel, _ = AlertChannel.objects.update_or_create(
        kind=EMAIL,
        defaults={
            "is_enabled": is_enabled,
            "recipients": addresses,
            "tells_recovery": tells_recovery,
        },
    )
    return channel


def send_test(*, now: datetime) -> int:
    """Put a test into the outbox for everybody the e-mail channel names, also while it is off.

    Returns how many; their fate is read back from the deliveries.
    """
    channel = AlertChannel.objects.filter(kind=EMAIL).first()
    message = Message(
        subject=f"[{catalogue.page().name}] Test of the team alerts",
        text="This is a test. Mails like this one will tell you when a replica dies.\n",
    )
    event = f"alert-test:{get_random_string(12)}"
    letters = [
        outbox.Letter(channel=EMAIL, address=address, message=message, dedupe_key=event)
        for address in (channel.recipients if channel else [])
    ]
    return outbox.put_many(letters=letters, now=now)
