"""Raster pictures are decoded within limits and encoded anew; what a file says of itself counts for nothing."""

import io

import pytest
from PIL import Image

from branding import uploads
from branding.unusable import UnusablePicture
from tests.branding import corpus

PAYLOAD = b"<script>alert(1)</script>"


def refused(slot: str, data: bytes) -> str:
    with pytest.raises(UnusablePicture) as error:
        uploads.cleaned(slot, data)
    return error.value.sentence % error.value.values


@pytest.mark.req("A3", "A4")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_logo_is_encoded_anew_as_png(kind: str) -> None:
    [made] = uploads.cleaned("logo", corpus.raster(kind, size=(2000, 500)))

    assert (made.kind, made.width, made.height) == ("png", 640, 160)
    assert made.body.startswith(b"\x89PNG")


def test_nothing_that_was_hidden_in_a_picture_comes_along() -> None:
    """Polyglots: behind the end, in a comment, in metadata."""
    written = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = PAYLOAD.decode()
    Image.new("RGB", (20, 20), "red").save(written, "JPEG", comment=PAYLOAD, exif=exif)

    [made] = uploads.cleaned("logo", written.getvalue() + PAYLOAD)

    assert PAYLOAD not in made.body
    assert Image.open(io.BytesIO(made.body)).size == (20, 20)


@pytest.mark.parametrize(
    ("width", "height"), [(4001, 4000), (60_000, 60_000), (2_000_000, 2_000), (2**31 - 1, 1)]
)
def test_a_bomb_is_refused_by_its_header(width: int, height: int) -> None:
    assert "16 million" in refused("background", corpus.png_that_says(width, height))


@pytest.mark.parametrize(("width", "height"), [(10_001, 10), (10, 16_000)])
def test_a_ribbon_is_refused(width: int, height: int) -> None:
    assert "10000 pixels" in refused("background", corpus.raster(size=(width, height)))


def test_the_highest_background_is_encoded() -> None:
    made = uploads.cleaned("background", corpus.raster(size=(100, 10_000)))
    assert [(one.kind, one.height) for one in made] == [("webp", 10_000), ("png", 10_000)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + b"\0" * 30,
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"BM" + b"\0" * 60,
        corpus.raster()[:60],
        corpus.raster("JPEG")[:200],
        corpus.raster("WEBP")[:40],
        b"\x89PNG\r\n\x1a\n" + PAYLOAD,
        corpus.png_that_says(100, 100)[:60],
    ],
)
def test_what_is_no_whole_picture_is_refused_in_a_sentence(data: bytes) -> None:
    assert refused("logo", data).endswith((".", "WebP."))


def test_a_file_is_refused_by_its_size_before_it_is_looked_at() -> None:
    assert "1 MB" in refused("logo", b"x" * (uploads.MAX_BYTES + 1))
    assert "4 MB" in refused("background", b"x" * (uploads.MAX_BACKGROUND_BYTES + 1))


@pytest.mark.req("A8")
def test_a_background_has_several_widths_and_one_for_browsers_without_webp() -> None:
    made = uploads.cleaned("background", corpus.raster(size=(3000, 600)))

    assert [(one.kind, one.width) for one in made] == [
        ("webp", 960),
        ("webp", 1920),
        ("webp", 2880),
        ("png", 960),
    ]
    assert [(one.kind, one.width) for one in uploads.cleaned("background", corpus.raster())] == [
        ("webp", 200),
        ("png", 200),
    ]
