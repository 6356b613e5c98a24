"""A page's statement of a month: the sealed one, or what the records say now."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from common import timespan
from components import pages
from components.models import Component, Page
from public_pages import reading
from sla import causes, counting, promises, service_hours, statements
from sla.models import SealedStatement
from sla.statements import Statement

MONTHS = 12  # as far back as a statement can be counted; older ones are sealed


class NoSuchMonth(LookupError):
    """A month that has no statement: it lies ahead, or before the page was made."""


def of_month(*, page: Page, month: date, now: datetime) -> Statement:
    """Return the statement of the month that `month` is in.

    Raises:
        NoSuchMonth: there is none.
    """
    first = month.replace(day=1)
    sealed = SealedStatement.objects.filter(page=page, month=first).first()
    if sealed is not None:
        return Statement.from_json(sealed.content)
    if first not in _countable(page, now=now):
        raise NoSuchMonth(f"{first:%Y-%m}")
    return counted(page=page, month=first, now=now)


def months(*, page: Page, now: datetime) -> list[date]:
    """Return the first days of the months that have a statement, newest first."""
    sealed = SealedStatement.objects.filter(page=page).values_list("month", flat=True)
    return sorted({*sealed, *_countable(page, now=now)}, reverse=True)


def sealed_at(*, page: Page, month: date) -> datetime | None:
    """Return when the statement of a month was sealed."""
    rows = SealedStatement.objects.filter(page=page, month=month.replace(day=1))
    return rows.values_list("sealed_at", flat=True).first()


def counted(*, page: Page, month: date, now: datetime) -> Statement:
    """Count a month from the records as they are now, sealed or not."""
    zone = ZoneInfo(page.time_zone)
    start, end = bounds(month, zone)
    until = min(end, now)
    promise = promises.of_page(page)
    shown = pages.shown_ids(page)
    weights = page.weights
    names = Component.objects.filter(id__in=shown).in_page_order().values_list("id", "name")
    details = reading.details(component_ids=shown, now=now)
    found = counting.count(
        [(pk, name, details[pk].changes) for pk, name in names if pk in details],
        start=start,
        end=until,
        promised=service_hours.parse(promise.hours).periods(start, until, time_zone=zone),
        weights=weights,
        cause=causes.between(shown, start=start, end=until),
        decimals=promise.decimals,
    )
    return statements.made(
        found,
        page_name=page.name,
        month=f"{month:%Y-%m}",
        start=start,
        until=until.astimezone(UTC),
        is_over=now >= end,
        time_zone=page.time_zone,
        hours=promise.hours,
        target=promise.target,
        weights=weights,
        unread_hours=promise.unread,
    )


def bounds(month: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return where a month begins and ends in a zone, in UTC."""
    following = (month.replace(day=1) + timedelta(days=32)).replace(day=1)
    return (
        timespan.day_start(month.replace(day=1), time_zone=zone),
        timespan.day_start(following, time_zone=zone),
    )


def _countable(page: Page, *, now: datetime) -> list[date]:
    """The months since the page was made, of those that can still be counted."""
    zone = ZoneInfo(page.time_zone)
    made = (page.created_at or now).astimezone(zone).date().replace(day=1)
    found: list[date] = []
    month = now.astimezone(zone).date().replace(day=1)
    while month >= made and len(found) < MONTHS:
        found.append(month)
        month = (month - timedelta(days=1)).replace(day=1)
    return found
