"""How large or small custom CSS may make things, so that nothing covers, shrinks or pushes away a status. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# Least and most by property, in CSS pixels at 16 px a rem; a number without a unit counts as so many em.
_EDGES = (
    *("", "-block", "-block-end", "-block-start", "-bottom", "-inline", "-inline-end"),
    *("-inline-start", "-left", "-right", "-top"),
)
RANGES: Mapping[str, tuple[float, float]] = {
    "font-size": (12, 96),
    "line-height": (16, 64),
    "letter-spacing": (-1, 16),
    "word-spacing": (-1, 32),
    "box-shadow": (-24, 48),
    "text-shadow": (-4, 8),
    "text-decoration": (0, 8),
    "text-decoration-thickness": (0, 8),
    "text-underline-offset": (-2, 16),
    "border-width": (0, 32),
    "gap": (0, 96),
    "column-gap": (0, 96),
    "row-gap": (0, 96),
    "--page": (480, 1920),
    **{f"padding{edge}": (0, 160) for edge in _EDGES},
    **{f"border{edge}": (0, 32) for edge in _EDGES},
}
_PX = {"px": 1.0, "rem": 16.0, "em": 16.0, "pt": 4 / 3}
_OF_COLOURS = frozenset(
    "color-mix hsl hsla hwb lab lch light-dark oklab oklch rgb rgba".split()  # noqa: SIM905 - shorter
)


def misfits(name: str, tokens: Sequence[Any]) -> Iterator[Any]:
    """Yield the tokens in the value of a property that are too small, too large, or cannot be told.

    A size that follows the screen is held by clamp(): its first and its last part are looked at.
    Arithmetic, and sizes from elsewhere, could come out as anything.
    """
    limits = RANGES.get(name)
    if limits is not None:
        yield from _misfits(tokens, *limits, is_percent_known=name in {"font-size", "line-height"})


def _misfits(
    tokens: Sequence[Any], least: float, most: float, *, is_percent_known: bool
) -> Iterator[Any]:
    for token in tokens:
        if token.type == "function" and token.lower_name not in _OF_COLOURS:
            for part in _looked_at(token):
                yield from _misfits(part, least, most, is_percent_known=is_percent_known)
            if not _looked_at(token):
                yield token
        elif token.type in {"dimension", "percentage", "number"}:
            size = _px(token, is_percent_known=is_percent_known)
            if size is None or not least <= size <= most:
                yield token
        elif token.type == "() block" or (token.type == "literal" and token.value != ","):
            yield token


def _looked_at(function: Any) -> list[list[Any]]:
    """The arguments that bound what a function returns; none for one that is not bounded by any."""
    parts: list[list[Any]] = [[]]
    for token in function.arguments:
        if token.type == "literal" and token.value == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    if function.lower_name == "clamp" and len(parts) == 3:
        return [parts[0], parts[2]]
    return parts if function.lower_name in {"min", "max"} else []


def _px(token: Any, *, is_percent_known: bool) -> float | None:
    if token.type == "number":
        return float(token.value) * 16
    if token.type == "percentage":
        return float(token.value) * 0.16 if is_percent_known else None
    unit = _PX.get(token.lower_unit)
    return None if unit is None else float(token.value) * unit
