from datetime import datetime, timedelta

import pytest

from monitoring import page_health
from monitoring.models import HealthChange, PageHealthChange, Replica
from probing.health import Health
from tests import build, counting

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def ill(replica: Replica, health: Health | None, at: datetime) -> Replica:
    HealthChange.objects.create(
        replica=replica, previous=replica.health, health=health, at=at, recorded_at=at
    )
    replica.health = health
    replica.save(update_fields=["health"])
    return replica


@pytest.mark.req("E6")
def test_a_page_without_replicas_is_healthy_and_nothing_is_noted(now: datetime) -> None:
    assert page_health.note(now=now) is None
    assert page_health.present() is Health.HEALTHY


@pytest.mark.req("E4", "E5", "E7", "G1", "AMB-20")
def test_the_worst_replica_is_the_page_and_only_another_value_is_a_change(now: datetime) -> None:
    node = build.node(name="Gateway")
    first, second = build.replica(node=node), build.replica()
    told = []
    for step, (replica, health) in enumerate(
        [
            (first, Health.SICK),  # the page turns sick
            (second, Health.SICK),  # still sick
            (second, Health.DEAD),  # dead wins over sick
            (first, Health.DEAD),  # dead already
            (second, Health.HEALTHY),  # another replica is the cause: no change
            (first, Health.HEALTHY),  # back
        ]
    ):
        at = now + step * SECOND
        ill(replica, health, at)
        told.append(page_health.note(now=at))
    assert [(change.previous, change.health) if change else None for change in told] == [
        ("healthy", "sick"),
        None,
        ("sick", "dead"),
        None,
        None,
        ("dead", "healthy"),
    ]
    assert told[2] is not None
    assert told[2].nodes == [{"label": second.node.name, "replica": second.address}]
    assert told[5] is not None
    assert told[5].nodes == []
    assert page_health.present() is Health.HEALTHY


def test_hidden_components_do_not_count(now: datetime) -> None:
    hidden = build.component(is_visible=False)
    ill(build.replica(node=build.node(component=hidden)), Health.DEAD, now)
    assert page_health.note(now=now) is None


def test_not_looking_heals_nothing(now: datetime) -> None:
    replica = ill(build.replica(), Health.DEAD, now)
    page_health.note(now=now)
    ill(replica, None, now + SECOND)
    assert page_health.note(now=now + SECOND) is None
    assert page_health.present() is Health.DEAD


def test_a_removed_replica_heals_the_page(now: datetime) -> None:
    replica = ill(build.replica(), Health.DEAD, now)
    page_health.note(now=now)
    replica.delete()
    change = page_health.note(now=now + SECOND)
    assert change is not None
    assert change.health == Health.HEALTHY
    assert PageHealthChange.objects.count() == 2


def test_noting_costs_the_same_however_many_replicas_there_are(now: datetime) -> None:
    def cost(at: datetime) -> int:
        with counting.statements() as statements:
            page_health.note(now=at)
        return len(statements)

    replicas = [ill(build.replica(), Health.DEAD, now)]
    page_health.note(now=now)
    few = cost(now)
    replicas += [ill(build.replica(), Health.DEAD, now) for _ in range(20)]
    assert cost(now) == few
