"""The envelope sender of each mail: an address of its own, to which a bounce of it comes back (VERP).

`b-<number>-<signature>@<bounce domain>`: without the signature anybody could report that the mail of
somebody else came back. Letters and digits only, as some servers change the case of addresses.
"""

import base64
import re

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

_PATH = re.compile(r"b-([0-9]{1,19})-([a-z2-7]{16})@([a-z0-9.-]{1,255})", re.IGNORECASE)
_BYTES = 10


def made(*, number: int, delivery_id: str) -> str:
    """The return path of a delivery, by its row and its name; empty without a bounce domain."""
    domain = settings.BOUNCE_DOMAIN
    if not (domain and number):
        return ""
    return f"b-{number}-{_signature(number, delivery_id)}@{domain}"


def read(address: str) -> tuple[int, str] | None:
    """The number and the signature of a return path of ours, to be checked; None for another address."""
    found = _PATH.fullmatch(address.strip().strip("<>"))
    if found is None or found[3].lower() != settings.BOUNCE_DOMAIN.lower():
        return None
    return int(found[1]), found[2].lower()


def is_genuine(*, number: int, delivery_id: str, signature: str) -> bool:
    return constant_time_compare(signature, _signature(number, delivery_id))


def _signature(number: int, delivery_id: str) -> str:
    made = salted_hmac("notifications.return", f"{number}:{delivery_id}", algorithm="sha256")
    return base64.b32encode(made.digest()[:_BYTES]).decode().lower()
