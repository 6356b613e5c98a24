"""The list of subscribers as CSV, streamed: what the console's list shows, or everybody."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from common import auditing
from components import catalogue
from subscribers import csv_rules
from subscribers.models import Subscription
from subscribers.models.people import SubscriberQuerySet

_CHUNK = 1_000
_FIELDS = (
    "channel",
    "address",
    "state",
    "wants_all",
    "follows",
    "wants_postmortems",
    "language",
    "origin",
    "consent_note",
    "created_at",
    "confirmed_at",
    "page__slug",
)


def exported(*, rows: SubscriberQuerySet, now: datetime) -> Iterator[str]:
    """The pieces of the file, a line each; the audit log keeps who took how many.

    Read in chunks of 1,000, each with two statements, so that any number costs little memory.
    """
    auditing.record(
        subject=catalogue.page(), before={}, after={"exported_subscribers": rows.count()}, now=now
    )
    return csv_rules.rows_as_text(_lines(rows))


def _lines(rows: SubscriberQuerySet) -> Iterator[list[str]]:
    """All rows, oldest first, by id: a row that comes or goes meanwhile moves no other."""
    after = 0
    while True:
        found = rows.filter(id__gt=after).order_by("id").values_list("id", *_FIELDS)[:_CHUNK]
        chunk = list(found)
        slugs = _slugs([one[0] for one in chunk])
        for pk, *values in chunk:
            yield _cells(values, slugs.get(pk, []))
        if len(chunk) < _CHUNK:
            return
        after = chunk[-1][0]


def _slugs(ids: Sequence[int]) -> dict[int, list[str]]:
    """The short names of the components that these chose: they last longer than names."""
    found: dict[int, list[str]] = {}
    chosen = Subscription.objects.filter(subscriber__in=ids).order_by("id")
    for pk, slug in chosen.values_list("subscriber_id", "component__slug"):
        found.setdefault(pk, []).append(slug)
    return found


def _cells(values: Sequence[Any], slugs: Sequence[str]) -> list[str]:
    """One subscriber in the order of `csv_rules.COLUMNS`."""
    channel, address, state, wants_all, follows, postmortems, *rest = values
    language, origin, note, created_at, confirmed_at, page = rest
    named = csv_rules.ALL if wants_all else csv_rules.BETWEEN_COMPONENTS.join(slugs)
    return [
        channel,
        address,
        state,
        follows or named,
        "yes" if postmortems else "no",
        language,
        origin,
        note,
        _moment(created_at),
        _moment(confirmed_at),
        page,
    ]


def _moment(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S") if at else ""
