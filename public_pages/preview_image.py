"""The picture of a page's state that chats and networks show beside a link to it. Pure.

Drawn with fonts of our own (`static/vendor`), so that it is the same on every machine. They have the
letters of Latin, Greek and Cyrillic script; a name in any other gives way to the host name.
"""

import io
import re
import textwrap
from dataclasses import astuple, dataclass
from functools import cache, lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

WIDTH, HEIGHT = 1200, 630
_KEY = "candor"
_VERSION = "1"
_FONTS = Path(__file__).resolve().parent.parent / "static" / "vendor"
_EDGE, _BAND = 80, 28
_GROUND, _INK, _QUIET = "#fafaf8", "#1b1d20", "#545a61"
_TOO_WIDE = WIDTH - 2 * _EDGE
_COLOURS = 64  # enough for smooth letters, and a third of the bytes
# What the fonts have; see static/vendor/README.md.
_HAS = re.compile("[ -~\u00a0-\u017f\u0370-\u03ff\u0400-\u045f\u2010-\u2015\u2018-\u201e…•€™]*")

_Font = ImageFont.FreeTypeFont


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What is on the picture; `colour` and `brand` are #rrggbb."""

    name: str
    words: str
    reach: str
    host: str
    colour: str
    brand: str

    @property
    def key(self) -> str:
        """Another one for another picture; it stands in the file too."""
        return "\x1f".join((_VERSION, *astuple(self)))


def key_of(body: bytes) -> str:
    """Return the key of a picture that was drawn here; empty for any other."""
    try:
        with Image.open(io.BytesIO(body)) as image:
            found = image.info.get(_KEY, "")
    except OSError:
        return ""
    return found if isinstance(found, str) else ""


@lru_cache(maxsize=32)  # below 40 kB each: what recovers shows a picture that was drawn before
def drawn(preview: Preview) -> bytes:
    """Return the picture as PNG; the same values always give the same bytes."""
    image = Image.new("RGB", (WIDTH, HEIGHT), _GROUND)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, WIDTH, _BAND), fill=preview.brand)
    name = preview.name if _HAS.fullmatch(preview.name) else preview.host
    _text(draw, name, 96, 44, _INK, is_bold=True)
    draw.rounded_rectangle((_EDGE, 228, _EDGE + 20, 428), 10, fill=preview.colour)
    _text(draw, preview.words, 226, 76, preview.colour, is_bold=True, indent=60)
    if _HAS.fullmatch(preview.reach):
        for number, line in enumerate(_lines(preview.reach)):
            _text(draw, line, 336 + 48 * number, 34, _QUIET, indent=60)
    _text(draw, preview.host, 530, 32, _QUIET)
    info = PngInfo()
    info.add_itxt(_KEY, preview.key)
    packed = image.quantize(_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    out = io.BytesIO()
    packed.save(out, "PNG", pnginfo=info)
    return out.getvalue()


def _lines(words: str) -> list[str]:
    return textwrap.wrap(words, 48, max_lines=2, placeholder=" …")


def _text(
    draw: ImageDraw.ImageDraw,
    words: str,
    y: int,
    size: int,
    colour: str,
    *,
    is_bold: bool = False,
    indent: int = 0,
) -> None:
    """One line, as small as it has to be to fit, and cut if that is not enough."""
    room = _TOO_WIDE - indent
    least = size // 2
    while size > least and _font(size, is_bold=is_bold).getlength(words) > room:
        size -= 2
    font = _font(size, is_bold=is_bold)
    while len(words) > 1 and font.getlength(words) > room:
        words = f"{words[:-2].rstrip()}…"
    draw.text((_EDGE + indent, y), words, font=font, fill=colour)


@cache
def _font(size: int, *, is_bold: bool) -> _Font:
    name = "DejaVuSans-Bold.latin.ttf" if is_bold else "DejaVuSans.latin.ttf"
    return ImageFont.truetype(_FONTS / name, size, layout_engine=ImageFont.Layout.BASIC)
