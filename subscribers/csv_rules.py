"""How lists of subscribers are read from and written as CSV: encodings, separators, columns, cells.

Pure rules, for `csv_importing` and `csv_exporting`. Whether an address is any good is not asked here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from common import csv_text
from common.wording import gettext_noop

MAX_BYTES = csv_text.MAX_BYTES
MAX_LINES = csv_text.MAX_LINES
NotReadable = csv_text.NotReadable
decoded = csv_text.decoded
safe_cell = csv_text.safe_cell
# Several components stand in one cell.
BETWEEN_COMPONENTS = "; "
ALL = "all"

# The columns of an export, which are the names that an import looks for as well.
COLUMNS = (
    "channel",
    "address",
    "state",
    "components",
    "postmortems",
    "language",
    "origin",
    "consent",
    "since",
    "confirmed",
    "page",
)
# Those of them that an import reads beside the address.
UNDERSTOOD = ("channel", "components", "postmortems", "language", "consent", "state", "page")
_NAMES: Mapping[str, str] = {
    **{name: name for name in COLUMNS},
    "e-mail": "email",
    "e-mail address": "email",
    "email": "email",
    "email address": "email",
    "mail": "email",
    "mobile": "phone",
    "number": "phone",
    "phone": "phone",
    "phone number": "phone",
    "sms": "phone",
    "component": "components",
    "services": "components",
    "status": "state",
    "consent note": "consent",
    "locale": "language",
}
_READ = frozenset(_NAMES.values())
_LOOKS_LIKE_PHONE = re.compile(r"\+?[0-9][0-9 ().\-/]{4,30}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One subscriber as the file names them. `number` is the line that it begins on, from 1.

    `components` are names or short names; none with `wants_all`. `state` is "" when the file says
    nothing of it, and so are `language` and `consent`. `page` is the short name of a page, or "".
    """

    number: int
    channel: str
    address: str
    components: tuple[str, ...] = ()
    wants_all: bool = True
    wants_postmortems: bool = False
    state: str = ""
    language: str = ""
    consent: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A file that was read: its lines in order, and the names of columns that mean nothing here."""

    lines: tuple[Line, ...]
    ignored: tuple[str, ...] = ()


def listed(text: str) -> Listed:
    """Read the lines of a list, whatever separates its columns.

    The first line names the columns. Without such a line every line is one address.

    Raises:
        NotReadable: no line, too many, no column of addresses, or quotes that do not close.
    """
    records = csv_text.records(text)
    columns = _columns(records[0][1])
    if columns is None:
        columns = {0: "address"}
        named: list[str] = []
    else:
        named = records.pop(0)[1]
    if not {"address", "email", "phone"} & set(columns.values()):
        raise NotReadable(
            gettext_noop(
                "No column of addresses was found. Name one “address”, “email” or “phone” in the"
                " first line."
            )
        )
    csv_text.check_length(records)
    lines = tuple(_line(number, _cells(cells, columns)) for number, cells in records)
    if not lines:
        raise NotReadable(gettext_noop("The file names the columns and nobody."))
    ignored = tuple(
        cell.strip() for place, cell in enumerate(named) if cell.strip() and place not in columns
    )
    return Listed(lines=lines, ignored=ignored)


def rows_as_text(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The rows as pieces of CSV, one a row, every cell quoted and safe; the names come first."""
    return csv_text.rows_as_text(COLUMNS, rows)


def _columns(first: list[str]) -> dict[int, str] | None:
    """What the columns mean, by their place; None when the first line is already an address."""
    names = [_NAMES.get(" ".join(cell.lower().replace("_", " ").split())) for cell in first]
    known = {place: name for place, name in enumerate(names) if name is not None}
    looks_like_address = "@" in first[0] or _LOOKS_LIKE_PHONE.fullmatch(
        csv_text.plain_cell(first[0])
    )
    return None if not known and looks_like_address else known


def _cells(cells: list[str], columns: Mapping[int, str]) -> dict[str, str]:
    found = dict.fromkeys(_READ, "")
    for place, name in columns.items():
        if place < len(cells) and not found[name]:
            found[name] = csv_text.plain_cell(cells[place])
    return found


def _line(number: int, cells: Mapping[str, str]) -> Line:
    channel, address = _addressed(cells)
    named = cells["components"]
    wants_all = named.casefold() in {"", ALL}
    parts = () if wants_all else tuple(one.strip() for one in re.split(r"[;|]", named))
    return Line(
        number=number,
        channel=channel,
        address=address,
        components=tuple(one for one in parts if one),
        wants_all=wants_all,
        wants_postmortems=cells["postmortems"].casefold() in {"yes", "true", "1"},
        state=cells["state"].casefold(),
        language=cells["language"],
        consent=cells["consent"],
        page=cells["page"].casefold(),
    )


def _addressed(cells: Mapping[str, str]) -> tuple[str, str]:
    """The channel and the address that a line names; "" for a channel that nothing tells."""
    for name, channel in (("email", "email"), ("phone", "sms")):
        if cells[name]:
            return cells["channel"].casefold() or channel, cells[name]
    address = cells["address"]
    told = cells["channel"].casefold()
    if told:
        return _NAMES_OF_CHANNELS.get(told, told), address
    if "@" in address:
        return "email", address
    return ("sms" if _LOOKS_LIKE_PHONE.fullmatch(address) else ""), address


_NAMES_OF_CHANNELS = {"e-mail": "email", "mail": "email", "phone": "sms", "text": "sms"}
