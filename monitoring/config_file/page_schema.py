"""What may stand in a config file about pages besides the main one: sub-pages, slugs, languages."""

import re
from typing import Annotated

from django.conf import settings
from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from common import time_zones
from monitoring.config_file.values import Name, Section, Text, fault, nearest, slug_of

PAGE_SLUG_LIMIT = 40
_PAGE_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


def _time_zone(value: str) -> str:
    known = time_zones.names()
    if value in known:
        return value
    hint = nearest(value, known)
    raise fault(f"This is not a time zone. Write {hint or 'one like Europe/Paris or UTC'}.")


def _language(value: str) -> str:
    known = [code for code, _name in settings.LANGUAGES]
    if value in known:
        return value
    raise fault(f"The page does not speak this language. Write {' or '.join(known)}.")


def _page_slug(value: str) -> str:
    if len(value) > PAGE_SLUG_LIMIT:
        raise fault(f"A slug of a page has at most {PAGE_SLUG_LIMIT} characters.")
    if not _PAGE_SLUG.fullmatch(value):
        raise fault(
            "A slug of a page has only small letters, digits and hyphens, with a letter or a digit "
            "at both ends."
        )
    return value


def _slug_or_name(value: object, info: ValidationInfo) -> object:
    if value != "":
        return value
    name = info.data.get("name")
    if name is None:
        return "x"  # the name's own mistake is reported
    made = slug_of(name).replace("_", "-")[:PAGE_SLUG_LIMIT].strip("-")
    if made:
        return made
    raise fault("No slug can be made from this name. Add one, like slug: europe.")


TimeZone = Annotated[Text, AfterValidator(_time_zone)]
Language = Annotated[str, AfterValidator(_language)]
PageSlug = Annotated[str, AfterValidator(_page_slug)]


class SubPage(Section):
    """A public page of some services. Left out, `time_zone` and `language` are the main page's."""

    name: Name
    slug: Annotated[PageSlug, BeforeValidator(_slug_or_name)] = Field("", validate_default=True)
    groups: list[Name] = []
    components: list[Text] = []
    time_zone: TimeZone | None = None
    language: Language | None = None
