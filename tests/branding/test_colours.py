"""Whatever the brand colour, what is made of it can be read on every page (A6; WCAG 2.2: 1.4.3, 1.4.11)."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import example, given
from hypothesis import strategies as st

from branding import colours
from branding.colours import DARK_GROUNDS, LIGHT_GROUNDS, NotAColour

CSS = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text(encoding="utf-8")
FOCUS_RING = 3.0


def mixed(one: str, other: str, share: float) -> str:
    """What `color-mix(in srgb, one share, other)` makes, as a hovered button has it."""
    parts = [
        round(
            share * int(one[place : place + 2], 16)
            + (1 - share) * int(other[place : place + 2], 16)
        )
        for place in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02x}" for part in parts)


@pytest.mark.req("A6")
@given(st.integers(min_value=0, max_value=0xFFFFFF).map(lambda number: f"#{number:06x}"))
@example("#ffcc00")
@example("#ffffff")
@example("#000000")
@example("#808080")
@example("#00ff00")
@example("#0000ff")
def test_any_colour_can_be_read_as_text_link_button_and_focus_ring(colour: str) -> None:
    shades = colours.shades(colour)

    assert colours.weakest(shades.light, LIGHT_GROUNDS) >= colours.TEXT > FOCUS_RING
    assert colours.weakest(shades.dark, DARK_GROUNDS) >= colours.TEXT > FOCUS_RING
    assert colours.contrast(shades.on_light, shades.light) >= colours.TEXT
    assert colours.contrast(shades.on_dark, shades.dark) >= colours.TEXT
    hovered = (mixed(shades.light, "#1b1d20", 0.88), mixed(shades.dark, "#e8eaec", 0.88))
    assert colours.contrast(shades.on_light, hovered[0]) >= colours.TEXT
    assert colours.contrast(shades.on_dark, hovered[1]) >= colours.TEXT


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert colours.shades("#3a4bc9").light == "#3a4bc9"
    assert colours.shades("#ffcc00").dark == "#ffcc00"


def test_a_weak_colour_is_moved_no_further_than_needed() -> None:
    shades = colours.shades("#ffcc00")
    assert shades.light != "#ffcc00"
    assert colours.weakest(shades.light, LIGHT_GROUNDS) < colours.TEXT + 0.2


def test_the_grounds_are_those_of_the_tokens() -> None:
    light, dark, *_ = CSS.split("@media (prefers-color-scheme: dark)")
    assert set(grounds(light)) == set(LIGHT_GROUNDS)
    assert set(grounds(dark.split("}")[0])) == set(DARK_GROUNDS)


def test_the_default_is_that_of_the_tokens() -> None:
    assert f"--brand: {colours.DEFAULT.light}; --on-brand: #fff;" in CSS
    assert f"--brand: {colours.DEFAULT.dark}; --on-brand: {colours.DEFAULT.on_dark};" in CSS


def grounds(block: str) -> list[str]:
    found = re.findall(r"--(?:bg|surface|sunken|[a-z]{2}-bg): (#[0-9a-f]{3,6})", block)
    return [colours.read(colour) for colour in found]


@pytest.mark.parametrize(
    ("written", "read"),
    [("#FFCC00", "#ffcc00"), ("fc0", "#ffcc00"), (" #fc0 ", "#ffcc00"), ("3A4BC9", "#3a4bc9")],
)
def test_a_colour_may_be_written_shorter(written: str, read: str) -> None:
    assert colours.read(written) == read


@pytest.mark.parametrize(
    "written", ["", "red", "#ff", "#fffffff", "rgb(1,2,3)", "#gggggg", "url(x)"]
)
def test_what_is_no_colour_is_refused(written: str) -> None:
    with pytest.raises(NotAColour):
        colours.read(written)
