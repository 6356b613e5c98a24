"""An address as a person wrote it, for the channels that operators can add by hand: one table.

The other channels need secrets that only their owner has (hook addresses, push endpoints).
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from notifications.addresses import AddressInvalid
from subscribers import canonical, phones, way_settings

__all__ = ["AddressInvalid"]

# What can be suppressed, whether or not the page offers it at the moment.
TYPED = ("email", "sms")
_GAPS = re.compile(r"[\s().\-/]")


@dataclass(frozen=True, slots=True)
class Addressed:
    """What is sent to, and the mailbox or number behind it (`Subscriber.canonical`)."""

    address: str
    canonical: str


Reader = Callable[[str], Addressed]
"""Reads what a person wrote; raises AddressInvalid with a sentence."""


def readers() -> Mapping[str, Reader]:
    """By channel, what can be added now: text messages only where the page offers them."""
    found: dict[str, Reader] = {"email": _mail}
    settings = way_settings.current()
    if way_settings.offers_sms(settings):
        found["sms"] = _phone_of(way_settings.countries(settings))
    return found


def read(*, channel: str, text: str) -> Addressed:
    """The address that a person wrote, as it is stored.

    Raises:
        AddressInvalid: what is wrong with it, in a sentence.
    """
    reader = readers().get(channel)
    if reader is None:
        raise AddressInvalid(_("Addresses of this channel cannot be typed."))
    return reader(text)


def canonical_of(*, channel: str, text: str) -> str:
    """The mailbox or number that a person wrote, also where it could not be added. As `read`."""
    if channel != "sms":
        return read(channel=channel, text=text).canonical
    number = _GAPS.sub("", text)
    if not phones.E164.fullmatch(number):
        raise AddressInvalid(_(phones.NOT_A_NUMBER))
    return number


def _mail(text: str) -> Addressed:
    box = canonical.mailbox(text)
    return Addressed(box.address, box.key)


def _phone_of(countries: Collection[str]) -> Reader:
    def read_phone(text: str) -> Addressed:
        try:
            number = phones.phone(text, countries=countries).number
        except phones.PhoneInvalid as error:
            raise AddressInvalid(_(str(error))) from None
        return Addressed(number, number)

    return read_phone
