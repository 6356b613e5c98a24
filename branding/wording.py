"""What the console says about a brand: ratios of contrast, and why a colour was moved."""

import math

from django.utils.translation import gettext as _

from branding import colours
from branding.colours import DARK_GROUNDS, LIGHT_GROUNDS


def findings(colour: str) -> list[str]:
    """What becomes of a brand colour (#rrggbb) on light and on dark pages, in sentences."""
    shades = colours.shades(colour)
    return [
        _finding(_("On light pages"), colour, shades.light, LIGHT_GROUNDS),
        _finding(_("On dark pages"), colour, shades.dark, DARK_GROUNDS),
    ]


def _finding(where: str, given: str, shade: str, grounds: tuple[str, ...]) -> str:
    names = {
        "where": where,
        "given": given,
        "shade": shade,
        "ratio": _ratio(colours.weakest(given, grounds)),
        "reached": _ratio(colours.weakest(shade, grounds)),
    }
    if shade == given:
        return _("%(where)s it is used as it is: its contrast is %(ratio)s:1 or more.") % names
    return (
        _(
            "%(where)s it is saved as %(shade)s (%(reached)s:1), because %(given)s has only %(ratio)s:1"
            " there, and text, links and buttons need 4.5:1."
        )
        % names
    )


def _ratio(value: float) -> str:
    """A ratio cut, not rounded: 4.49 is not enough, and must not read 4.5."""
    return f"{math.floor(value * 10) / 10:.1f}"
