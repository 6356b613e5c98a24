"""A page as it would look, for the console: a small page with one of everything, in both themes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from branding import changing, reading
from branding.brand_views import BrandView
from branding.changing import Look
from components.models import Page

# What stands in the place of a field that is wrong.
_NOTHING: Mapping[str, Any] = {
    "colour": "",
    "header_links": (),
    "footer_links": (),
    "footer_text": "",
    "css": "",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """One theme of a preview: the whole document, for the `srcdoc` of a frame."""

    theme: str  # light or dark
    label: str
    document: str


def state(look: Look) -> dict[str, Any]:
    """The values of a look as far as they are right: what is wrong is left out."""
    try:
        return changing.checked(look)
    except ValidationError as error:
        wrong = set(error.message_dict)
    right = replace(
        look,
        pictures={slot: kept for slot, kept in look.pictures.items() if slot not in wrong},
        support=None if wrong & {"support_label", "header_links"} else look.support,
        **{name: nothing for name, nothing in _NOTHING.items() if name in wrong},
    )
    try:
        return changing.checked(right)
    except ValidationError:  # said at the form already
        return changing.EMPTY


def previews(
    *, page: Page, state: Mapping[str, Any], base: str, now: datetime
) -> tuple[Preview, Preview]:
    """Return the sample page with this look in light and in dark.

    `base` is where the console serves pictures and the style sheet that is kept for this.
    """
    brand = reading.view(state, base=base)
    if brand.stylesheet:
        changing.keep_style(style=brand.stylesheet, now=now)
    return (
        Preview("light", _("Light"), _document(page, brand, "light")),
        Preview("dark", _("Dark"), _document(page, brand, "dark")),
    )


def _document(page: Page, brand: BrandView, theme: str) -> str:
    name = page.name
    title = name if "status" in name.lower() else _("%(name)s Status") % {"name": name}
    context = {
        "site": {"base": "", "brand": brand},
        "site_title": title,
        "here": "status",
    }
    document = render_to_string("branding/preview.html", context)
    return document.replace("<html ", f'<html data-theme="{theme}" ', 1)  # as visitors choose it
