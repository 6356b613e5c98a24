"""No uploaded SVG acts or asks for a file (A5; reliability F3, appendix D)."""

import itertools
import xml.etree.ElementTree as ET

import pytest

from branding import svg_cleaning, uploads
from branding.unusable import UnusablePicture
from tests.branding import corpus

ALL = corpus.HOSTILE | corpus.MORE
REFUSED = {
    "XXE": "DOCTYPE",
    "billion laughs": "DOCTYPE",
    "HTML named .svg": "no SVG picture",
    "UTF-7": "UTF-8",
    "999999999 px": "pixels wide",
    "20,000 nested g": "64 KB",
    "many elements": "elements",
    "deep, and small": "nests",
    "use of use of use": "repeats itself",
    "use of itself": "repeats itself",
    "pattern in pattern": "repeats itself",
    "UTF-16": "no picture",
}


def test_the_corpus_is_whole() -> None:
    assert len(corpus.HOSTILE) == 23


@pytest.mark.req("A5")
@pytest.mark.parametrize("name", [name for name in ALL if name not in REFUSED])
def test_a_hostile_file_comes_out_with_nothing_that_acts(name: str) -> None:
    """Asserted on the parsed result: text is no code (appendix D)."""
    body = svg_cleaning.clean(ALL[name]).body

    root = ET.fromstring(body)
    values = list(itertools.chain.from_iterable(element.attrib.items() for element in root.iter()))
    tags = {element.tag.rpartition("}")[2].lower() for element in root.iter()}
    assert {element.tag.partition("}")[0] for element in root.iter()} == {
        "{http://www.w3.org/2000/svg"
    }
    forbidden = {"script", "foreignobject", "image", "feimage", "animate", "set", "iframe"}
    assert not tags & forbidden
    for key, value in values:
        local = key.rpartition("}")[2].lower()
        assert not local.startswith("on"), key
        assert local != "href" or value.startswith("#"), value
        assert "outside.test" not in value
        assert "javascript:" not in value.lower()
        assert "url(" not in value or "url(#" in value
    styles = [element for element in root.iter() if element.tag.endswith("style")]
    assert not any(word in (style.text or "") for style in styles for word in ("@", "url(h", "\\"))
    assert svg_cleaning.remains(body) == ""


@pytest.mark.req("A5")
@pytest.mark.parametrize("name", REFUSED)
def test_a_file_over_the_limits_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(UnusablePicture) as refused:
        uploads.cleaned("logo", ALL[name])
    assert REFUSED[name] in refused.value.sentence % refused.value.values


def test_limits_hold_before_anything_is_built() -> None:
    """20,000 nested groups become 800 MB in the cleaner alone; small enough to pass by size, they are counted."""
    nested = corpus.svg("<g>" * 8_000)
    assert len(nested) < svg_cleaning.MAX_BYTES
    with pytest.raises(UnusablePicture) as refused:
        svg_cleaning.clean(nested)
    assert "deeper" in refused.value.sentence


@pytest.mark.req("A5")
def test_a_logo_keeps_its_shapes_gradients_and_styles() -> None:
    made = svg_cleaning.clean(corpus.good_svg())

    root = ET.fromstring(made.body)
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert {"title", "linearGradient", "stop", "style", "rect", "use", "path"} <= tags
    assert (made.width, made.height) == (160, 40)
    assert (
        svg_cleaning.clean(made.body).body
        == svg_cleaning.clean(svg_cleaning.clean(made.body).body).body
    )


def test_a_rule_for_dark_screens_may_stay() -> None:
    dark = "<style>@media (prefers-color-scheme: dark){.a{fill:#fff}}</style>"
    assert b"prefers-color-scheme" in svg_cleaning.clean(corpus.svg(dark)).body


def test_what_is_left_is_named_when_the_cleaner_fails() -> None:
    """The look at the result is a check of its own: it finds what neither layer took out."""
    found = {
        '<script xmlns="http://www.w3.org/2000/svg"/>': "script",
        '<a xmlns="http://www.w3.org/2000/svg" href="/x"/>': "href",
        '<rect xmlns="http://www.w3.org/2000/svg" onclick="x"/>': "onclick",
        '<style xmlns="http://www.w3.org/2000/svg">a{fill:url(/x)}</style>': "style",
    }
    for markup, what in found.items():
        inside = f'<svg xmlns="http://www.w3.org/2000/svg">{markup}</svg>'
        assert svg_cleaning.remains(inside.encode()) == what
