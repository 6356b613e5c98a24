"""What other sites show of us: the warning as data and as an image, and the badges of the page.

Called by the publisher. The badges with more to them are in `badges`.
"""

from typing import Any

from django.utils.translation import gettext as _

from branding.brand_views import PictureView
from components.status import Status
from public_pages import badge_drawing, readouts, templating, wording
from public_pages.page_views import PageView


def warning_json(page: PageView) -> bytes:
    """Return whether other places should warn, since when the page is dead, and in which words."""
    with templating.active(page.site):
        return readouts.dump(
            {
                "warn": page.warning.is_due(now=page.as_of),
                "stale": False,
                "since": readouts.iso(page.warning.dead_since),
                "after_s": page.warning.after_s,
                "message": _warning_words(page),
                **look(page, Status.MAJOR_OUTAGE.code),
            }
        )


def look(page: PageView, code: str) -> dict[str, Any]:
    """Return the words on a notice elsewhere, and the colours of the page and of a status."""
    return {
        "url": page.site.url(""),
        "lang": page.site.language,
        "label": page_label(page),
        "more": _("See the status page"),
        "dismiss": _("Dismiss"),
        "test": _("This is a test of the status notice. Nothing is wrong."),
        "tone": [badge_drawing.COLOURS[code], badge_drawing.DARK_COLOURS[code]],
        "brand": _brand(page),
    }


def _brand(page: PageView) -> dict[str, Any]:
    """What a widget needs to look like the page: the same record (AMB-1)."""
    brand = page.site.brand
    origin = page.site.origin

    def address(picture: PictureView | None) -> str | None:
        return f"{origin}{picture.url}" if picture else None

    return {
        "colour": brand.shades.light if brand.colour else None,
        "on_colour": brand.shades.on_light if brand.colour else None,
        "accent": [brand.shades.light, brand.shades.dark],
        "logo": address(brand.logo),
        "pattern": address(brand.pattern),
    }


def warning_image(page: PageView) -> bytes:
    """Return one clear pixel, or the warning as a bar, for pages without scripts."""
    if not page.warning.is_due(now=page.as_of):
        return b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>'
    with templating.active(page.site):
        words = _warning_words(page)
    width = 40 + badge_drawing.width_of(words)
    ground = badge_drawing.COLOURS["ma"]
    return badge_drawing.svg(
        width,
        32,
        words,
        f'<rect width="{width}" height="32" rx="5" fill="{ground}"/>'
        f"{badge_drawing.icon('ma', 10, 8, 0.8)}{badge_drawing.text(words, 32, 20)}",
    )


def badge_icon(page: PageView) -> bytes:
    """Return the status as an icon; its title says it in words."""
    with templating.active(page.site):
        label, unknown = page_label(page), f"{page_label(page)}: {wording.word(Status.UNKNOWN)}"
        return badge_drawing.svg(
            20,
            20,
            f"{label}: {wording.page_word(page)}",
            badge_drawing.drawn(page.code),
            title_when_stale=unknown,
            when_stale='<rect width="20" height="20" fill="#fff"/>' + badge_drawing.drawn("un"),
        )


def badge_color(page: PageView) -> bytes:
    """Return the status as a badge: the page's name, an icon and the word."""
    with templating.active(page.site):
        return badge_drawing.badge(
            page_label(page),
            wording.page_word(page),
            page.code,
            ground=ground(page),
            unknown=wording.word(Status.UNKNOWN),
        )


def ground(page: PageView) -> str:
    """Return what the name on a badge stands on, in white: the brand colour as light pages have it."""
    brand = page.site.brand
    return brand.shades.light if brand.colour else badge_drawing.GROUND


def page_label(page: PageView) -> str:
    """Return what the badge of a page is of: "Acme status"."""
    name = badge_drawing.plain(page.site.name)
    return name if "status" in name.lower() else _("%(name)s status") % {"name": name}


def _warning_words(page: PageView) -> str:
    return _("%(name)s has an outage at the moment.") % {
        "name": badge_drawing.plain(page.site.name)
    }
