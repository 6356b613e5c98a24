"""The list of subscribers as CSV, streamed: what the console's list shows, or everybody."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Prefetch

from common import auditing
from components import catalogue
from subscribers import csv_rules
from subscribers.models import Subscriber, Subscription
from subscribers.models.people import SubscriberQuerySet

_CHUNK = 1_000


def exported(*, rows: SubscriberQuerySet, now: datetime) -> Iterator[str]:
    """The pieces of the file, a line each; the audit log keeps who took how many.

    Read in chunks of 1,000, each with two statements, so that any number costs little memory.
    """
    auditing.record(
        subject=catalogue.page(), before={}, after={"exported_subscribers": rows.count()}, now=now
    )
    return csv_rules.rows_as_text(_cells(row) for row in _in_chunks(rows))


def _in_chunks(rows: SubscriberQuerySet) -> Iterator[Subscriber]:
    """All rows, oldest first, by id: a row that comes or goes meanwhile moves no other."""
    chosen = Prefetch("chosen", Subscription.objects.select_related("component").order_by("id"))
    after = 0
    while True:
        found = rows.filter(id__gt=after).order_by("id").prefetch_related(chosen)[:_CHUNK]
        chunk = list(found)
        yield from chunk
        if len(chunk) < _CHUNK:
            return
        after = chunk[-1].pk


def _cells(row: Subscriber) -> list[str]:
    """One subscriber in the order of `csv_rules.COLUMNS`; short names of components, which last."""
    slugs = [one.component.slug for one in row.chosen.all()]
    return [
        row.channel,
        row.address,
        row.state,
        row.follows
        or (csv_rules.ALL if row.wants_all else csv_rules.BETWEEN_COMPONENTS.join(slugs)),
        "yes" if row.wants_postmortems else "no",
        row.language,
        row.origin,
        row.consent_note,
        _moment(row.created_at),
        _moment(row.confirmed_at),
    ]


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ""
