"""What may stand in a config file about the catalog: types, attributes, entries, and their pages."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from catalog.models import KEY_MAX
from catalog.values import Kind
from components.models import PageKind
from monitoring.config_file.values import Name, Section, fault, one_of, plain_text, slug_of

_KEY = re.compile(r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?")


def _key(value: str) -> str:
    if len(value) > KEY_MAX:
        raise fault(f"A key has at most {KEY_MAX} characters.")
    if not _KEY.fullmatch(value):
        raise fault(
            "A key has only small letters, digits, - and _, with a letter or a digit at both ends."
        )
    return value


def _key_or_name(value: object, info: ValidationInfo) -> object:
    if value != "":
        return value
    name = info.data.get("name")
    if name is None:
        return "x"  # the name's own mistake is reported
    if made := slug_of(name)[:KEY_MAX].strip("-_"):
        return made
    raise fault("No key can be made from this name. Add one, like key: acme.")


def _attribute_key(value: object, info: ValidationInfo) -> object:
    made = _key_or_name(value, info)
    return made.replace("-", "_") if value == "" and isinstance(made, str) else made


def _words(value: object) -> object:
    """A value, or a list of them, as words; null is none."""
    items = value if isinstance(value, list) else [value]
    said = []
    for item in items:
        if isinstance(item, bool):
            said.append("yes" if item else "no")
        elif isinstance(item, str | int | float):
            said.append(plain_text(str(item)))
        elif item is not None:
            raise fault("This has to be text, a number, true or false, or a list of these.")
    return said


Key = Annotated[str, AfterValidator(_key)]
OwnKey = Annotated[Key, BeforeValidator(_key_or_name)]
Words = Annotated[list[str], BeforeValidator(_words)]


class CatalogAttribute(Section):
    """Something that every entry of a type may have; `to` is the key of the type referred to."""

    name: Name
    key: Annotated[Key, BeforeValidator(_attribute_key)] = Field("", validate_default=True)
    kind: Annotated[str, AfterValidator(one_of("kind of attribute", list(Kind)))]
    to: Key | None = None
    required: bool = False


class CatalogPages(Section):
    """A page of this kind for every entry; the others are keys of attributes."""

    kind: Annotated[
        str, AfterValidator(one_of("kind of page", [PageKind.SUB.value, PageKind.CUSTOMER.value]))
    ]
    title: Key | None = None
    components: Key | None = None
    domains: Key | None = None
    time_zone: Key | None = None


class CatalogEntry(Section):
    """One thing of a type; `values` by the keys of attributes, each a value or a list of them."""

    name: Name
    key: OwnKey = Field("", validate_default=True)
    values: dict[str, Words] = {}


class CatalogType(Section):
    """A kind of thing. Left out, `pages` and `entries` stay as they are."""

    name: Name
    key: OwnKey = Field("", validate_default=True)
    attributes: list[CatalogAttribute] = []
    pages: list[CatalogPages] | None = None
    entries: list[CatalogEntry] | None = None
