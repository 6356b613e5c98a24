"""Import entries from a list: look at every line first, then take all of them, or none.

What a line comes to is decided for the whole list (`look`), shown to the operator, and decided again
in the transaction that writes: when it differs, nothing is written. A line with a fault keeps the
whole list out, so that what was agreed to is what is there.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from catalog import batches, defining, entering, generating, lookup, values
from catalog.csv_rules import KEY, NAME, Column, Line, Sheet
from catalog.models import Attribute, CatalogType, DomainException, Entry
from catalog.values import Known, Names
from common import auditing


class Verdict(StrEnum):
    """What becomes of a line."""

    ADDED = "added"
    CHANGED = "changed"
    SAME = "same"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a cell: the name of its column, and a sentence."""

    column: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A column whose value becomes another one, both as words."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One line and what becomes of it; `entry` is the row as it would be written."""

    line: Line
    entry: Entry
    verdict: Verdict
    faults: tuple[Fault, ...] = ()
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole list, line by line in its order."""

    lines: tuple[Checked, ...]

    def of(self, verdict: Verdict) -> list[Checked]:
        return [one for one in self.lines if one.verdict is verdict]

    @property
    def can_be_taken(self) -> bool:
        """Whether nothing is wrong and something would change."""
        told = {one.verdict for one in self.lines}
        return Verdict.WRONG not in told and told != {Verdict.SAME}

    @property
    def stamp(self) -> str:
        """A name for exactly these changes: who agreed to them agreed to no others."""
        said = [
            [one.verdict, one.entry.pk, one.entry.key, one.entry.name, one.entry.values]
            for one in self.lines
        ]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


class Changed(Exception):
    """Other things would be written now than those that were shown; nothing was."""


def columns_of(attributes: Collection[Attribute]) -> list[Column]:
    """The attributes as columns of a file."""
    return [Column(one.key, one.name) for one in attributes]


def look(*, type: CatalogType, sheet: Sheet, now: datetime) -> Report:  # noqa: A002 - a catalog's type
    """What becomes of each line; writes nothing. As many statements for any number of lines.

    A column that the file does not have stays as it is; an empty cell takes the value away. Entries
    that are not in the file stay.
    """
    reader = _Reader.of(type, sheet, now)
    return Report(lines=tuple(reader.checked(line) for line in sheet.lines))


def take(*, type: CatalogType, sheet: Sheet, stamp: str, now: datetime) -> Report:  # noqa: A002
    """Write what `look` showed, and bring the pages along: all of it or nothing.

    Raises:
        Changed: something else would be written by now, or a line is wrong.
    """
    with transaction.atomic():
        row = defining.locked(type)
        report = look(type=row, sheet=sheet, now=now)
        if report.stamp != stamp or not report.can_be_taken:
            raise Changed
        added = [one.entry for one in report.of(Verdict.ADDED)]
        changed = [one.entry for one in report.of(Verdict.CHANGED)]
        batches.bring(type=row, added=added, changed=changed, how="imported_entries", now=now)
        _tell(report, now)
    return report


def _tell(report: Report, now: datetime) -> None:
    """Tell the audit log what became of each entry that was there before."""
    for one in report.of(Verdict.CHANGED):
        auditing.record(
            subject=one.entry,
            before={change.column: change.before for change in one.differences},
            after={change.column: change.after for change in one.differences},
            now=now,
        )


@dataclass(slots=True, kw_only=True)
class _Reader:
    """What reading lines needs, asked for once, and what the lines before have taken."""

    type: CatalogType
    attributes: Sequence[Attribute]
    known: Known
    names: Names
    check: Callable[[Entry], None]
    by_key: dict[str, Entry]
    by_name: dict[str, list[Entry]]
    excepted: dict[int, set[str]]
    now: datetime
    keys: set[str]
    seen: dict[str, int] = field(default_factory=dict)  # the line of each key

    @classmethod
    def of(cls, type: CatalogType, sheet: Sheet, now: datetime) -> "_Reader":  # noqa: A002
        attributes = list(type.attributes.select_related("target"))
        entries = list(type.entries.present())
        by_name: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            by_name[entry.name.casefold()].append(entry)
        excepted: dict[int, set[str]] = defaultdict(set)
        allowed = DomainException.objects.filter(entry__type=type)
        for pk, domain in allowed.values_list("entry_id", "domain"):
            excepted[pk].add(domain)
        return cls(
            type=type,
            attributes=attributes,
            known=lookup.known(attributes),
            names=lookup.names(attributes),
            check=generating.checks(type),
            by_key={entry.key: entry for entry in entries},
            by_name=by_name,
            excepted=excepted,
            now=now,
            keys=set(sheet.keys),
        )

    def checked(self, line: Line) -> Checked:
        """The line on its own, beside those before it."""
        faults: dict[str, str] = {}
        stored = self._stored(line, faults)
        entry = self._entry(line, stored)
        first = self.seen.setdefault(entry.key, line.number)
        if first != line.number:
            faults[NAME] = _("This entry is in line %(number)s already.") % {"number": first}
        self._fill(entry, line, stored, faults)
        if faults:
            titles = {one.key: one.name for one in self.attributes} | {
                NAME: _("Name"),
                KEY: _("Key"),
            }
            wrong = tuple(
                Fault(column=titles.get(key, key), sentence=said) for key, said in faults.items()
            )
            return Checked(line=line, entry=entry, verdict=Verdict.WRONG, faults=wrong)
        if stored is None:
            return Checked(line=line, entry=entry, verdict=Verdict.ADDED)
        changes = self._differences(stored, entry)
        verdict = Verdict.CHANGED if changes else Verdict.SAME
        return Checked(line=line, entry=entry, verdict=verdict, differences=changes)

    def _stored(self, line: Line, faults: dict[str, str]) -> Entry | None:
        """The entry that a line names: by its key, or else by a name that only one has."""
        key, name = line.cells.get(KEY, ""), line.cells.get(NAME, "")
        found = [self.by_key[key]] if key in self.by_key else []
        if not key:
            found = self.by_name.get(name.casefold(), [])
        if len(found) > 1:
            faults[NAME] = _("Several entries are called so. Add a column “Key”.")
            return None
        return found[0] if found else None

    def _entry(self, line: Line, stored: Entry | None) -> Entry:
        """A row of its own for the line, so that what is stored stays to be compared with."""
        name = " ".join(line.cells.get(NAME, "").split())
        if stored is not None:
            return Entry(
                pk=stored.pk,
                type=self.type,
                key=stored.key,
                name=name or stored.name,
                values=dict(stored.values),
                created_at=stored.created_at,
            )
        key = line.cells.get(KEY, "") or defining.free_key(name, self.by_key, "entry")
        entry = Entry(type=self.type, key=key, name=name, values={}, created_at=self.now)
        self.by_key[key] = entry
        self.by_name[name.casefold()].append(entry)
        return entry

    def _fill(self, entry: Entry, line: Line, stored: Entry | None, faults: dict[str, str]) -> None:
        wanted = [one for one in self.attributes if one.key in self.keys or stored is None]
        said = {one.key: values.split(one.rule, line.cells.get(one.key, "")) for one in wanted}
        excepted = self.excepted.get(entry.pk or 0, set())
        found, wrong = entering.read(wanted, said, known=self.known, excepted=excepted)
        kept = {key: value for key, value in entry.values.items() if key not in said}
        entry.values = kept | found
        faults |= wrong
        try:
            entry.clean_fields(exclude=["type", "values"])
            if not faults:
                self.check(entry)
        except ValidationError as error:
            faults |= {key: " ".join(said) for key, said in error.message_dict.items()}

    def _differences(self, before: Entry, after: Entry) -> tuple[Difference, ...]:
        found = []
        if before.name != after.name:
            found.append(Difference(column=_("Name"), before=before.name, after=after.name))
        for one in self.attributes:
            if before.values.get(one.key) != after.values.get(one.key):
                old, new = (
                    values.joined(values.words(one.rule, row.values.get(one.key), names=self.names))
                    for row in (before, after)
                )
                found.append(Difference(column=one.name, before=old, after=new))
        return tuple(found)
