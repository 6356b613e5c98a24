"""From the bytes of an upload to the pictures of a slot. Pure: nothing is stored.

What a file is, is read from the file: the name and the type that a browser sends are not looked at.
"""

from branding import rasters, svg_cleaning
from branding.encoded import Encoded
from branding.unusable import UnusablePicture
from common.wording import gettext_noop

MAX_BYTES = 1024 * 1024
MAX_BACKGROUND_BYTES = 4 * 1024 * 1024
BACKGROUND = "background"
# As large as a screen of double density can use.
_WITHIN = {
    "favicon": (192, 192),
    "pattern": (800, 800),
}
_LOGO_WITHIN = (640, 192)
_WIDTHS = (960, 1920, 2880)
_PLAIN_WIDTH = 960


def cleaned(slot: str, data: bytes) -> list[Encoded]:
    """Return what is shown of a file in a slot: one picture, or several widths of the background.

    Raises:
        UnusablePicture: with the reason.
    """
    most = MAX_BACKGROUND_BYTES if slot == BACKGROUND else MAX_BYTES
    if len(data) > most:
        raise UnusablePicture(
            gettext_noop("The file is larger than %(most)d MB."), most=most // (1024 * 1024)
        )
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        svg = svg_cleaning.clean(data)
        return [Encoded(kind="svg", width=svg.width, height=svg.height, body=svg.body)]
    picture = rasters.decoded(data)
    if slot == BACKGROUND:
        return rasters.as_widths(picture, widths=_WIDTHS, plain_width=_PLAIN_WIDTH)
    return [rasters.as_png(picture, within=_WITHIN.get(slot, _LOGO_WITHIN))]
