"""CSV as text: encodings, separators, quotation marks, and cells that no spreadsheet takes for a formula.

Pure; what the columns mean is known to whoever reads or writes a list (`subscribers.csv_rules`,
`catalog.csv_rules`).
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator

from common.wording import gettext_noop

# A preview hands the text back in a form, and Django takes 1 MiB of fields (DATA_UPLOAD_…).
MAX_BYTES = 700_000
MAX_LINES = 10_000
CELL_MAX = 2_000
_SEPARATORS = ",;\t|"

# What no database and no mail takes; a spreadsheet has no use for it either.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# F12: what a spreadsheet takes for a formula at the start of a cell, also in full width.
_FORMULA = tuple("=+-@\t\r＝＋－＠")


class NotReadable(ValueError):
    """The file cannot be read as a list; the English sentence, to be translated where it is shown.

    `values` fill its places.
    """

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence)
        self.values = values


def decoded(raw: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 with its mark, or else what older spreadsheets write.

    Raises:
        NotReadable: too large, or not a text.
    """
    if len(raw) > MAX_BYTES:
        raise _too_large()
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


def records(text: str) -> list[tuple[int, list[str]]]:
    """The lines that are not empty, each with the number (from 1) of the line it begins on.

    Whatever separates the columns is found out. One line more than `MAX_LINES` is read, for names.

    Raises:
        NotReadable: too large, no line at all, or quotes that do not close.
    """
    if len(text.encode()) > MAX_BYTES:
        raise _too_large()
    text = text.removeprefix("\ufeff")
    found = _records(text, _separator(text))
    if not found:
        raise NotReadable(gettext_noop("The file is empty."))
    return found


def check_length(rows: "list[tuple[int, list[str]]]") -> None:
    """Refuse more lines than are taken at once; call without the line of names.

    Raises:
        NotReadable: too many.
    """
    if len(rows) > MAX_LINES:
        raise NotReadable(
            gettext_noop("The file has more than %(lines)s lines. Split it."),
            lines=f"{MAX_LINES:,}",
        )


def safe_cell(value: str) -> str:
    """A cell that no spreadsheet takes for a formula (F12); `plain_cell` undoes it."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def plain_cell(cell: str, *, most: int = CELL_MAX) -> str:
    """The cell as it was meant, without what does not show and the sign that `safe_cell` puts in front.

    What is longer than `most` characters is cut.
    """
    text = _CONTROLS.sub("", cell).strip()[:most]
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def rows_as_text(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The rows as pieces of CSV, one a row, every cell quoted and safe; the columns' names come first.

    The mark at the start tells spreadsheets that it is UTF-8.
    """
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    out.write("\ufeff")
    writer.writerow([safe_cell(name) for name in columns])
    for row in rows:
        yield _taken(out)
        writer.writerow([safe_cell(cell) for cell in row])
    yield _taken(out)


def _too_large() -> NotReadable:
    return NotReadable(
        gettext_noop("The file is larger than %(kb)s KB. Split it."), kb=MAX_BYTES // 1000
    )


def _taken(out: io.StringIO) -> str:
    """What was written so far, and an empty sheet for what comes."""
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text


def _records(text: str, separator: str) -> list[tuple[int, list[str]]]:
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
