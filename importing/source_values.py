"""What stands in a foreign document, read with care: every wrong type is one clear sentence. Pure.

Readers of sources take a `Row` apart key by key. Documents come from strangers' programs and from
people's editors: a list where a text should be must not end in a traceback, nor half an import.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from importing.plans import Unmapped
from importing.problems import SourceUnreadable

LONGEST_TEXT = 100_000
_ZERO_YEAR = 1970
_DURATION_PART = re.compile(r"([0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})(ns|us|µs|μs|ms|s|m|h)")
_UNIT_S = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}


@dataclass(slots=True)
class Notes:
    """What has no place with us, collected while a document is read."""

    unmapped: list[Unmapped] = field(default_factory=list)

    def add(self, what: str, reason: str) -> None:
        self.unmapped.append(Unmapped(what=shown(what, 200), reason=reason))


@dataclass(frozen=True, slots=True)
class Row:
    """One object of a document; `where` is its place, as in endpoints[2]."""

    values: Mapping[str, object]
    where: str

    def __contains__(self, key: object) -> bool:
        return self.values.get(str(key)) is not None

    def place(self, key: str) -> str:
        """Where a value stands, for a message."""
        return f"{self.where}.{key}" if self.where else key

    def text(self, key: str, default: str = "") -> str:
        """A text; a number counts as one, because YAML and JSON write names like 404 as numbers."""
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self._wrong(key, "a text")
        text = str(value)
        if len(text) > LONGEST_TEXT:
            raise SourceUnreadable(f"{self.place(key)} is longer than {LONGEST_TEXT:,} characters.")
        # Half of a pair of UTF-16, which JSON may write, is no character that a database takes.
        return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")

    def needed(self, key: str) -> str:
        """A text that must be there."""
        if not (text := self.text(key).strip()):
            raise SourceUnreadable(f"{self.place(key)} is missing.")
        return text

    def number(self, key: str, default: float) -> float:
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                raise self._wrong(key, "a number") from None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(key, "a number")
        try:
            if math.isfinite(number := float(value)):
                return number
        except OverflowError:
            pass
        raise self._wrong(key, "a number of usual size")

    def whole(self, key: str, default: int = 0) -> int:
        return int(self.number(key, default))

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false, also as 0 and 1, which databases write."""
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        if value in (0, 1, "0", "1"):
            return value in (1, "1")
        raise self._wrong(key, "true or false")

    def texts(self, key: str) -> list[str]:
        value = self.values.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(key, "a list")
        inner = Row({str(place): one for place, one in enumerate(value)}, self.place(key))
        return [inner.text(place) for place in inner.values]

    def row(self, key: str) -> "Row":
        """The object at a key, an empty one when there is none."""
        value = self.values.get(key)
        return Row({}, self.place(key)) if value is None else as_row(value, self.place(key))

    def rows(self, key: str) -> list["Row"]:
        value = self.values.get(key)
        return [] if value is None else as_rows(value, self.place(key))

    def moment(self, key: str) -> datetime | None:
        """An aware time, from RFC 3339; None when there is none, also for the zero of some languages."""
        text = self.text(key).strip()
        if not text:
            return None
        try:
            at = datetime.fromisoformat(text)
            if at.tzinfo is None:
                raise self._wrong(key, "a time with its zone")
            return at.astimezone(UTC) if at.year > _ZERO_YEAR else None
        except (ValueError, OverflowError):
            raise self._wrong(key, "a time like 2026-01-31T12:00:00Z") from None

    def day(self, key: str) -> date | None:
        text = self.text(key).strip()
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise self._wrong(key, "a date like 2026-01-31") from None

    def seconds(self, key: str, default: float) -> float:
        """A duration as Go writes it, 1h30m or 500ms."""
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool):
            return value * 1e-9  # what Go's own reader makes of a bare number
        found = go_seconds(self.text(key))
        if found is None:
            raise self._wrong(key, "a duration like 30s or 1h30m")
        return found

    def _wrong(self, key: str, wanted: str) -> SourceUnreadable:
        value = self.values.get(key)
        kinds = {dict: "an object", list: "a list", bool: "true or false", str: "the text"}
        got = kinds.get(type(value), "the number")
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            got = f"{got} {shown(str(value), 40)}"
        return SourceUnreadable(f"{self.place(key)} should be {wanted}, but is {got}.")


def as_row(value: object, where: str) -> Row:
    """The value as an object.

    Raises:
        SourceUnreadable: it is none.
    """
    if not isinstance(value, Mapping):
        raise SourceUnreadable(f"{where or 'The document'} should be an object with keys.")
    return Row({str(key): one for key, one in value.items()}, where)


def as_rows(value: object, where: str) -> list[Row]:
    """The value as a list of objects. Raises SourceUnreadable."""
    if not isinstance(value, list):
        raise SourceUnreadable(f"{where or 'The document'} should be a list.")
    return [as_row(one, f"{where}[{place}]") for place, one in enumerate(value)]


def json_value(data: bytes, where: str) -> object:
    """The JSON of an answer or a file. Raises SourceUnreadable."""
    try:
        found: object = json.loads(data)
    except (ValueError, RecursionError):
        raise SourceUnreadable(f"{where} is not JSON.") from None
    return found


def go_seconds(text: str) -> float | None:
    """Seconds of a duration as Go writes it; None when it is no such duration."""
    text = text.strip()
    if text == "0":
        return 0.0
    place, total = 0, 0.0
    while match := _DURATION_PART.match(text, place):
        total += float(match.group(1)) * _UNIT_S[match.group(2)]
        place = match.end()
    return total if text and place == len(text) else None


def shown(text: str, limit: int = 60) -> str:
    """Text of a source as it may stand in a message: printable, on one line, and not too long."""
    line = "".join(char if char.isprintable() else " " for char in text[: limit + 1])
    return line if len(line) <= limit else line[: limit - 1] + "…"


def unknown_keys(row: Row, known: frozenset[str]) -> Iterator[str]:
    """Keys of an object that nobody reads, so that none is dropped silently."""
    return (key for key in row.values if key not in known and key in row)
