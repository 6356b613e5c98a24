"""Which phone a number belongs to, and whether a text message may cost us money there (reliability A6).

Pure. A number that is written to is a mobile of a country that operators chose: premium and
shared-cost lines, satellite and short numbers earn somebody money with every message we send.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from common.wording import gettext_noop, without_unseen
from notifications.addresses import AddressInvalid

# In North America a mobile looks like any other number.
_WRITTEN_TO = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
_TEXT_MAX = 40
# A whole number of E.164, whether or not anybody has it.
E164 = re.compile(r"\+[1-9][0-9]{5,14}")
_COUNTRY = re.compile("[A-Z]{2}")


class PhoneInvalid(AddressInvalid):
    """No number that we may write to; the sentence is for a person."""


class CountriesInvalid(ValueError):
    """Not all of these are countries; names those that are not."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number as E.164 has it ("+4915123456789"), and its country ("DE")."""

    number: str
    country: str


NOT_A_NUMBER = gettext_noop(
    "This is no phone number that we know. Write it with the country, like +44 7400 123456."
)
NOT_A_MOBILE = gettext_noop("Text messages go to mobile phones only.")
NOT_THAT_COUNTRY = gettext_noop("Text messages are not sent to this country from here.")


def phone(text: str, *, countries: Collection[str]) -> Phone:
    """The phone that a person typed; one of a single country may leave its country out.

    Raises:
        PhoneInvalid: not a number, not a mobile, or of a country that is not among these.
    """
    text = without_unseen(unicodedata.normalize("NFKC", text)).strip()
    home = next(iter(countries)) if len(countries) == 1 else None
    try:
        parsed = phonenumbers.parse(text[:_TEXT_MAX], home)
    except NumberParseException:
        raise PhoneInvalid(NOT_A_NUMBER) from None
    if len(text) > _TEXT_MAX or parsed.extension or not phonenumbers.is_valid_number(parsed):
        raise PhoneInvalid(NOT_A_NUMBER)
    country = phonenumbers.region_code_for_number(parsed) or ""
    if country not in countries:
        raise PhoneInvalid(NOT_THAT_COUNTRY)
    if phonenumbers.number_type(parsed) not in _WRITTEN_TO:
        raise PhoneInvalid(NOT_A_MOBILE)
    return Phone(phonenumbers.format_number(parsed, PhoneNumberFormat.E164), country)


def is_written_to(number: str, *, countries: Collection[str]) -> bool:
    """Whether a stored number may still be written to."""
    try:
        return phone(number, countries=[*countries, ""]).number == number
    except PhoneInvalid:
        return False


def countries(text: str) -> tuple[str, ...]:
    """The countries that an operator named ("de, AT ch"), sorted. Raises CountriesInvalid."""
    named = {word.upper() for word in re.split(r"[\s,;]+", text) if word}
    known = phonenumbers.SUPPORTED_REGIONS
    wrong = sorted(word for word in named if not _COUNTRY.fullmatch(word) or word not in known)
    if wrong:
        raise CountriesInvalid(", ".join(wrong))
    return tuple(sorted(named))


def calling_code(country: str) -> str:
    """The code to dial for a country, like "+49"."""
    return f"+{phonenumbers.country_code_for_region(country)}"


def shown(number: str) -> str:
    """A number with the gaps that people read it by."""
    try:
        parsed = phonenumbers.parse(number, None)
    except NumberParseException:
        return number
    return phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)
