"""Every pair of colours that meets on a page can be told apart (WCAG 2.2: 1.4.3, 1.4.11)."""

import itertools
import re
from pathlib import Path

import pytest
from django.conf import settings

TEXT, GRAPHIC = 4.5, 3.0
STATES = ("op", "de", "pa", "ma", "mt", "un")
GROUNDS = ("bg", "surface", "sunken")

CSS = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text(encoding="utf-8")


def tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})\b", block))


LIGHT = tokens(CSS.split("@media (prefers-color-scheme: dark)")[0])
DARK_BY_SYSTEM = tokens(CSS.split("@media (prefers-color-scheme: dark)")[1].split("}")[0])
DARK_BY_CHOICE = tokens(CSS.split(':root[data-theme="dark"] {')[1].split("}")[0])


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def pairs() -> list[tuple[str, str, float]]:
    """Foreground, ground and the contrast they need."""
    needed = [
        (ink, ground, TEXT)
        for ink, ground in itertools.product(("ink", "ink-2", "ink-3", "brand"), GROUNDS)
    ]
    needed += [("on-brand", "brand", TEXT)]
    needed += [(line, ground, GRAPHIC) for line in ("ctl", "bar") for ground in ("bg", "surface")]
    for state in STATES:
        for ground in (*GROUNDS, f"{state}-bg"):
            needed += [(f"{state}-fg", ground, TEXT), (f"{state}-gr", ground, GRAPHIC)]
        needed += [(ink, f"{state}-bg", TEXT) for ink in ("ink", "ink-2", "ink-3", "brand")]
    return needed


@pytest.mark.req("E3")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_pair_of_colours_has_enough_contrast(theme: str) -> None:
    colours = LIGHT if theme == "light" else LIGHT | DARK_BY_CHOICE

    weak = [
        (fore, ground, round(contrast(colours[fore], colours[ground]), 2))
        for fore, ground, least in pairs()
        if contrast(colours[fore], colours[ground]) < least
    ]

    assert weak == []


def test_dark_is_the_same_by_system_and_by_choice() -> None:
    assert DARK_BY_SYSTEM == DARK_BY_CHOICE
