"""Fields of a form with brackets in their names, as a nested mapping: `incident[components][]`. Pure.

`a[b]=x` is {"a": {"b": "x"}}, `a[b][]=x` adds to a list. Sent by clients of Statuspage's APIs.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")
_DEEPEST = 5


class FormMalformed(ValueError):
    """Names that cannot be meant: the sentence is for who wrote the program."""


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return what a form's fields say, in their order; of a name that comes twice the last one holds.

    Raises:
        FormMalformed: brackets that do not match, too deep, or one name used in two ways.
    """
    made: dict[str, Any] = {}
    for name, value in pairs:
        _put(made, list(_parts(name)), value, name)
    return made


def _parts(name: str) -> Iterator[str]:
    match = _NAME.fullmatch(name)
    if match is None:
        raise FormMalformed(f"“{name[:100]}” is no name of a field.")
    yield match[1]
    yield from _PART.findall(match[2])


def _put(made: dict[str, Any], parts: list[str], value: str, name: str) -> None:
    if len(parts) > _DEEPEST or "" in parts[:-1]:
        raise FormMalformed(f"“{name[:100]}” is too deep.")
    place: Any = made
    for part, following in itertools.pairwise(parts):
        inner: Any = [] if following == "" else {}
        place = place.setdefault(part, inner)
        if type(place) is not type(inner):
            raise FormMalformed(f"“{name[:100]}” says something else than the fields before.")
    if parts[-1] == "":
        place.append(value)
    else:
        place[parts[-1]] = value
