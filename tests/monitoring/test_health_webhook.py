from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps

from components import catalogue
from monitoring import page_health, recording
from monitoring.models import HealthHook
from tests import build
from tests.monitoring.observing import answered, refused

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def hook(**fields: Any) -> HealthHook:
    row = HealthHook(**{"name": "Router"} | fields)
    row.secrets = {"url": "https://hooks.example.com/status", "secret": "whsec_c2VjcmV0"}
    row.save()
    return row


def deliveries() -> list[Any]:
    return list(apps.get_model("notifications", "Delivery").objects.order_by("id"))


@pytest.mark.req("G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8", "AMB-5", "AMB-20")
def test_a_change_of_the_page_is_told_once_and_in_the_form_of_its_source() -> None:
    hook()
    now = datetime(2026, 11, 19, 14, 32, 0, 250_000, tzinfo=UTC)
    first = build.replica(node=build.node(name="Gateway"), address="tcp://10.0.0.1:5432")
    second = build.replica(node=build.node(name="Mail"), address="tcp://10.0.0.2:25")

    def observe(step: int, *observations: Any) -> None:
        at = now + step * SECOND
        recording.record(observations=[make(replica, at) for make, replica in observations], now=at)
        page_health.note(now=at)
        page_health.note(now=at)

    observe(0, (answered, first), (answered, second))
    assert deliveries() == []
    observe(1, (refused, first))
    observe(2, (refused, second))  # another replica, the same page health
    observe(3, (answered, first))
    observe(4, (answered, second))

    website_id = str(catalogue.page().uuid)
    told = [row.message["payload"] for row in deliveries()]
    assert told == [
        {
            "website_id": website_id,
            "event": "status:health:changed",
            "data": {
                "website_id": website_id,
                "health": "dead",
                "nodes": [{"label": "Gateway", "replica": "tcp://10.0.0.1:5432"}],
            },
            "timestamp": 1_795_098_721_250,
        },
        {
            "website_id": website_id,
            "event": "status:health:changed",
            "data": {"website_id": website_id, "health": "healthy", "nodes": []},
            "timestamp": 1_795_098_724_250,
        },
    ]


@pytest.mark.req("G9", "AMB-5")
def test_each_receiver_that_is_on_gets_its_own_sealed_letter_for_a_day(now: datetime) -> None:
    hook(name="One")
    hook(name="Two")
    hook(name="Off", is_enabled=False)
    replica = build.replica()
    recording.record(observations=[refused(replica, now)], now=now)
    page_health.note(now=now)
    rows = deliveries()
    assert len({row.address for row in rows}) == len(rows) == 2
    assert {(row.channel, row.schedule) for row in rows} == {("webhook", "day")}
    assert all(row.sealed and "hooks.example.com" not in row.sealed for row in rows)
