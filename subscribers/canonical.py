"""Which mailbox an e-mail address belongs to, however it is written (reliability A5). Pure.

What is sent to is the address as it was entered, after normalisation. What counts as the same person
is its key: without a tag, without capitals, and for Gmail without dots.
"""

import unicodedata
from dataclasses import dataclass

import idna

from common.wording import without_unseen
from notifications.addresses import AddressInvalid, check_address

# Domains of one provider that ignores dots before the @.
_GMAIL = frozenset({"gmail.com", "googlemail.com"})


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address to send to, and the key of the mailbox behind it."""

    address: str
    key: str


def mailbox(text: str) -> Mailbox:
    """The mailbox that a person typed, with surrounding space, wide letters or a foreign domain.

    Raises:
        AddressInvalid: a clear sentence about what is wrong with it.
    """
    local, at, domain = without_unseen(text).strip().rpartition("@")
    if not at:
        raise AddressInvalid("This is not a full e-mail address. Write name@example.com.")
    address = check_address(f"{local}@{_ascii(domain)}")
    return Mailbox(address=address, key=key_of(address))


def key_of(address: str) -> str:
    """The key of the mailbox of a checked address: one for all ways to write it."""
    local, _at, domain = address.rpartition("@")
    local = local.partition("+")[0].casefold() or local.casefold()
    domain = domain.lower()
    if domain in _GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def _ascii(domain: str) -> str:
    """The domain as it goes over the wire; what cannot be is left for the check to refuse."""
    try:
        return idna.encode(unicodedata.normalize("NFKC", domain), uts46=True).decode()
    except idna.IDNAError:
        return domain
