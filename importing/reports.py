"""What an import did, or would do, for a person and for a program. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from importing.plans import Secret, Unmapped

LINES_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing: what kind ("component"), how it is called, and why it was left out if it was."""

    kind: str
    name: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that came of one import.

    `refused` are things our own checks did not take; a second run tries these again. `unmapped` is
    what has no place here, `secrets` what an operator enters by hand. `page` is what the source says
    of its page as a whole, which is never taken over by itself.
    """

    source: str
    is_dry_run: bool
    created: Sequence[Line] = ()
    skipped: Sequence[Line] = ()
    refused: Sequence[Line] = ()
    unmapped: Sequence[Unmapped] = ()
    secrets: Sequence[Secret] = ()
    page: Mapping[str, object] = field(default_factory=dict)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many of each kind were (or would be) created."""
        return Counter(line.kind for line in self.created)

    def as_json(self) -> dict[str, object]:
        """The whole outcome in values that JSON has."""
        return {
            "source": self.source,
            "dry_run": self.is_dry_run,
            "created": [{"kind": one.kind, "name": one.name} for one in self.created],
            "skipped": [_of_line(one) for one in self.skipped],
            "refused": [_of_line(one) for one in self.refused],
            "not_mapped": [{"what": one.what, "reason": one.reason} for one in self.unmapped],
            "secrets": [{"where": one.where, "what": one.what} for one in self.secrets],
            "page": {name: str(value) for name, value in self.page.items()},
        }

    def lines(self) -> Iterator[str]:
        """The report as a person reads it in a terminal."""
        yield from _table(
            "Would be created" if self.is_dry_run else "Created",
            [(one.kind, one.name) for one in self.created],
        )
        yield from _table("Skipped", [(one.kind, one.name, one.reason) for one in self.skipped])
        yield from _table(
            "Refused by Candor", [(one.kind, one.name, one.reason) for one in self.refused]
        )
        yield from _table("Not mapped", [(one.what, one.reason) for one in self.unmapped])
        yield from _table(
            "Secrets that are not imported: enter them by hand",
            [(one.where, one.what) for one in self.secrets],
        )
        yield from _table(
            "The page itself stays as it is; the source says",
            [(name, str(value)) for name, value in self.page.items()],
        )
        yield self._summary()

    def _summary(self) -> str:
        made = ", ".join(f"{count} × {kind}" for kind, count in self.counts.items()) or "nothing"
        rest = f"{len(self.skipped)} skipped, {len(self.refused)} refused, {len(self.unmapped)} not mapped"
        if self.is_dry_run:
            return f"Dry run, nothing was changed. An import would create: {made}; {rest}."
        return f"Created: {made}; {rest}. Nobody was written to."


def _of_line(line: Line) -> dict[str, str]:
    return {"kind": line.kind, "name": line.name, "reason": line.reason}


def _table(title: str, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A heading and aligned columns; nothing at all for no rows."""
    if not rows:
        return
    shown = [[_one_line(cell) for cell in row] for row in rows[:LINES_SHOWN]]
    widths = [max(len(row[place]) for row in shown) for place in range(len(shown[0]) - 1)]
    yield f"{title} ({len(rows)})"
    for row in shown:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  " + "  ".join([*cells, row[-1]]).rstrip()
    if len(rows) > LINES_SHOWN:
        yield f"  … and {len(rows) - LINES_SHOWN} more; --json lists all of them."
    yield ""


def _one_line(text: str) -> str:
    """Text of a stranger's file as it may stand in a terminal."""
    clean = " ".join(text.split())
    return "".join(char for char in clean if char.isprintable())[:160]
