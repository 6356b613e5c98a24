"""Decode an uploaded PNG, JPEG or WebP within limits and encode it anew (reliability F3). Pure.

What was hidden behind the picture, in its comments or after its end, does not come along; nothing
is stored that an uploader has written.
"""

import io
import struct
import zlib
from collections.abc import Sequence

from PIL import Image, ImageOps, UnidentifiedImageError

from branding.encoded import Encoded
from branding.unusable import UnusablePicture
from common.wording import gettext_noop

MAX_PIXELS = 16_000_000
MAX_SIDE = 10_000
_FORMATS = ("PNG", "JPEG", "WEBP")
_TOO_MANY = gettext_noop("The picture has more than 16 million pixels. Scale it down.")
# What the decoders raise for a file that is not what it says.
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, IndexError, struct.error, zlib.error)

# Pillow only warns at its own limit and goes on; ours is asked for below, and is lower.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS * 4


def decoded(data: bytes) -> Image.Image:
    """Return the first frame of a picture, upright, in RGB or RGBA.

    Raises:
        UnusablePicture: it is none of the formats, broken, or has too many pixels.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            _require_size(*opened.size)  # before a single pixel is decoded
            upright = ImageOps.exif_transpose(opened)
            has_alpha = "A" in upright.getbands() or "transparency" in upright.info
            return upright.convert("RGBA" if has_alpha else "RGB")
    except UnidentifiedImageError as error:
        raise UnusablePicture(
            gettext_noop("The file is no picture that can be used. Upload SVG, PNG, JPEG or WebP.")
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnusablePicture(_TOO_MANY) from error
    except UnusablePicture:
        raise
    except _BROKEN as error:
        raise UnusablePicture(gettext_noop("The picture is damaged: it cannot be read.")) from error


def _require_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise UnusablePicture(_TOO_MANY)
    if max(width, height) > MAX_SIDE:  # WebP ends at 16,383
        raise UnusablePicture(
            gettext_noop("The picture is more than %(most)d pixels wide or high."), most=MAX_SIDE
        )


def as_png(picture: Image.Image, *, within: tuple[int, int]) -> Encoded:
    """Return the picture as PNG, scaled down to fit into a width and a height in pixels."""
    fitted = picture.copy()
    fitted.thumbnail(within, Image.Resampling.LANCZOS)
    return _encoded(fitted, "png")


def as_widths(picture: Image.Image, *, widths: Sequence[int], plain_width: int) -> list[Encoded]:
    """Return the picture as WebP in each of these widths that it has, and as PNG for old browsers.

    A picture that is narrower than all of them stays as wide as it is.
    """
    kept = [width for width in widths if width <= picture.width] or [picture.width]
    scaled = [_encoded(_of_width(picture, width), "webp") for width in kept]
    return [*scaled, _encoded(_of_width(picture, min(plain_width, picture.width)), "png")]


def _of_width(picture: Image.Image, width: int) -> Image.Image:
    height = max(1, round(picture.height * width / picture.width))
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def _encoded(picture: Image.Image, kind: str) -> Encoded:
    written = io.BytesIO()
    picture.info.clear()
    if kind == "webp":
        picture.save(written, "WEBP", quality=80, method=4)
    else:
        picture.save(written, "PNG", optimize=True)
    return Encoded(kind=kind, width=picture.width, height=picture.height, body=written.getvalue())
