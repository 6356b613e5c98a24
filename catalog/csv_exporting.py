"""The entries of a type as CSV, which an import takes again."""

from collections.abc import Iterator
from datetime import datetime

from catalog import csv_importing, csv_rules, lookup, values
from catalog.models import CatalogType
from common import auditing, csv_text


def exported(*, type: CatalogType, now: datetime) -> Iterator[str]:  # noqa: A002 - a catalog's type
    """The pieces of the file, a line each; the audit log keeps who took how many."""
    entries = list(type.entries.present().order_by("name", "id"))
    auditing.record(subject=type, before={}, after={"exported_entries": len(entries)}, now=now)
    attributes = list(type.attributes.select_related("target"))
    names = lookup.names(attributes)
    columns = csv_importing.columns_of(attributes)
    return csv_text.rows_as_text(
        csv_rules.header(columns),
        (
            [
                entry.name,
                entry.key,
                *(
                    values.joined(values.words(one.rule, entry.values.get(one.key), names=names))
                    for one in attributes
                ),
            ]
            for entry in entries
        ),
    )
