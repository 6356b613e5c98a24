from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps

from monitoring import coverage, recording
from monitoring.models import AlertChannel
from tests import build
from tests.monitoring.observing import answered, refused

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def operators() -> AlertChannel:
    return AlertChannel.objects.create(
        kind="email", recipients=["ops@example.com", "cto@example.com"]
    )


def sent(address: str = "ops@example.com") -> list[dict[str, Any]]:
    deliveries = apps.get_model("notifications", "Delivery").objects.filter(address=address)
    return [delivery.message for delivery in deliveries.order_by("id")]


@pytest.mark.req("F1", "F3")
def test_a_death_and_its_recovery_are_told_once_each_with_what_was_seen(now: datetime) -> None:
    component = build.component(name="Checkout")
    replica = build.replica(node=build.node(component=component, name="EU card gateway"))
    recording.record(observations=[answered(replica, now)], now=now)
    assert sent() == []

    for n in range(1, 4):
        at = now + n * SECOND
        recording.record(observations=[refused(replica, at)], now=at)
    (death,) = sent()
    assert death["subject"] == "Checkout / EU card gateway, replica 1 is dead"
    for part in (
        replica.address,
        "19 Nov 2026, 14:32:01 UTC",
        "Connection refused.",
        "3 attempts",
        "connect 0 ms",
        "Visitors see: Major outage",
    ):
        assert part in death["text"], part
        assert part.replace("'", "&#x27;") in death["html"] or part.startswith(
            ("Visitors", "connect")
        )

    at = now + timedelta(minutes=2)
    recording.record(observations=[answered(replica, at)], now=at)
    assert [message["subject"] for message in sent()][1:] == [
        "Checkout / EU card gateway, replica 1 has recovered"
    ]
    assert "after 1 min" in sent()[1]["text"]
    assert len(sent("cto@example.com")) == 2


@pytest.mark.req("F1")
def test_changes_of_one_pass_are_one_message(now: datetime) -> None:
    node = build.node()
    replicas = [build.replica(node=node) for _ in range(3)]
    recording.record(observations=[answered(replica, now) for replica in replicas], now=now)
    recording.record(
        observations=[refused(replica, now + SECOND) for replica in replicas[:2]], now=now + SECOND
    )
    later = now + 2 * SECOND
    recording.record(
        observations=[answered(replicas[0], later), refused(replicas[2], later)], now=later
    )
    assert [message["subject"] for message in sent()] == [
        "2 replicas are dead",
        "1 replica is dead, 1 has recovered",
    ]


def test_sick_is_no_reason_to_wake_anybody(now: datetime) -> None:
    replica = build.replica(node=build.node(sick_after_s=0.1, dead_after_s=5))
    recording.record(observations=[answered(replica, now, latency_ms=200)], now=now)
    assert sent() == []


@pytest.mark.req("F2")
def test_a_channel_that_is_off_gets_nothing(now: datetime, operators: AlertChannel) -> None:
    AlertChannel.objects.filter(id=operators.id).update(is_enabled=False)
    recording.record(observations=[refused(build.replica(), now)], now=now)
    assert sent() == []


def test_recoveries_can_be_switched_off(now: datetime, operators: AlertChannel) -> None:
    AlertChannel.objects.filter(id=operators.id).update(tells_recovery=False)
    replica = build.replica()
    recording.record(observations=[refused(replica, now)], now=now)
    recording.record(observations=[answered(replica, now + SECOND)], now=now + SECOND)
    assert len(sent()) == 1


def test_a_recovery_after_an_unknown_stretch_is_still_told(now: datetime) -> None:
    replica = build.replica()
    recording.record(observations=[refused(replica, now)], now=now)
    later = now + timedelta(hours=1)
    coverage.note_gaps(now=later)
    recording.record(observations=[answered(replica, later)], now=later)
    subjects = [message["subject"] for message in sent()]
    assert subjects[0].endswith("is dead")
    assert subjects[1] == "Monitoring has been interrupted"
    assert subjects[2].endswith("has recovered")


def test_an_interruption_is_told_once_an_hour_however_many_replicas_it_takes(now: datetime) -> None:
    replicas = [build.replica() for _ in range(5)]
    for n, replica in enumerate(replicas):
        at = now + n * SECOND
        recording.record(observations=[answered(replica, at)], now=at)
    for n in range(6):
        coverage.note_gaps(now=now + timedelta(seconds=210 + n))
    assert [message["subject"] for message in sent()] == ["Monitoring has been interrupted"]


def test_a_death_that_was_told_is_not_told_again_after_a_gap(now: datetime) -> None:
    replica = build.replica()
    recording.record(observations=[refused(replica, now)], now=now)
    later = now + timedelta(hours=1)
    coverage.note_gaps(now=later)
    recording.record(observations=[refused(replica, later)], now=later)
    assert [m["subject"].split()[-1] for m in sent()] == ["dead", "interrupted"]
