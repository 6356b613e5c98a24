"""How badges and the warning are drawn as SVG: pieces of markup, without reading anything.

An image cannot be told by its reader that it is old, so each carries what it should look like then,
asleep in a comment that the front wakes (public_pages.published).
"""

import re
import unicodedata

from django.utils.html import escape

from public_pages import assets

# Dark enough for white text: the -fg colours of tokens.css.
COLOURS = {
    "op": "#13694a",
    "de": "#7f5200",
    "pa": "#9a3d0b",
    "ma": "#a81c2e",
    "mt": "#33509f",
    "un": "#545a61",
}
# The same for text on dark grounds.
DARK_COLOURS = {
    "op": "#6fd3a8",
    "de": "#efbd55",
    "pa": "#ff9f6e",
    "ma": "#ff8f9a",
    "mt": "#a3b8ff",
    "un": "#a6aeb6",
}
GROUND = "#26292c"
_FONT = 'font-family="system-ui,Segoe UI,Roboto,sans-serif" font-size="12"'
_NAME_LIMIT = 40
_PX_PER_LETTER = 6.8
_ICON_PAINT = re.compile(r'="#[0-9a-f]{3,6}"')


def badge(
    label: str, words: str, code: str, *, ground: str, unknown: str, has_icon: bool = True
) -> bytes:
    """Return a badge: a label on the ground, and words on the colour of a status.

    `unknown` stands there instead once the file is old. Without an icon the words have to say it all.
    """
    left = 18 + width_of(label)
    width = left + (35 if has_icon else 18) + max(width_of(words), width_of(unknown))
    return svg(
        width,
        24,
        f"{label}: {words}",
        f'<rect width="{width}" height="24" rx="5" fill="{ground}"/>{text(label, 9, 16)}'
        + _right(code, words, left, width, has_icon=has_icon),
        title_when_stale=f"{label}: {unknown}",
        when_stale=_right("un", unknown, left, width, has_icon=has_icon),
    )


def svg(
    width: int,
    height: int,
    title: str,
    inside: str,
    *,
    title_when_stale: str = "",
    when_stale: str = "",
) -> bytes:
    """Return one image; the first title counts, and what is drawn last covers the rest."""
    stale_title = _asleep(f"<title>{escape(title_when_stale)}</title>" if when_stale else "")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">{stale_title}<title>{escape(title)}</title>'
        f"{inside}{_asleep(when_stale)}</svg>"
    ).encode()


def drawn(code: str) -> str:
    """Return what is inside the favicon of a status."""
    found = assets.icon(f"favicon-{code}.svg").decode()
    return found[found.index(">") + 1 : found.rindex("</svg>")]


def icon(code: str, x: int, y: int, scale: float) -> str:
    """Return a status icon in white, on a ground of its own colour."""
    paints = {'="#fff"': f'="{COLOURS[code]}"'}
    inside = _ICON_PAINT.sub(lambda match: paints.get(match[0], '="#fff"'), drawn(code))
    return f'<g transform="translate({x} {y}) scale({scale})">{inside}</g>'


def text(words: str, x: int, y: int) -> str:
    """Return a text squeezed or stretched to the width it was given, whatever fonts the reader has."""
    return (
        f'<text x="{x}" y="{y}" fill="#fff" {_FONT} textLength="{width_of(words)}" '
        f'lengthAdjust="spacingAndGlyphs">{escape(words)}</text>'
    )


def width_of(words: str) -> int:
    """Return roughly how many pixels a text takes at 12 px."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in words)
    return round(_PX_PER_LETTER * (len(words) + 0.8 * wide))


def plain(name: str, *, limit: int = _NAME_LIMIT) -> str:
    """Return a name without what XML may not hold, and not endless."""
    found = "".join(letter for letter in name if letter.isprintable()).strip()
    return found if len(found) <= limit else f"{found[: limit - 1]}…"


def _right(code: str, words: str, left: int, width: int, *, has_icon: bool) -> str:
    """The coloured half of a badge."""
    end = width - left - 5
    inside = text(words, (left + width - width_of(words)) // 2, 16)
    if has_icon:
        inside = f"{icon(code, left + 8, 6, 0.6)}{text(words, left + 26, 16)}"
    return (
        f'<path d="M{left} 0h{end}a5 5 0 0 1 5 5v14a5 5 0 0 1-5 5h-{end}z" fill="{COLOURS[code]}"/>'
        f"{inside}"
    )


def _asleep(markup: str) -> str:
    # Two hyphens would end the comment.
    return f"<!--stale {markup.replace('--', '–')}-->" if markup else ""
