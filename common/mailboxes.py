"""Which mailbox a text names, when who owns it decides what they may see (reliability B6). Pure.

Stricter than any standard: no quotes, routes, encoded words, comments or literals. What is returned
is stored, compared with lists of domains and handed to the mail server, the same string each time, so
that no reader of it can see another domain in it than we did.
"""

import re
import unicodedata
from dataclasses import dataclass

import email_validator
import idna
from email_validator import EmailNotValidError

from common.wording import gettext_noop, without_unseen

_INPUT_MAX = 1000
_LOCAL_MAX = 64
# Neither quotes nor "%", "!" or "?": mail servers read routes and encoded words there.
_LOCAL = re.compile(r"[a-z0-9_+'&=~#-]+(\.[a-z0-9_+'&=~#-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class NotAMailbox(ValueError):
    """The text is no address that we write to; the sentence is for a person, to be translated."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address in its one form: `local` in small letters, `domain` as small A-labels."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def key(self) -> str:
        """What limits count by: the same however the address is tagged (`ada+x`, reliability A5)."""
        return f"{self.local.partition('+')[0] or self.local}@{self.domain}"


def mailbox(text: str) -> Mailbox:
    """The mailbox that a text names. The domain is what follows the *last* @, and nothing else.

    Raises:
        NotAMailbox: it names none, or one that some mail server could read in another way.
    """
    if len(text) > _INPUT_MAX:
        raise NotAMailbox(_NO_ADDRESS)
    local, at, written = without_unseen(text).rpartition("@")
    local = local.lower() if local.isascii() else ""
    if not at or len(local) > _LOCAL_MAX or not _LOCAL.fullmatch(local):
        raise NotAMailbox(_NO_ADDRESS)
    domain = a_labels(written)
    if "." not in domain or domain.rpartition(".")[2].isdigit():
        raise NotAMailbox(_NO_ADDRESS)
    found = Mailbox(local=local, domain=domain)
    try:
        # The library knows rules of its own; ours and its have to hold, and to come to one result.
        checked = email_validator.validate_email(
            str(found), check_deliverability=False, globally_deliverable=False
        )
    except EmailNotValidError:
        raise NotAMailbox(_NO_ADDRESS) from None
    if checked.ascii_email != str(found):
        raise NotAMailbox(_NO_ADDRESS)
    return found


def a_labels(text: str) -> str:
    """A domain as it goes over the wire: IDNA2008 A-labels in small letters, no dot at the end.

    Raises:
        NotAMailbox: it is no host name.
    """
    try:
        # Wide and encircled letters become plain ones, as browsers and mail programs read them.
        domain = idna.encode(unicodedata.normalize("NFKC", text), uts46=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise NotAMailbox(_NO_ADDRESS) from None
    if not all(_is_label(label) for label in domain.split(".")):
        raise NotAMailbox(_NO_ADDRESS)
    return domain


def _is_label(label: str) -> bool:
    if not _LABEL.fullmatch(label):
        return False
    if label[2:4] != "--":
        return True
    try:
        return label.startswith("xn--") and idna.alabel(label).decode() == label
    except (idna.IDNAError, UnicodeError):
        return False


_NO_ADDRESS = gettext_noop("This is not a full e-mail address. Write name@example.com.")
