"""The steps that bring entries of the catalog to what the file says, with their values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from catalog import batches, entering, generating, lookup, values
from catalog.generating import Choice
from catalog.models import Attribute, CatalogType, DomainException, Entry
from catalog.values import Known, Names
from common import auditing
from monitoring.config_file import catalog_schema
from monitoring.config_file.plans import FieldChange, shown
from monitoring.config_file.problems import Path
from monitoring.config_file.run import Run
from monitoring.config_file.values import nearest

_HOW = "entries_from_the_config_file"


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A type of the file: where it stands there, and its row."""

    path: Path
    wanted: catalog_schema.CatalogType
    row: CatalogType


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What reading the entries of a type needs, asked for once."""

    attributes: list[Attribute]
    known: Known
    names: Names
    excepted: Mapping[int, set[str]]
    choices: Sequence[Choice]


def change_entries(
    run: Run, placed: Sequence[Placed], choices: Mapping[int, Sequence[Choice]]
) -> dict[int, list[Entry]]:
    """Add and change entries; those that are new or other now, by the id of their type.

    `choices` are the pages to come of each type, of which every entry has to fit. New entries are
    written without values first, so that all can refer to each other. Their pages follow later.
    """
    new = {item.row.pk: _add_missing(run, item) for item in placed}
    touched = {}
    for item in placed:
        reading = _reading(item, choices[item.row.pk])
        stored = {row.key: row for row in Entry.objects.present().filter(type=item.row)}
        changed = [
            stored[wanted.key]
            for index, wanted in enumerate(item.wanted.entries or [])
            if _change(
                run,
                (*item.path, "entries", index),
                wanted,
                stored[wanted.key],
                reading,
                is_new=wanted.key in new[item.row.pk],
            )
        ]
        if not run.problems:
            batches.write(entries=changed)
        touched[item.row.pk] = changed
    return touched


def _add_missing(run: Run, item: Placed) -> set[str]:
    """Add the entries that are not there yet, still without values; their keys."""
    listed = item.wanted.entries or []
    stored = set(Entry.objects.present().filter(type=item.row).values_list("key", flat=True))
    new = [
        Entry(type=item.row, name=wanted.name, key=wanted.key, values={}, created_at=run.now)
        for wanted in listed
        if wanted.key not in stored
    ]
    if new:
        batches.add(type=item.row, entries=new, how=_HOW, now=run.now)
    for row in new:
        run.added("entry", f"{item.row.slug}/{row.key} ({row.name})")
    return {row.key for row in new}


def _reading(item: Placed, choices: Sequence[Choice]) -> _Reading:
    attributes = list(item.row.attributes.select_related("target"))
    excepted: dict[int, set[str]] = {}
    allowed = DomainException.objects.filter(entry__type=item.row)
    for pk, domain in allowed.values_list("entry_id", "domain"):
        excepted.setdefault(pk, set()).add(domain)
    return _Reading(
        attributes=attributes,
        known=lookup.known(attributes),
        names=lookup.names(attributes),
        excepted=excepted,
        choices=choices,
    )


def _change(
    run: Run,
    path: Path,
    wanted: catalog_schema.CatalogEntry,
    row: Entry,
    reading: _Reading,
    *,
    is_new: bool,
) -> bool:
    """Give the row what the file says, and whether it has to be written."""
    _refuse_unknown(run, path, wanted, reading)
    found, faults = entering.read(
        reading.attributes,
        wanted.values,
        known=reading.known,
        excepted=reading.excepted.get(row.pk, ()),
    )
    before = row.name, row.values
    row.name, row.values = wanted.name, found
    if not faults:
        faults = _unfit(row, reading.choices)
    for key, sentence in faults.items():
        if key in wanted.values:
            run.problem((*path, "values", key), sentence)
        else:
            run.problem(path, f"{key}: {sentence}")
    if faults or is_new:
        return True
    changes = _differences(before, row, reading)
    if changes:
        run.changed("entry", f"{row.type.slug}/{row.key}", changes)
        auditing.record(
            subject=row,
            before={one.key: one.old for one in changes},
            after={one.key: one.new for one in changes},
            now=run.now,
        )
    return bool(changes)


def _refuse_unknown(
    run: Run, path: Path, wanted: catalog_schema.CatalogEntry, reading: _Reading
) -> None:
    keys = [one.key for one in reading.attributes]
    for key in wanted.values:
        if key not in keys:
            hint = nearest(key, keys)
            meant = f"Did you mean {hint}?" if hint else f"Known here: {', '.join(keys)}."
            run.problem((*path, "values", key), f"The type has no attribute with this key. {meant}")


def _unfit(row: Entry, choices: Sequence[Choice]) -> dict[str, str]:
    """Why no page could be made of an entry, by the attribute's key."""
    try:
        generating.check(row, choices)
    except ValidationError as error:
        return {key: " ".join(said) for key, said in error.message_dict.items()}
    return {}


def _differences(
    before: tuple[str, dict[str, object]], row: Entry, reading: _Reading
) -> list[FieldChange]:
    name, held = before
    found = [FieldChange("name", shown(name), shown(row.name))] if name != row.name else []
    for one in reading.attributes:
        if held.get(one.key) != row.values.get(one.key):
            old, new = (
                values.joined(values.words(one.rule, value, names=reading.names))
                for value in (held.get(one.key), row.values.get(one.key))
            )
            found.append(FieldChange(one.key, shown(old), shown(new)))
    return found
