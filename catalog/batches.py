"""Many entries written with a few statements, for lists and config files, and their pages after them.

The caller has the transaction, checked names, keys and values, and knows what to tell the audit log.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from catalog import generating
from catalog.models import CatalogType, Entry
from common import auditing, rows

_CHUNK = 500


def add(*, type: CatalogType, entries: Sequence[Entry], how: str, now: datetime) -> None:  # noqa: A002
    """Add entries; the audit log is told how many, under a name like "imported_entries"."""
    Entry.objects.bulk_create(entries, batch_size=_CHUNK)
    auditing.record(subject=type, before={how: 0}, after={how: len(entries)}, now=now)


def write(*, entries: Collection[Entry]) -> None:
    """Write names and values of entries that are there."""
    rows.update(Entry, [{"id": one.pk, "name": one.name, "values": one.values} for one in entries])


def bring(
    *,
    type: CatalogType,  # noqa: A002 - a catalog's type
    added: Sequence[Entry],
    changed: Collection[Entry],
    how: str,
    now: datetime,
) -> None:
    """Add and change entries, and bring their pages along."""
    add(type=type, entries=added, how=how, now=now)
    write(entries=changed)
    generating.follow(type=type, entries=[*added, *changed], now=now)
