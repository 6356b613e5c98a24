"""Lists of e-mail domains that let people in: what may stand in one, and whom it lets in. Pure.

A domain on a list lets in everybody who has a mailbox there (requirement R6), so domains where anybody
can get one are refused with the reason (R10, reliability B7). A sub-domain is another domain, unless
the list says `*.acme.com`, which in turn is not `acme.com` itself (AMB-11).
"""

import ipaddress
from collections.abc import Collection
from functools import cache
from pathlib import Path

from publicsuffixlist import PublicSuffixList

from common import mailboxes
from common.mailboxes import NotAMailbox
from common.wording import gettext_noop

_WILDCARD = "*."
_PROVIDERS = Path(__file__).with_name("public_mail_providers.txt")


class NotADomain(ValueError):
    """The text is no e-mail domain; the sentence is for a person, to be translated."""


def entry(text: str) -> str:
    """The one form in which a domain stands on a list: `acme.com`, or `*.acme.com` for all below it.

    Takes it as people write it: with capitals, as `@acme.com`, with a dot at the end, or in letters of
    another script, which become an A-label.

    Raises:
        NotADomain: it is an address, a literal, or nothing that could follow an @.
    """
    written = text.strip().removeprefix("@").removesuffix(".")
    wildcard = _WILDCARD if written.startswith(_WILDCARD) else ""
    written = written.removeprefix(_WILDCARD)
    if "@" in written:
        raise NotADomain(_AN_ADDRESS)
    if _is_literal(written):
        raise NotADomain(_A_LITERAL)
    try:
        domain = mailboxes.a_labels(written)
    except NotAMailbox:
        raise NotADomain(_NO_DOMAIN) from None
    if domain.rpartition(".")[2].isdigit():
        raise NotADomain(_A_LITERAL)
    return wildcard + domain


def refusal(entry: str, *, also: Collection[str] = ()) -> str:
    """Why an entry must not stand on a list, in a sentence to be translated; empty when it may.

    `also` are further domains where anybody can get a mailbox.
    """
    domain = entry.removeprefix(_WILDCARD)
    if "." not in domain:
        return _SINGLE_LABEL
    if _suffixes().publicsuffix(domain) == domain:
        return _A_SUFFIX
    names = domain.split(".")
    above = {".".join(names[start:]) for start in range(len(names) - 1)}
    if above & (_providers() | set(also)):
        return _A_PROVIDER
    return ""


def allows(entries: Collection[str], domain: str) -> bool:
    """Whether a list lets in the mailboxes of a domain, both in their one form; nobody when empty.

    Asked at every request and before every letter: it does nothing but compare.
    """
    if not domain:
        return False
    names = domain.split(".")
    above = (f"{_WILDCARD}{'.'.join(names[start:])}" for start in range(1, len(names)))
    return domain in entries or any(one in entries for one in above)


def _is_literal(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip("[]").lower().removeprefix("ipv6:"))
    except ValueError:
        return False
    return True


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@cache
def _providers() -> frozenset[str]:
    """The domains of the shipped list: one on each line, after `#` a remark."""
    lines = _PROVIDERS.read_text(encoding="utf-8").splitlines()
    return frozenset(name for line in lines if (name := line.partition("#")[0].strip()))


_AN_ADDRESS = gettext_noop("Write only what follows the @, like example.com.")
_A_LITERAL = gettext_noop("This is an IP address. Write a domain name, like example.com.")
_NO_DOMAIN = gettext_noop("This is not a domain name. Write one like example.com.")
_SINGLE_LABEL = gettext_noop(
    "This is a whole top-level domain, or a name without one. Write a domain like example.com."
)
_A_SUFFIX = gettext_noop(
    "Anybody can register a name below this one. Write the customer's own domain."
)
_A_PROVIDER = gettext_noop(
    "Anybody can get a mailbox there, so everybody would get in. "
    "Write the customer's own domain, or single addresses."
)
