"""Two beats look at once: needs two real connections."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.db import connection

from incidents.models import Incident
from monitoring import drafting, recording, watchdog
from monitoring.models import AlertChannel, Finding
from tests import build
from tests.monitoring import observing

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def test_two_beats_draft_one_incident_and_tell_one_finding(now: datetime) -> None:
    AlertChannel.objects.create(kind="email", recipients=["ops@example.com"])
    replica = build.replica(node=build.node(bad_checks=1))
    recording.record(observations=[observing.refused(replica, now)], now=now)
    later = now + timedelta(minutes=20)

    def run(look: object) -> None:
        try:
            look(now=later)  # type: ignore[operator]
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(run, [drafting.draft] * 3 + [watchdog.look] * 3))

    assert Incident.objects.count() == 1
    assert Finding.objects.count() == 1
    deliveries = apps.get_model("notifications", "Delivery").objects
    assert deliveries.filter(dedupe_key__startswith="truth:").count() == 1
