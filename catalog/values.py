"""What the attributes of catalog entries may hold: kinds, and words read into values. Pure.

Forms, CSV files and config files all say a value in words (`web; api`, `yes`, `acme.com`); `read`
turns them into what is stored, and `words` back. Stored are JSON values: text, a number, true or
false, the ids of components and entries, domains and mailboxes in their one form, or a list of these.
An attribute without a value is left out.
"""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias, TypeVar

from common import email_domains, mailboxes
from common.email_domains import NotADomain
from common.mailboxes import NotAMailbox
from common.wording import gettext_noop

Value: TypeAlias = str | int | float | bool | list[str] | list[int] | list[int | float]

TEXT_MAX = 2_000
LIST_MAX = 500
_SEPARATOR = ";"
_NUMBER = re.compile(r"[+-]?([0-9]{1,15}(\.[0-9]{1,9})?|\.[0-9]{1,9})")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_YES = frozenset({"yes", "true", "1", "on"})
_NO = frozenset({"no", "false", "0", "off"})


class Kind(StrEnum):
    """What an attribute holds."""

    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes_no"
    COMPONENTS = "components"
    DOMAINS = "domains"
    REFERENCE = "reference"
    TEXTS = "texts"
    NUMBERS = "numbers"
    REFERENCES = "references"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def is_list(self) -> bool:
        return self in _LISTS

    @property
    def refers(self) -> bool:
        """Whether it names entries of a type."""
        return self in {Kind.REFERENCE, Kind.REFERENCES}


_LABELS = {
    Kind.TEXT: gettext_noop("Text"),
    Kind.NUMBER: gettext_noop("Number"),
    Kind.YES_NO: gettext_noop("Yes or no"),
    Kind.COMPONENTS: gettext_noop("Components"),
    Kind.DOMAINS: gettext_noop("E-mail domains"),
    Kind.REFERENCE: gettext_noop("Entry of a type"),
    Kind.TEXTS: gettext_noop("List of texts"),
    Kind.NUMBERS: gettext_noop("List of numbers"),
    Kind.REFERENCES: gettext_noop("Entries of a type"),
}
_LISTS = frozenset({Kind.COMPONENTS, Kind.DOMAINS, Kind.TEXTS, Kind.NUMBERS, Kind.REFERENCES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One attribute as the rules need it; `target` is the id of the type that it refers to."""

    key: str
    kind: Kind
    is_required: bool = False
    target: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What words may name: ids by a word in small letters. A word may be the name of several."""

    components: Mapping[str, frozenset[int]] = field(default_factory=dict)
    entries: Mapping[int, Mapping[str, frozenset[int]]] = field(default_factory=dict)


class NotAValue(ValueError):
    """The words are no value of this kind; an English sentence, to be translated where it is shown.

    `values` fill its places; `about` is the word it is about, for sentences that do not name it.
    """

    def __init__(self, sentence: str, *, about: str = "", **values: object) -> None:
        super().__init__(sentence)
        self.values = values
        self.about = about


def read(
    one: Field, said: Iterable[str], *, known: Known, excepted: Collection[str] = ()
) -> Value | None:
    """The value that some words say; None for none. `excepted` are refused domains at which an Owner
    allowed single addresses.

    Raises:
        NotAValue: the first word that cannot be taken, or a value that is missing.
    """
    found = [text for word in said if (text := word.strip())]
    if not found:
        if one.is_required:
            raise NotAValue(gettext_noop("This is required."))
        return None
    for text in found:
        _check_text(text)
    if one.kind.is_list:
        return _list(one, found, known, excepted)
    if len(found) > 1:
        raise NotAValue(gettext_noop("Only one value is taken here."))
    return _single(one, found[0], known)


def words(one: Field, value: object, *, names: "Names") -> list[str]:
    """A stored value as words that `read` takes again; ids that name nothing any more are left out."""
    if value is None:
        return []
    items = value if isinstance(value, list) else [value]
    if one.kind is Kind.COMPONENTS or one.kind.refers:
        known = names.components if one.kind is Kind.COMPONENTS else names.entries
        return [known[pk] for pk in items if isinstance(pk, int) and pk in known]
    return [_shown(item) for item in items]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """How stored ids are written: slugs of components and keys of entries, by id."""

    components: Mapping[int, str] = field(default_factory=dict)
    entries: Mapping[int, str] = field(default_factory=dict)


def split(one: Field, cell: str) -> list[str]:
    """The words of a cell: a list is separated by semicolons."""
    return cell.split(_SEPARATOR) if one.kind.is_list else [cell]


def joined(said: Iterable[str]) -> str:
    """The words as they stand in a cell, which `split` takes apart again."""
    return f"{_SEPARATOR} ".join(said)


def domain_words(value: object) -> tuple[frozenset[str], frozenset[str]]:
    """The domains and the single addresses of a stored list; what is no text counts for nothing."""
    texts = [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
    addresses = frozenset(one for one in texts if "@" in one)
    return frozenset(texts) - addresses, addresses


def refused(value: object, *, excepted: Collection[str] = ()) -> list[tuple[str, str]]:
    """The entries of a stored list that could not be stored today, each with the reason."""
    domains, addresses = domain_words(value)
    found = [(one, email_domains.refusal(one)) for one in sorted(domains)]
    for one in sorted(addresses):
        domain = one.rpartition("@")[2]
        found.append((one, "" if domain in excepted else email_domains.refusal(domain)))
    return [(one, reason) for one, reason in found if reason]


def _list(
    one: Field, said: Sequence[str], known: Known, excepted: Collection[str]
) -> list[str] | list[int] | list[int | float]:
    if len(said) > LIST_MAX:
        raise NotAValue(gettext_noop("At most %(most)s values are taken."), most=LIST_MAX)
    if one.kind is Kind.NUMBERS:
        return [_number(text) for text in said]
    if one.kind is Kind.COMPONENTS:
        return _unique(_component(text, known) for text in said)
    if one.kind is Kind.REFERENCES:
        return _unique(_entry(text, one, known) for text in said)
    if one.kind is Kind.DOMAINS:
        return _unique(_domain(text, excepted) for text in said)
    if any(_SEPARATOR in text for text in said):
        raise NotAValue(gettext_noop("A semicolon separates values. Leave it out."))
    return list(said)


def _single(one: Field, text: str, known: Known) -> str | int | float | bool:
    if one.kind is Kind.NUMBER:
        return _number(text)
    if one.kind is Kind.YES_NO:
        return _yes_no(text)
    if one.kind is Kind.REFERENCE:
        return _entry(text, one, known)
    return text


def _check_text(text: str) -> None:
    if len(text) > TEXT_MAX:
        raise NotAValue(
            gettext_noop("The text is longer than %(most)s characters."), most=f"{TEXT_MAX:,}"
        )
    if _CONTROLS.search(text):
        raise NotAValue(gettext_noop("The text contains a control character. Remove it."))


def _number(text: str) -> int | float:
    plain = text.replace("\u2212", "-")
    if not _NUMBER.fullmatch(plain):
        raise NotAValue(
            gettext_noop("“%(word)s” is not a number. Write one like 12 or 99.95."), word=text
        )
    number = float(plain)
    return int(number) if number.is_integer() and math.isfinite(number) else number


def _yes_no(text: str) -> bool:
    word = text.casefold()
    if word not in _YES | _NO:
        raise NotAValue(gettext_noop("Write yes or no."))
    return word in _YES


def _component(text: str, known: Known) -> int:
    found = known.components.get(text.casefold(), frozenset())
    if not found:
        raise NotAValue(gettext_noop("There is no component “%(word)s”."), word=text)
    if len(found) > 1:
        raise NotAValue(
            gettext_noop("Several components are called “%(word)s”. Write the short name of one."),
            word=text,
        )
    return next(iter(found))


def _entry(text: str, one: Field, known: Known) -> int:
    found = known.entries.get(one.target or 0, {}).get(text.casefold(), frozenset())
    if not found:
        raise NotAValue(gettext_noop("There is no entry “%(word)s”."), word=text)
    if len(found) > 1:
        raise NotAValue(
            gettext_noop("Several entries are called “%(word)s”. Write the key of one."), word=text
        )
    return next(iter(found))


def _domain(text: str, excepted: Collection[str]) -> str:
    """One entry of a list of domains: a domain, `*.` and one, or the address of a single person."""
    local = text.strip().rpartition("@")[0]
    try:
        if local:
            box = mailboxes.mailbox(text)
            written, domain = str(box), box.domain
        else:
            written = domain = email_domains.entry(text)
    except (NotADomain, NotAMailbox) as error:
        raise NotAValue(str(error), about=text) from None
    reason = email_domains.refusal(domain)
    if reason and not (local and domain in excepted):
        raise NotAValue(reason, about=text)
    return written


_Item = TypeVar("_Item")


def _unique(found: Iterable[_Item]) -> list[_Item]:
    return list(dict.fromkeys(found))


def _shown(item: object) -> str:
    if isinstance(item, bool):
        return "yes" if item else "no"
    return str(item)
