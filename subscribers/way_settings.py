"""Which ways the page offers its visitors: read by the form, set on the console's screen."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from components import catalogue
from notifications import outbox, reading
from notifications.channels import providers
from notifications.messages import Message
from subscribers import phones
from subscribers.models import WaySettings


class NotReady(Exception):
    """A test cannot be sent yet; the sentence says what is missing."""


def current() -> WaySettings:
    """The settings, or what holds before anybody has set them."""
    return WaySettings.objects.filter(id=1).first() or WaySettings()


def offers_sms(row: WaySettings) -> bool:
    """Whether a visitor can have text messages: wanted, possible, and somewhere allowed."""
    return row.offers_sms and providers.chosen() is not None and bool(row.sms_countries.split())


def countries(row: WaySettings) -> tuple[str, ...]:
    """The countries whose mobiles get codes."""
    return phones.countries(row.sms_countries)


def save(**fields: Any) -> WaySettings:
    """Set these fields. Raises ValidationError by field."""
    row = current()
    for name, value in fields.items():
        setattr(row, name, value)
    try:
        named = phones.countries(row.sms_countries)
    except phones.CountriesInvalid as error:
        message = _("These are no countries: %(names)s.") % {"names": error}
        raise ValidationError({"sms_countries": [message]}) from None
    row.sms_countries = " ".join(named)
    if row.sms_test_number:
        row.sms_test_number = _test_number(row.sms_test_number, named)
    row.save()
    return row


def send_test(*, now: datetime) -> None:
    """Put a test to the stored number, never to any other (A6). Raises NotReady."""
    row = current()
    if providers.chosen() is None:
        raise NotReady(_("No provider of text messages is set up."))
    if not row.sms_test_number:
        raise NotReady(_("Store a number for tests first."))
    text = _("%(page)s: this is a test of the text messages, at %(time)s UTC.")
    said = text % {"page": catalogue.page().name, "time": f"{now:%H:%M:%S}"}
    outbox.put(
        channel="sms",
        address=row.sms_test_number,
        message=Message(subject=_("Test of the text messages"), text=said),
        dedupe_key=f"sms-test:{get_random_string(12)}",
        now=now,
    )


def last_test(row: WaySettings) -> reading.Last | None:
    """What became of the last message to the number for tests."""
    if not row.sms_test_number:
        return None
    return reading.last_to(channel="sms", addresses=[row.sms_test_number])


def _test_number(text: str, named: tuple[str, ...]) -> str:
    try:
        return phones.phone(text, countries=named).number
    except phones.PhoneInvalid as error:
        raise ValidationError({"sms_test_number": [_(str(error))]}) from None
