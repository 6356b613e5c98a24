"""Widget and badge have the look of the page: one record (AMB-1, A6, A7)."""

import json
from datetime import datetime

import pytest

from branding import changing
from branding.changing import Look
from branding.encoded import Encoded
from components import catalogue
from public_pages import elsewhere, reading
from tests import build

pytestmark = pytest.mark.django_db
TILE = Encoded(kind="png", width=8, height=8, body=b"tile")


@pytest.mark.req("AMB-1", "A6", "A7")
def test_a_widget_and_a_badge_take_the_pages_colour_and_pattern(now: datetime) -> None:
    build.component(name="Checkout")
    [tile] = changing.keep(pictures=[TILE], now=now)
    look = Look(colour="#0a7f3f", pictures={"pattern": [tile]})
    changing.save(page=catalogue.page(), look=look, now=now)

    page = reading.page(now=now)

    assert json.loads(elsewhere.warning_json(page))["brand"] == {
        "colour": page.site.brand.shades.light,
        "accent": [page.site.brand.shades.light, page.site.brand.shades.dark],
        "on_colour": "#ffffff",
        "logo": None,
        "pattern": f"{page.site.origin}/media/{tile}.png",
    }
    assert f"url(/media/{tile}.png)" in page.site.brand.stylesheet
    assert page.site.brand.shades.light.encode() in elsewhere.badge_color(page)


@pytest.mark.req("A7", "A8")
def test_without_a_pattern_the_header_shows_none_and_a_background_takes_its_place(
    now: datetime,
) -> None:
    build.component(name="Checkout")
    assert json.loads(elsewhere.warning_json(reading.page(now=now)))["brand"]["pattern"] is None
    assert reading.page(now=now).site.brand.stylesheet == ""
    wide = [
        Encoded(kind="webp", width=width, height=9, body=b"%d" % width) for width in (960, 1920)
    ]
    tile, *widths = changing.keep(pictures=[TILE, *wide], now=now)
    look = Look(pictures={"pattern": [tile], "background": widths})
    changing.save(page=catalogue.page(), look=look, now=now)

    style = reading.page(now=now).site.brand.stylesheet

    assert tile not in style
    assert f"url(/media/{widths[1]}.webp) 2x" in style
    assert "@media (min-width:961px)" in style
    assert "background-size:cover" in style
