"""The health of the page is one rule: webhook, warning and read-outs never say different things."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from components.models import Component, StatusClaim
from components.status import Source, Status
from monitoring import page_health
from monitoring.models import HealthChange, Mode, Node, Replica
from probing.health import Health
from public_pages import reading, readouts
from tests import build
from tests.public_pages import world

pytestmark = [pytest.mark.django_db, pytest.mark.req("E4", "E5", "E6", "U1")]


def healthy(now: datetime) -> None:
    world.watched(now=now, healths=["healthy", "healthy"])


def sick_and_dead(now: datetime) -> None:
    world.watched(now=now, healths=["sick", "dead"])


def dead_and_then_unknown(now: datetime) -> None:
    world.watched(now=now, healths=["healthy", "dead"])
    dead = Replica.objects.get(health="dead")
    HealthChange.objects.create(
        replica=dead, previous="dead", health=None, at=now, recorded_at=now, reason="no_data"
    )
    Replica.objects.filter(id=dead.id).update(health=None, fresh_until=None)


def dead_and_overdue_but_not_noted(now: datetime) -> None:
    world.watched(now=now, healths=["dead"])
    Replica.objects.update(fresh_until=now - timedelta(minutes=1))


def never_known(now: datetime) -> None:
    world.watched(now=now, healths=[None])


def dead_in_maintenance(now: datetime) -> None:
    component = world.watched(now=now, healths=["dead"])
    world.watched(now=now, healths=["sick"])
    StatusClaim.objects.create(
        component=component,
        source=Source.MAINTENANCE,
        reference="1",
        status=Status.UNDER_MAINTENANCE,
        claimed_at=now,
    )


def dead_but_only_a_token_named_it(now: datetime) -> None:
    world.watched(now=now, healths=["healthy"])
    node = build.node(component=Component.objects.get(), mode=Mode.PUSH)
    build.replica(node=node, address="made-up", health="dead", last_outcome_at=now)


def dead_and_hidden(now: datetime) -> None:
    world.watched(now=now, healths=["dead"], is_visible=False)


def silent_and_reported(now: datetime) -> None:
    node = build.node(mode=Mode.LOCAL)
    build.replica(
        node=node, health="dead", last_outcome_at=now, first_healthy_at=now - timedelta(days=1)
    )


@pytest.mark.parametrize(
    ("arrange", "expected"),
    [
        (healthy, Health.HEALTHY),
        (sick_and_dead, Health.DEAD),
        (dead_and_then_unknown, Health.DEAD),
        (dead_and_overdue_but_not_noted, Health.DEAD),
        (never_known, Health.HEALTHY),
        (dead_in_maintenance, Health.SICK),
        (dead_but_only_a_token_named_it, Health.HEALTHY),
        (dead_and_hidden, Health.HEALTHY),
        (silent_and_reported, Health.DEAD),
    ],
)
def test_every_voice_says_the_same(
    arrange: Callable[[datetime], None], expected: Health, now: datetime
) -> None:
    arrange(now)
    page_health.note(now=now)
    page = reading.page(now=now)
    report = json.loads(readouts.report(page))

    assert page_health.present() is expected
    assert readouts.text(page).decode() == expected
    assert report["health"] == expected
    assert (page.warning.dead_since == now) is (expected is Health.DEAD)


def test_the_report_says_dead_at_every_level_of_a_dead_replica_nobody_looks_at(
    now: datetime,
) -> None:
    dead_and_then_unknown(now)
    report = json.loads(readouts.report(reading.page(now=now)))
    (probe,) = report["probes"]
    assert (probe["status"], probe["nodes"][0]["status"]) == ("dead", "dead")
    assert probe["nodes"][0]["replicas"] == ["healthy", "dead"]
    # Ours says what is not known.
    assert report["components"][0]["nodes"][0]["replicas"][1]["health"] == "unknown"
    assert Node.objects.count() == 1
