"""Close months: a statement that a customer was given must never say something else later."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from components.models import Page
from sla import reading
from sla.models import SealedStatement
from sla.statements import Statement

# What was noticed late can be told of (retroactive incidents) for so long after the month.
AFTER = timedelta(days=5)


def seal_due(*, now: datetime, limit: int = 100) -> int:
    """Seal up to `limit` statements of months that ended five days ago; how many were sealed."""
    count = 0
    sealed = set(SealedStatement.objects.values_list("page_id", "month"))
    for page in Page.objects.live().customers().order_by("pk"):
        zone = ZoneInfo(page.time_zone)
        for month in reading.months(page=page, now=now):
            _, end = reading.bounds(month, zone)
            if end + AFTER > now or (page.pk, month) in sealed:
                continue
            _seal(page, reading.counted(page=page, month=month, now=now), now=now)
            count += 1
            if count >= limit:
                return count
    return count


def differs(*, page: Page, sealed: Statement, now: datetime) -> bool:
    """Whether the records would say something else of a sealed month today; for operators.

    A month that can no longer be counted differs from nothing.
    """
    first = sealed.first_day
    if first < min(reading.months(page=page, now=now)[: reading.MONTHS], default=first):
        return False
    today = reading.counted(page=page, month=first, now=now)
    return (today.together, today.rows) != (sealed.together, sealed.rows)


def _seal(page: Page, statement: Statement, *, now: datetime) -> None:
    with transaction.atomic():
        SealedStatement.objects.get_or_create(
            page=page,
            month=statement.first_day,
            defaults={
                "content": statement.as_json(),
                "digest": statement.digest,
                "sealed_at": now,
            },
        )
