"""Several beats take the same steps at once: needs real connections."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import repeat

import pytest
from django.db import connection

from components.models import StatusChange
from incidents import due_steps, maintenance_series
from incidents.models import Maintenance, MaintenanceUpdate
from incidents.windows import Kind
from tests import build

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
HOUR = timedelta(hours=1)


def take(now: datetime) -> None:
    try:
        due_steps.take(now=now)
    finally:
        connection.close()


@pytest.mark.req("K6")
def test_beats_at_the_same_moment_take_every_step_once(now: datetime) -> None:
    component = build.component()
    rows = [
        build.maintenance(now=now, components=[component], lead_minutes=(30,))
        for _count in range(3)
    ]
    series = maintenance_series.schedule(
        plan=build.plan(now=now, components=[component]), rule="FREQ=DAILY", notify=True, now=now
    )

    for at in (now + 40 * HOUR / 60, now + HOUR, now + 2 * HOUR):
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(take, repeat(at, 6)))

    for row in rows:
        kinds = row.updates.order_by("id").values_list("kind", flat=True)
        assert list(kinds) == [Kind.SCHEDULED, Kind.REMINDER, Kind.STARTED, Kind.COMPLETED]
    first = series.occurrences.order_by("starts_at")[0]
    assert first.updates.count() == 3
    assert series.occurrences.count() == maintenance_series.HORIZON + 1
    changes = StatusChange.objects.filter(component=component, at__gt=now).order_by("id")
    assert [change.at for change in changes] == [now + HOUR, now + 2 * HOUR]
    assert not Maintenance.objects.filter(next_step_at__lte=now + 2 * HOUR).exists()
    assert MaintenanceUpdate.objects.filter(kind=Kind.STARTED).count() == 4
