"""An address as a person wrote it, for the channels that operators can add by hand: one table.

The other channels need secrets that only their owner has (hook addresses, push endpoints).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from notifications.addresses import AddressInvalid
from subscribers import canonical

__all__ = ["AddressInvalid"]


@dataclass(frozen=True, slots=True)
class Addressed:
    """What is sent to, and the mailbox or number behind it (`Subscriber.canonical`)."""

    address: str
    canonical: str


def _mail(text: str) -> Addressed:
    box = canonical.mailbox(text)
    return Addressed(box.address, box.key)


READERS: Mapping[str, Callable[[str], Addressed]] = {"email": _mail}


def read(*, channel: str, text: str) -> Addressed:
    """The address that a person wrote, as it is stored.

    Raises:
        AddressInvalid: what is wrong with it, in a sentence.
    """
    reader = READERS.get(channel)
    if reader is None:
        raise AddressInvalid(_("Addresses of this channel cannot be typed."))
    return reader(text)
