"""How entries of a type stand in a CSV file: a column an attribute, a line an entry. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from common import csv_text
from common.csv_text import NotReadable
from common.wording import gettext_noop

NAME, KEY = "name", "key"
_OWN = ("Name", "Key")  # what every entry has; an import knows them by these names
# A list of all components is longer than what a cell of people's lists holds.
_CELL_MAX = 50_000


@dataclass(frozen=True, slots=True)
class Column:
    """An attribute as a column: the key it is kept by, and the name that people give it."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the number it begins on, from 1, and its cells by key."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that was read: which attributes have a column, the lines, and columns that mean nothing."""

    keys: tuple[str, ...]
    lines: tuple[Line, ...]
    ignored: tuple[str, ...] = ()


def sheet(text: str, columns: Sequence[Column]) -> Sheet:
    """Read a file whose first line names the columns, by the attributes' names or keys.

    Raises:
        NotReadable: no such line, a column twice, no column of names or keys, or nothing below it.
    """
    records = csv_text.records(text)
    titles = [csv_text.plain_cell(cell) for cell in records.pop(0)[1]]
    places = _places(titles, columns)
    if not {NAME, KEY} & set(places.values()):
        raise NotReadable(
            gettext_noop("The first line has to name the columns, one of them “Name” or “Key”.")
        )
    csv_text.check_length(records)
    if not records:
        raise NotReadable(gettext_noop("The file names the columns and no entry."))
    return Sheet(
        keys=tuple(key for key in places.values() if key not in {NAME, KEY}),
        lines=tuple(Line(number, _cells(cells, places)) for number, cells in records),
        ignored=tuple(title for place, title in enumerate(titles) if title and place not in places),
    )


def header(columns: Sequence[Column]) -> list[str]:
    """The names of the columns of an export; an attribute called as another one stands by its key."""
    names = [*_OWN, *(one.name for one in columns)]
    twice = {one.casefold() for one in names if _count(names, one) > 1}
    own = [one.key if one.name.casefold() in twice else one.name for one in columns]
    return [*_OWN, *own]


def _count(names: Iterable[str], wanted: str) -> int:
    return sum(one.casefold() == wanted.casefold() for one in names)


def _places(titles: Sequence[str], columns: Sequence[Column]) -> dict[int, str]:
    known = {one.name.casefold(): one.key for one in columns}
    known |= {one.key.casefold(): one.key for one in columns} | {NAME: NAME, KEY: KEY}
    found: dict[int, str] = {}
    for place, title in enumerate(titles):
        key = known.get(title.casefold())
        if key is None:
            continue
        if key in found.values():
            raise NotReadable(gettext_noop("The column “%(title)s” is there twice."), title=title)
        found[place] = key
    return found


def _cells(cells: Sequence[str], places: Mapping[int, str]) -> dict[str, str]:
    return {
        key: csv_text.plain_cell(cells[place], most=_CELL_MAX) if place < len(cells) else ""
        for place, key in places.items()
    }
