"""What other sites show of us: the warning as data and as an image, and the badges.

Called by the publisher. An image cannot be told by its reader that it is old, so each carries what
it should look like then, asleep in a comment that the front wakes (public_pages.published).
"""

import re
import unicodedata

from django.utils.html import escape
from django.utils.translation import gettext as _

from branding.brand_views import PictureView
from components.status import Status
from public_pages import assets, readouts, templating, wording
from public_pages.page_views import PageView

# Dark enough for white text: the -fg colours of tokens.css.
_COLOURS = {
    "op": "#13694a",
    "de": "#7f5200",
    "pa": "#9a3d0b",
    "ma": "#a81c2e",
    "mt": "#33509f",
    "un": "#545a61",
}
_FONT = 'font-family="system-ui,Segoe UI,Roboto,sans-serif" font-size="12"'
_NAME_LIMIT = 40
_PX_PER_LETTER = 6.8
_ICON_PAINT = re.compile(r'="#[0-9a-f]{3,6}"')


def warning_json(page: PageView) -> bytes:
    """Return whether other places should warn, since when the page is dead, and in which words."""
    with templating.active(page.site):
        return readouts.dump(
            {
                "warn": page.warning.is_due(now=page.as_of),
                "stale": False,
                "since": readouts.iso(page.warning.dead_since),
                "after_s": page.warning.after_s,
                "url": page.site.url(""),
                "message": _warning_words(page),
                "more": _("See the status page"),
                "dismiss": _("Dismiss"),
                "brand": _brand(page),
            }
        )


def _brand(page: PageView) -> dict[str, str | None]:
    """What a widget needs to look like the page: the same record (AMB-1)."""
    brand = page.site.brand
    origin = page.site.origin

    def address(picture: PictureView | None) -> str | None:
        return f"{origin}{picture.url}" if picture else None

    return {
        "colour": brand.shades.light if brand.colour else None,
        "on_colour": brand.shades.on_light if brand.colour else None,
        "logo": address(brand.logo),
        "pattern": address(brand.pattern),
    }


def warning_image(page: PageView) -> bytes:
    """Return one clear pixel, or the warning as a bar, for pages without scripts."""
    if not page.warning.is_due(now=page.as_of):
        return b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>'
    with templating.active(page.site):
        words = _warning_words(page)
    width = 40 + _width(words)
    return _svg(
        width,
        32,
        words,
        f'<rect width="{width}" height="32" rx="5" fill="{_COLOURS["ma"]}"/>'
        f"{_icon('ma', 10, 8, 0.8)}{_text(words, 32, 20)}",
    )


def badge_icon(page: PageView) -> bytes:
    """Return the status as an icon; its title says it in words."""
    with templating.active(page.site):
        label, unknown = _label(page), f"{_label(page)}: {wording.word(Status.UNKNOWN)}"
        return _svg(
            20,
            20,
            f"{label}: {wording.page_word(page)}",
            _drawn(page.code),
            title_when_stale=unknown,
            when_stale='<rect width="20" height="20" fill="#fff"/>' + _drawn("un"),
        )


def badge_color(page: PageView) -> bytes:
    """Return the status as a badge: the page's name, an icon and the word."""
    with templating.active(page.site):
        label = _label(page)
        words, unknown = wording.page_word(page), wording.word(Status.UNKNOWN)
        left = 18 + _width(label)
        width = left + 35 + max(_width(words), _width(unknown))
        return _svg(
            width,
            24,
            f"{label}: {words}",
            f'<rect width="{width}" height="24" rx="5" fill="{_ground(page)}"/>{_text(label, 9, 16)}'
            + _right(page.code, words, left, width),
            title_when_stale=f"{label}: {unknown}",
            when_stale=_right(Status.UNKNOWN.code, unknown, left, width),
        )


def _ground(page: PageView) -> str:
    """What the name stands on, in white: the brand colour as light pages have it."""
    brand = page.site.brand
    return brand.shades.light if brand.colour else "#26292c"


def _right(code: str, words: str, left: int, width: int) -> str:
    """The coloured half of a badge."""
    end = width - left - 5
    return (
        f'<path d="M{left} 0h{end}a5 5 0 0 1 5 5v14a5 5 0 0 1-5 5h-{end}z" fill="{_COLOURS[code]}"/>'
        f"{_icon(code, left + 8, 6, 0.6)}{_text(words, left + 26, 16)}"
    )


def _svg(
    width: int,
    height: int,
    title: str,
    inside: str,
    *,
    title_when_stale: str = "",
    when_stale: str = "",
) -> bytes:
    """One image; the first title counts, and what is drawn last covers the rest."""
    stale_title = _asleep(f"<title>{escape(title_when_stale)}</title>" if when_stale else "")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">{stale_title}<title>{escape(title)}</title>'
        f"{inside}{_asleep(when_stale)}</svg>"
    ).encode()


def _asleep(markup: str) -> str:
    # Two hyphens would end the comment.
    return f"<!--stale {markup.replace('--', '–')}-->" if markup else ""


def _drawn(code: str) -> str:
    """What is inside the favicon of a status."""
    text = assets.icon(f"favicon-{code}.svg").decode()
    return text[text.index(">") + 1 : text.rindex("</svg>")]


def _icon(code: str, x: int, y: int, scale: float) -> str:
    """A status icon in white, on a ground of its own colour."""
    paints = {'="#fff"': f'="{_COLOURS[code]}"'}
    drawn = _ICON_PAINT.sub(lambda match: paints.get(match[0], '="#fff"'), _drawn(code))
    return f'<g transform="translate({x} {y}) scale({scale})">{drawn}</g>'


def _text(words: str, x: int, y: int) -> str:
    """A text squeezed or stretched to the width it was given, whatever fonts the reader has."""
    return (
        f'<text x="{x}" y="{y}" fill="#fff" {_FONT} textLength="{_width(words)}" '
        f'lengthAdjust="spacingAndGlyphs">{escape(words)}</text>'
    )


def _width(words: str) -> int:
    """Roughly how many pixels a text takes at 12 px."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in words)
    return round(_PX_PER_LETTER * (len(words) + 0.8 * wide))


def _label(page: PageView) -> str:
    name = _plain(page)
    return name if "status" in name.lower() else _("%(name)s status") % {"name": name}


def _warning_words(page: PageView) -> str:
    return _("%(name)s has an outage at the moment.") % {"name": _plain(page)}


def _plain(page: PageView) -> str:
    """The page's name without what XML may not hold, and not endless."""
    name = "".join(letter for letter in page.site.name if letter.isprintable()).strip()
    return name if len(name) <= _NAME_LIMIT else f"{name[: _NAME_LIMIT - 1]}…"
