"""Which host names a page may have: strict labels, given by a person. Pure.

A name is compared, stored and served as A-labels in lower case, so that what was checked is what the
front and the proxy compare (reliability G4, A9).
"""

import ipaddress
from collections.abc import Collection

import idna

from common import host_names
from common.wording import gettext_noop

CHALLENGE_LABEL = "_status-verify"
# Of the name and the label in front of it.
_LIMIT = 253 - len(CHALLENGE_LABEL) - 1
# Names that no public certificate authority knows, or that lead somewhere else on each machine.
_SPECIAL = frozenset({"localhost", "local", "internal", "invalid", "onion", "arpa", "lan"})


class NotAName(ValueError):
    """What was written is no host name that a page may have; says why, in a sentence to translate."""


def parse(text: str) -> str:
    """Return the name as A-labels in lower case; other alphabets are turned into xn--….

    Raises:
        NotAName: with the sentence for the person who wrote it.
    """
    given = text.strip()
    if not given:
        raise NotAName(gettext_noop("Write a host name, like status.example.com."))
    if any(sign in given for sign in "/:@?#\\ \t"):
        raise NotAName(
            gettext_noop(
                "Write the host name alone, like status.example.com: without https://, port or path."
            )
        )
    name = host_names.strict(_as_a_labels(given))
    if not name:
        raise NotAName(
            gettext_noop(
                "This is not a host name. Use letters, digits and hyphens between the dots, at most"
                " 63 in a row, with no hyphen at their ends."
            )
        )
    _check(name)
    return name


def shown(name: str) -> str:
    """The name in its own alphabet, for people; the same where it has no other."""
    try:
        return idna.decode(name)
    except idna.IDNAError:
        return name


def check_free(name: str, *, own: Collection[str], service_domain: str) -> None:
    """Refuse a name that the installation has itself.

    Args:
        name: A-labels, from `parse`.
        own: the main host's names.
        service_domain: below it every name is a page's default name; empty for none.

    Raises:
        NotAName: it is one of them.
    """
    is_below = service_domain and f".{name}".endswith(f".{service_domain}")
    if name in own or is_below:
        raise NotAName(
            gettext_noop("This name belongs to the status page itself. Choose one of your own.")
        )


def _as_a_labels(given: str) -> str:
    if given.isascii():
        return given
    try:
        return idna.encode(given, uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return ""


def _check(name: str) -> None:
    labels = name.split(".")
    if labels[-1].isdigit() or _is_address(name):
        raise NotAName(gettext_noop("This is an address, not a host name."))
    if labels[-1] in _SPECIAL:
        raise NotAName(gettext_noop("No public name ends like this: visitors could not find it."))
    if len(labels) == 1:
        raise NotAName(gettext_noop("Write the whole name, with its domain: status.example.com."))
    if len(name) > _LIMIT:
        raise NotAName(gettext_noop("This name is too long."))
    try:
        for label in labels:
            if label.startswith("xn--"):
                idna.decode(label)
    except (idna.IDNAError, UnicodeError):
        raise NotAName(
            gettext_noop("A part of this name begins with xn-- and stands for nothing.")
        ) from None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
