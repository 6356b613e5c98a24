"""The kinds of value that stand in a config file: names, slugs, words, moments, and the sections.

What every schema module builds on; a mistake is a sentence for the person who wrote the file.
"""

import difflib
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

from django.utils.text import slugify
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError

from notifications import addresses as mail_addresses

SLUG_LIMIT = 100
SLUG_PATTERN = r"^[-a-zA-Z0-9_]+$"
# What lets text be shown in another order than it is stored in (reliability D3).
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def fault(message: str) -> PydanticCustomError:
    """An error with our own sentence; it may contain braces, which pydantic would fill in."""
    return PydanticCustomError("fault", "{message}", {"message": message})


def plain_text(value: str) -> str:
    """A validator that refuses what does not show, or shows as something else."""
    for char in value:
        if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in _REORDERING:
            raise fault(f"The text contains a control character (U+{ord(char):04X}). Remove it.")
    return value


def slug_of(name: str) -> str:
    """The slug a name gets when the file gives none; empty when nothing of the name can stand in one."""
    return slugify(name)[:SLUG_LIMIT].strip("-_")


def _slug_or_name(value: object, info: ValidationInfo) -> object:
    if value is not None and value != "":
        return value
    name = info.data.get("name")
    if name is None:
        return "-"  # the name's own mistake is reported
    if slug := slug_of(name):
        return slug
    raise fault("No slug can be made from this name. Add one, like slug: landing-page.")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    by_lower = {candidate.lower(): candidate for candidate in sorted(known)}
    found = difflib.get_close_matches(word[:100].lower(), by_lower, n=1, cutoff=0.7)
    return by_lower[found[0]] if found else None


def one_of(what: str, known: Iterable[str]) -> Callable[[str], str]:
    """A validator that takes these words only."""
    words = list(known)

    def check(value: str) -> str:
        if value not in words:
            raise fault(f"This is not a {what}. Write {' or '.join(words)}.")
        return value

    return check


def _moment(value: object) -> object:
    """ISO 8601 text as an aware moment; what is left out or null stays that way."""
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        raise fault("This is not a moment. Write one like 2026-12-01T08:00:00Z.") from None
    if moment.tzinfo is None:
        raise fault("Add the zone: Z for UTC, or one like +01:00.")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise fault("This moment is before the year 1 or after the year 9999.") from None


def _email(value: str) -> str:
    try:
        return mail_addresses.check_address(value, allow_single_label=True)
    except mail_addresses.AddressInvalid as error:
        raise fault(str(error)) from None


Text = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(plain_text)]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(plain_text),
]
Description = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=500), AfterValidator(plain_text)
]
Slug = Annotated[
    str,
    StringConstraints(min_length=1, max_length=SLUG_LIMIT, pattern=SLUG_PATTERN),
    BeforeValidator(_slug_or_name),
]
Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_email)
]
Moment = Annotated[datetime, BeforeValidator(_moment)]


class Section(BaseModel):
    """Nothing is guessed: a word is not a number, and an unknown key is a mistake."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def keys(section: type[BaseModel]) -> "dict[str, type[BaseModel] | None]":
    """The keys of a section, each with the section it holds, if it holds one (or a list of them)."""
    return {name: _section_in(field.annotation) for name, field in section.model_fields.items()}


def _section_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_section_in(part) for part in getattr(annotation, "__args__", ()))
    return next((section for section in inner if section is not None), None)
