"""What a command prints: a table or sentences for people, JSON for programs."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

_COLOURS = {
    "operational": "32",
    "degraded_performance": "33",
    "partial_outage": "33",
    "major_outage": "31",
    "under_maintenance": "34",
}


class Output:
    """Where a command's results go. With `as_json` nothing else is printed there."""

    def __init__(self, out: TextIO, *, as_json: bool) -> None:
        self._out = out
        self.as_json = as_json
        self._has_colours = not as_json and out.isatty() and "NO_COLOR" not in os.environ

    def row(self, row: Mapping[str, Any], *lines: str) -> None:
        """One thing: the whole of it as JSON, or these lines."""
        if self.as_json:
            self._json(row)
        else:
            for line in lines:
                self._print(line)

    def table(
        self,
        rows: Iterable[Mapping[str, Any]],
        columns: Sequence[tuple[str, str]],
        *,
        empty: str,
    ) -> None:
        """Many things: a list as JSON, or a table of (heading, key) columns; `empty` when there are none."""
        found = list(rows)
        if self.as_json:
            self._json(found)
            return
        if not found:
            self._print(empty)
            return
        cells = [[heading for heading, _key in columns]]
        cells += [[shown(row.get(key)) for _heading, key in columns] for row in found]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for index, line in enumerate(cells):
            padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
            text = "  ".join(padded).rstrip()
            self._print(self._coloured(text, line) if index else text)

    def _coloured(self, text: str, line: Sequence[str]) -> str:
        if not self._has_colours:
            return text
        for cell in line:
            if cell in _COLOURS:
                return text.replace(cell, f"\x1b[{_COLOURS[cell]}m{cell}\x1b[0m", 1)
        return text

    def _json(self, value: object) -> None:
        self._print(json.dumps(value, indent=2, ensure_ascii=False))

    def _print(self, text: str) -> None:
        encoding = self._out.encoding or "utf-8"
        self._out.write(text.encode(encoding, "replace").decode(encoding) + "\n")


def shown(value: object) -> str:
    """A value in a cell; control characters of texts do nothing to a terminal."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(
            shown(each.get("name") if isinstance(each, dict) else each) for each in value
        )
    return plain(str(value))


def plain(text: str) -> str:
    """A text of somebody else's for a terminal: one line, nothing in it that steers."""
    return "".join(char if char.isprintable() else " " for char in text)


def complain(text: str) -> None:
    """Say on standard error what went wrong."""
    sys.stderr.write(f"candor: {text}\n")
