"""The digests by which the links of mails are found again, whatever key they were made with (D2)."""

from collections.abc import Iterable
from typing import Any

from django.db import connection

from subscribers import links
from subscribers.models import EarlierLink, Subscriber


def keep(rows: Iterable[Subscriber]) -> None:
    """Store the digests of links that go out now for the first time, beside those of earlier keys."""
    earlier: list[EarlierLink] = []
    changed: list[Any] = []
    for row in rows:
        digest = links.digest(links.leave_token(row.id))
        if row.unsubscribe_digest == digest:
            continue
        changed += [row.id, digest]
        if row.unsubscribe_digest:
            earlier.append(EarlierLink(subscriber=row, digest=row.unsubscribe_digest))
    EarlierLink.objects.bulk_create(earlier, ignore_conflicts=True)
    if changed:
        _store(changed)


def _store(ids_and_digests: list[Any]) -> None:
    places = ", ".join(["(%s, %s)"] * (len(ids_and_digests) // 2))
    table = connection.ops.quote_name(Subscriber._meta.db_table)
    # As bulk_update does it, a thousand rows cost half of their whole expansion.
    statement = (
        f"UPDATE {table} SET unsubscribe_digest = new.column2"  # noqa: S608 - only our own names
        f" FROM (VALUES {places}) AS new WHERE {table}.id = new.column1"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, ids_and_digests)
