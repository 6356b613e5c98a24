"""How lists of subscribers are read from and written as CSV: encodings, separators, columns, cells.

Pure rules, for `csv_importing` and `csv_exporting`. Whether an address is any good is not asked here.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from common.wording import gettext_noop

# The preview hands the text back in a form, and Django takes 1 MiB of fields (DATA_UPLOAD_…).
MAX_BYTES = 700_000
MAX_LINES = 10_000
_CELL_MAX = 2_000
_SEPARATORS = ",;\t|"
# Several components stand in one cell.
BETWEEN_COMPONENTS = "; "
ALL = "all"

# What no database and no mail takes; a spreadsheet has no use for it either.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# F12: what a spreadsheet takes for a formula at the start of a cell, also in full width.
_FORMULA = tuple("=+-@\t\r＝＋－＠")

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
)
# Those of them that an import reads beside the address.
UNDERSTOOD = ("channel", "components", "postmortems", "language", "consent", "state")
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


class NotReadable(ValueError):
    """The file cannot be read as a list; the English sentence, to be translated where it is shown.

    `values` fill its places.
    """

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence)
        self.values = values


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One subscriber as the file names them. `number` is the line that it begins on, from 1.

    `components` are names or short names; none with `wants_all`. `state` is "" when the file says
    nothing of it, and so are `language` and `consent`.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A file that was read: its lines in order, and the names of columns that mean nothing here."""

    lines: tuple[Line, ...]
    ignored: tuple[str, ...] = ()


def decoded(raw: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 with its mark, or else what older spreadsheets write.

    Raises:
        NotReadable: too large, or not a text.
    """
    if len(raw) > MAX_BYTES:
        raise NotReadable(
            gettext_noop("The file is larger than %(kb)s KB. Split it."), kb=MAX_BYTES // 1000
        )
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise NotReadable(
            gettext_noop("This is a spreadsheet. Save it as CSV there, and upload that.")
        )
    encodings = ["utf-8-sig", "cp1252"]
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise NotReadable(gettext_noop("This is no text file."))


def listed(text: str) -> Listed:
    """Read the lines of a list, whatever separates its columns.

    The first line names the columns. Without such a line every line is one address.

    Raises:
        NotReadable: no line, too many, no column of addresses, or quotes that do not close.
    """
    if len(text.encode()) > MAX_BYTES:
        raise NotReadable(
            gettext_noop("The file is larger than %(kb)s KB. Split it."), kb=MAX_BYTES // 1000
        )
    records = _records(text, _separator(text))
    if not records:
        raise NotReadable(gettext_noop("The file is empty."))
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
    if len(records) > MAX_LINES:
        raise NotReadable(
            gettext_noop("The file has more than %(lines)s lines. Split it."),
            lines=f"{MAX_LINES:,}",
        )
    lines = tuple(_line(number, _cells(cells, columns)) for number, cells in records)
    if not lines:
        raise NotReadable(gettext_noop("The file names the columns and nobody."))
    ignored = tuple(
        cell.strip() for place, cell in enumerate(named) if cell.strip() and place not in columns
    )
    return Listed(lines=lines, ignored=ignored)


def safe_cell(value: str) -> str:
    """A cell that no spreadsheet takes for a formula (F12); `_plain` undoes it."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def rows_as_text(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The rows as pieces of CSV, one a row, every cell quoted and safe; the names come first.

    The mark at the start tells spreadsheets that it is UTF-8.
    """
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    out.write("\ufeff")
    writer.writerow(COLUMNS)
    for row in rows:
        yield _taken(out)
        writer.writerow([safe_cell(cell) for cell in row])
    yield _taken(out)


def _taken(out: io.StringIO) -> str:
    """What was written so far, and an empty sheet for what comes."""
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text


def _records(text: str, separator: str) -> list[tuple[int, list[str]]]:
    """The lines that are not empty, each with the number of the line it begins on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    found = []
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append((begins, cells))
            begins = reader.line_num + 1
            if len(found) > MAX_LINES + 1:
                break
    except csv.Error:
        raise NotReadable(
            gettext_noop("Line %(line)s cannot be read: a quotation mark is not closed."),
            line=begins,
        ) from None
    return found


def _separator(text: str) -> str:
    """The sign that divides the first line most often; a comma when none does."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(_SEPARATORS, key=first.count)


def _columns(first: list[str]) -> dict[int, str] | None:
    """What the columns mean, by their place; None when the first line is already an address."""
    names = [_NAMES.get(" ".join(cell.lower().replace("_", " ").split())) for cell in first]
    known = {place: name for place, name in enumerate(names) if name is not None}
    looks_like_address = "@" in first[0] or _LOOKS_LIKE_PHONE.fullmatch(_plain(first[0]))
    return None if not known and looks_like_address else known


def _cells(cells: list[str], columns: Mapping[int, str]) -> dict[str, str]:
    found = dict.fromkeys(_READ, "")
    for place, name in columns.items():
        if place < len(cells) and not found[name]:
            found[name] = _plain(cells[place])
    return found


def _plain(cell: str) -> str:
    """The cell without the sign that `safe_cell` puts in front."""
    text = _CONTROLS.sub("", cell).strip()[:_CELL_MAX]
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


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
