"""The style sheet of a brand: tokens and header first, then the checked CSS of the operator. Pure.

It comes after status.css and in no layer, so it wins over every rule there. Nothing in it was
written by the operator but what `css_rules` has made anew from its own tokens.
"""

import itertools
from collections.abc import Sequence

from branding.colours import Shades

# (address, kind, width in px): pictures as a style sheet names them.
Shown = tuple[str, str, int]

_TYPES = {"png": "image/png", "webp": "image/webp", "svg": "image/svg+xml"}
# What stands on a picture keeps a ground of its own: no contrast can be promised otherwise.
_PLATE = (
    ".top{background-position:center;background-color:var(--sunken);margin-block-end:var(--s-5)}"
    ".top .wrap{padding-block:var(--s-2);border-radius:var(--r-lg);background:var(--bg)}"
    "@media print{.top{background:none!important}}"
)


def made(
    *,
    shades: Shades | None,
    pattern: Shown | None,
    background: Sequence[Shown],
    custom: str,
) -> str:
    """Return the style sheet; empty when the brand has nothing of its own."""
    parts = [_tokens(shades)] if shades else []
    if background:
        parts += [_background(background), _PLATE]
    elif pattern:
        parts += [f".top{{background-image:url({pattern[0]});background-repeat:repeat}}", _PLATE]
    if custom:
        parts.append(custom)
    return "\n".join(parts)


def _tokens(shades: Shades) -> str:
    light = f"--brand:{shades.light};--on-brand:{shades.on_light}"
    dark = f"--brand:{shades.dark};--on-brand:{shades.on_dark}"
    return (
        f":root{{{light}}}"
        f'@media (prefers-color-scheme:dark){{:root:not([data-theme="light"]){{{dark}}}}}'
        f':root[data-theme="dark"]{{{dark}}}'
    )


def _background(shown: Sequence[Shown]) -> str:
    """The narrowest picture that is sharp: each width serves screens up to it, at double density too."""
    scaling = [one for one in shown if one[1] == "svg"]
    if scaling:
        return _cover(f"background-image:url({scaling[0][0]})")
    webp = sorted((one for one in shown if one[1] == "webp"), key=lambda one: one[2])
    png = next((one for one in shown if one[1] == "png"), None)
    plain = f"background-image:url({png[0]});" if png else ""
    rules = [_cover(plain + _image_set(webp[0], webp[min(1, len(webp) - 1)]))]
    for narrower, one in itertools.pairwise(webp):
        sharper = next((wide for wide in webp if wide[2] >= 2 * one[2]), webp[-1])
        rules.append(
            f"@media (min-width:{narrower[2] + 1}px){{.top{{{_image_set(one, sharper)}}}}}"
        )
    return "".join(rules)


def _cover(image: str) -> str:
    return f".top{{{image};background-size:cover;background-repeat:no-repeat;padding-block:clamp(1.5rem,5vw,3.5rem)}}"


def _image_set(one: Shown, sharper: Shown) -> str:
    listed = [f'url({one[0]}) 1x type("{_TYPES[one[1]]}")']
    if sharper != one:
        listed.append(f'url({sharper[0]}) 2x type("{_TYPES[sharper[1]]}")')
    return f"background-image:image-set({','.join(listed)})"
