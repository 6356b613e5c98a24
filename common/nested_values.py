"""What programs nest in one another: the texts of a JSON document, and how deep one may go. Pure."""

from collections.abc import Iterator

# No body that means anything here comes near it; a few hundred levels exhaust the stack of who
# goes through them with a function that calls itself.
DEEPEST = 32


class TooDeep(ValueError):
    """Objects and lists in one another, more than anybody can mean."""


def texts(value: object, *, deepest: int = DEEPEST) -> Iterator[str]:
    """Every text in a value as `json.loads` makes it, names too, level by level.

    Raises:
        TooDeep: more than `deepest` objects and lists in one another; when the last text was given.
    """
    level = [value]
    # The outermost level is the value itself.
    for _ in range(deepest + 1):
        yield from (one for one in level if isinstance(one, str))
        level = [part for one in level for part in _parts(one)]
        if not level:
            return
    raise TooDeep(f"is nested more than {deepest} levels deep")


def _parts(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value
        yield from value.values()
    elif isinstance(value, list):
        yield from value
