"""From one brand colour the shades that can be read on light and on dark pages. Pure.

The lightness is moved in OKLCH (Ottosson, 2020), which keeps hue and strength, until text in the
colour has 4.5:1 on every ground that a page has (WCAG 2.2, 1.4.3); the focus ring, which needs 3:1,
and buttons follow from that. The grounds are those of static/css/tokens.css; a test compares them.
"""

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from common.wording import gettext_noop

TEXT = 4.5
# What text and links of a page may stand on: page, sheet, inset and the tints of the six states.
LIGHT_GROUNDS = (
    "#fafaf8",
    "#ffffff",
    "#f2f2ee",
    "#eaf5f0",
    "#fdf4df",
    "#fdeee4",
    "#fdecee",
    "#edf1fc",
    "#f0f0ed",
)
DARK_GROUNDS = (
    "#0f1113",
    "#16191c",
    "#1d2125",
    "#12251e",
    "#2a2110",
    "#2d1b11",
    "#301519",
    "#171e33",
    "#1f2327",
)
_WRITTEN = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_STEP = 0.004  # of lightness, which runs from 0 to 1: no eye sees one

Parts = tuple[float, float, float]


class NotAColour(ValueError):
    """A text is no colour that can be read; its message is a sentence to be translated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shades:
    """A brand colour on both themes, each with the colour of what is written on it, as #rrggbb."""

    light: str
    on_light: str
    dark: str
    on_dark: str


DEFAULT = Shades(light="#3a4bc9", on_light="#ffffff", dark="#aab5ff", on_dark="#11132c")


def read(text: str) -> str:
    """Return a colour as #rrggbb; the sign may be left out, and three digits stand for six.

    Raises:
        NotAColour: it is written in another way.
    """
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        raise NotAColour(gettext_noop("Write the colour as # and six digits or letters a to f."))
    digits = match[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


@lru_cache(maxsize=4096)
def shades(colour: str) -> Shades:
    """Return the nearest shades of a colour (#rrggbb) that can be read on both themes."""
    light = _moved(colour, LIGHT_GROUNDS, -_STEP)
    dark = _moved(colour, DARK_GROUNDS, _STEP)
    return Shades(light=light, on_light=_written_on(light), dark=dark, on_dark=_written_on(dark))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def weakest(colour: str, grounds: tuple[str, ...]) -> float:
    """The least contrast that a colour has with any of these grounds."""
    return min(contrast(colour, ground) for ground in grounds)


def _moved(colour: str, grounds: tuple[str, ...], step: float) -> str:
    """The first shade on the way to black or white that can be read; both ends can."""
    lightness, strength, hue = _to_oklch(colour)
    moved = colour
    while weakest(moved, grounds) < TEXT and 0 < lightness < 1:
        lightness = min(max(lightness + step, 0.0), 1.0)
        moved = _from_oklch(lightness, strength, hue)
    if weakest(moved, grounds) >= TEXT:
        return moved
    return "#000000" if step < 0 else "#ffffff"


def _written_on(ground: str) -> str:
    """White, or the hue of the ground as dark as ink, or black: the first that can be read.

    A shade may carry either black or white, whatever it is, so the last one always can.
    """
    _lightness, strength, hue = _to_oklch(ground)
    ink = _from_oklch(0.2, min(strength, 0.05), hue)
    for colour in ("#ffffff", ink):
        if contrast(colour, ground) >= TEXT:
            return colour
    return "#000000"


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> Parts:
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return _to_linear(red), _to_linear(green), _to_linear(blue)


def _to_linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _to_oklch(colour: str) -> Parts:
    red, green, blue = _linear(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _from_oklch(lightness: float, strength: float, hue: float) -> str:
    """The colour as #rrggbb; as strong as a screen can show it, when it cannot be as strong as asked."""
    parts = _to_linear_rgb(lightness, strength, hue)
    if not _is_shown(parts):
        weak, strong = 0.0, strength
        for _round in range(16):
            middle = (weak + strong) / 2
            if _is_shown(_to_linear_rgb(lightness, middle, hue)):
                weak = middle
            else:
                strong = middle
        parts = _to_linear_rgb(lightness, weak, hue)
    return "#" + "".join(f"{_byte(part):02x}" for part in parts)


def _to_linear_rgb(lightness: float, strength: float, hue: float) -> Parts:
    a, b = strength * math.cos(hue), strength * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _is_shown(parts: Parts) -> bool:
    return all(-0.0005 <= part <= 1.0005 for part in parts)


def _byte(part: float) -> int:
    part = min(max(part, 0.0), 1.0)
    curved = part * 12.92 if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055
    return round(curved * 255)
