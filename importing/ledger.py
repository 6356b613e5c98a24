"""Which things of a source are here already, and whether they were changed since."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from django.db import models

from components.models import Component, ComponentGroup
from importing.models import ImportedRow
from incidents.models import (
    Announcement,
    EventTemplate,
    Incident,
    Maintenance,
    MaintenanceSeries,
)
from subscribers.models import Subscriber, Suppression

_CHUNK = 500
_KEY_MAX = 255
# What people change of each kind: what programs keep (a state that goes on by itself) is left out.
_KINDS: Mapping[str, tuple[type[models.Model], tuple[str, ...]]] = {
    "group": (ComponentGroup, ("name", "is_collapsed")),
    "component": (Component, ("name", "description", "group_id", "is_visible")),
    "incident": (Incident, ("title", "state", "impact", "started_at", "resolved_at")),
    "maintenance": (Maintenance, ("title", "text", "starts_at", "ends_at")),
    "series": (MaintenanceSeries, ("title", "text", "rule", "is_active")),
    "template": (EventTemplate, ("name", "title", "text", "impact")),
    "announcement": (Announcement, ("title", "text", "starts_at", "ends_at")),
    "subscriber": (Subscriber, ("address", "state", "wants_all")),
    "suppression": (Suppression, ("canonical",)),
}


class Ledger:
    """The imported rows of one source, read once."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._rows = {
            (row.kind, row.source_id): row for row in ImportedRow.objects.filter(source=source)
        }
        self._objects = _objects(self._rows.values())

    def find(self, kind: str, key: str) -> ImportedRow | None:
        """The row of a thing that was imported before."""
        return self._rows.get((kind, _short(key)))

    def object_of(self, row: ImportedRow) -> Any:
        """Our row that came of it; None when it was removed since."""
        return self._objects.get((row.kind, row.object_id))

    def why_skipped(self, row: ImportedRow, thing: object) -> str:
        """Why nothing is done for a thing that was imported before, for a person."""
        made = self.object_of(row)
        if made is None:
            return "imported before and removed here since: it is not brought back"
        if row.row_digest != _digest_of_row(row.kind, made):
            return "imported before and changed here since: it is not overwritten"
        if row.digest != digest(thing):
            return "imported before; the source has changed since, which is not taken over"
        return "imported before"

    def keep(
        self, kind: str, key: str, thing: object, made: models.Model, *, now: datetime
    ) -> ImportedRow:
        """Note that a thing became this row of ours; call in the transaction that wrote it."""
        row = self._entry(kind, key, thing, made, now=now)
        row.save()
        return row

    def keep_many(
        self, kind: str, kept: Iterable[tuple[str, object, models.Model]], *, now: datetime
    ) -> None:
        """`keep` for many: key, thing and row of each."""
        ImportedRow.objects.bulk_create(
            [self._entry(kind, key, thing, made, now=now) for key, thing, made in kept],
            batch_size=_CHUNK,
        )

    def _entry(
        self, kind: str, key: str, thing: object, made: models.Model, *, now: datetime
    ) -> ImportedRow:
        return ImportedRow(
            source=self._source,
            kind=kind,
            source_id=_short(key),
            object_id=str(made.pk),
            digest=digest(thing),
            row_digest=_digest_of_row(kind, made),
            imported_at=now,
        )


def digest(thing: object) -> str:
    """The SHA-256 of what a source says of a thing (a dataclass of `importing.plans`)."""
    text = json.dumps(asdict(thing), sort_keys=True, default=str)  # type: ignore[call-overload]
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _objects(rows: Iterable[ImportedRow]) -> dict[tuple[str, str], models.Model]:
    wanted: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        wanted[row.kind].append(row.object_id)
    found: dict[tuple[str, str], models.Model] = {}
    for kind, ids in wanted.items():
        if kind not in _KINDS:
            continue
        manager = _KINDS[kind][0]._default_manager
        for start in range(0, len(ids), _CHUNK):
            for made in manager.filter(pk__in=ids[start : start + _CHUNK]):
                found[kind, str(made.pk)] = made
    return found


def _digest_of_row(kind: str, made: models.Model) -> str:
    fields = _KINDS[kind][1]
    text = json.dumps([_plain(getattr(made, name)) for name in fields])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def _short(key: str) -> str:
    """A key as it is stored; one that is very long or cannot be stored by its digest."""
    if len(key) <= _KEY_MAX and key.isprintable():
        return key
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
