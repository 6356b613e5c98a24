"""Dependencies in alerts: one alert for a cause and all that follows from it (issue section 6)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from monitoring import alerting, recording, reminding
from monitoring.models import AlertChannel, AlertSettings, HealthChange, Node, Replica
from probing.health import Health
from tests import build
from tests.monitoring.observing import answered, refused

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
NOW = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)
CHILDREN = 30


@pytest.fixture(autouse=True)
def operators() -> None:
    AlertChannel.objects.create(kind="email", recipients=["ops@example.com"])


def family(children: int = CHILDREN) -> tuple[Replica, list[Replica]]:
    """A parent and its children, each with one replica, all healthy at NOW."""
    component = build.component(name="Shop")
    parent = build.replica(node=build.node(component=component, name="Database"))
    rest = []
    for n in range(children):
        node = build.node(component=component, name=f"Child {n}")
        node.depends_on.add(parent.node)
        rest.append(build.replica(node=node))
    seen([answered(replica, NOW) for replica in [parent, *rest]], at=NOW)
    return parent, rest


def seen(observations: list[Any], *, at: datetime) -> None:
    recording.record(observations=observations, now=at)


def subjects() -> list[str]:
    rows = apps.get_model("notifications", "Delivery").objects.order_by("id")
    return [row.message["subject"] for row in rows]


def tick(*seconds: int) -> None:
    for second in seconds:
        alerting.tell_held(now=NOW + second * SECOND)


@pytest.fixture
def everybody() -> list[Replica]:
    """A parent and its thirty children."""
    parent, children = family()
    return [parent, *children]


@hypothesis_settings(
    max_examples=max(4, hypothesis_settings().max_examples // 15),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(order=st.permutations(range(CHILDREN + 1)), waves=st.integers(1, 5))
def test_a_parent_with_30_children_is_one_alert_in_whatever_order_they_fail(
    everybody: list[Replica], order: list[int], waves: int
) -> None:
    with transaction.atomic():
        size = len(order) // waves + 1
        for wave in range(waves):
            at = NOW + (1 + wave * 5) * SECOND
            chosen = [everybody[n] for n in order[wave * size : (wave + 1) * size]]
            seen([refused(replica, at) for replica in chosen], at=at)
        tick(20, 60, 90, 300)
        (subject,) = subjects()
        assert subject.startswith("Shop / Database, replica 1 is dead")
        # The children are measured and recorded all the same.
        assert Replica.objects.filter(health=Health.DEAD).count() == CHILDREN + 1
        assert HealthChange.objects.filter(health=Health.DEAD).count() == CHILDREN + 1
        transaction.set_rollback(True)


def test_the_alert_names_what_died_with_it() -> None:
    parent, children = family(3)
    seen([refused(replica, NOW + SECOND) for replica in children], at=NOW + SECOND)
    assert subjects() == []
    seen([refused(parent, NOW + 2 * SECOND)], at=NOW + 2 * SECOND)
    assert subjects() == ["Shop / Database, replica 1 is dead, and 3 that depend on it"]
    (delivery,) = apps.get_model("notifications", "Delivery").objects.all()
    assert "Shop / Child 0, Shop / Child 1, Shop / Child 2" in delivery.message["text"]
    (dead,) = delivery.message["payload"]["dead"]
    assert dead["dependents"] == ["Shop / Child 0", "Shop / Child 1", "Shop / Child 2"]


def test_a_child_that_fails_alone_is_told_as_soon_as_its_parent_was_checked_since() -> None:
    parent, children = family(2)
    seen([refused(children[0], NOW + SECOND)], at=NOW + SECOND)
    tick(5)
    assert subjects() == []
    seen([answered(parent, NOW + 6 * SECOND)], at=NOW + 6 * SECOND)
    tick(10)
    assert subjects() == ["Shop / Child 0, replica 1 is dead"]
    tick(15, 100)
    assert len(subjects()) == 1


def test_a_child_that_fails_beside_its_healthy_parent_in_one_pass_is_told_at_once() -> None:
    parent, children = family(1)
    at = NOW + SECOND
    seen([answered(parent, at), refused(children[0], at)], at=at)
    assert len(subjects()) == 1


def test_a_child_is_told_after_the_window_when_nobody_looks_at_its_parent() -> None:
    _, children = family(1)
    AlertSettings.objects.create(dependency_window_s=20)
    seen([refused(children[0], NOW + SECOND)], at=NOW + SECOND)
    tick(20)
    assert subjects() == []
    tick(21)
    assert len(subjects()) == 1


def test_a_child_that_stays_down_after_its_parent_is_told_then_with_its_own_time() -> None:
    parent, children = family(3)
    at = NOW + SECOND
    seen([refused(replica, at) for replica in [parent, *children]], at=at)
    back = NOW + 120 * SECOND
    seen([answered(parent, back)], at=back)
    tick(125)
    assert subjects()[1:] == ["Shop / Database, replica 1 has recovered"]
    again = NOW + 130 * SECOND
    seen(
        [answered(children[0], again), answered(children[1], again), refused(children[2], again)],
        at=again,
    )
    tick(135, 140)
    assert subjects()[2:] == ["Shop / Child 2, replica 1 is dead"]
    end = NOW + 301 * SECOND
    seen([answered(children[2], end)], at=end)
    assert subjects()[3:] == ["Shop / Child 2, replica 1 has recovered"]
    last = apps.get_model("notifications", "Delivery").objects.latest("id")
    assert "after 5 min" in last.message["text"]


def test_a_reminder_names_the_cause_and_what_hangs_on_it() -> None:
    parent, children = family(2)
    AlertSettings.objects.create(reminder_interval_s=60)
    at = NOW + SECOND
    seen([refused(replica, at) for replica in [parent, *children]], at=at)
    reminding.remind(now=NOW + 100 * SECOND)
    assert subjects()[1:] == ["Still dead: Shop / Database, replica 1 and 2 more"]


def test_a_muted_node_is_told_when_the_mute_ends_and_it_is_still_dead() -> None:
    replica = build.replica()
    Node.objects.filter(id=replica.node_id).update(muted_until=NOW + 60 * SECOND)
    seen([refused(replica, NOW)], at=NOW)
    tick(30)
    assert subjects() == []
    tick(60, 65)
    assert len(subjects()) == 1


def test_a_muted_node_that_recovered_meanwhile_is_never_told() -> None:
    replica = build.replica()
    Node.objects.filter(id=replica.node_id).update(muted_until=NOW + 60 * SECOND)
    seen([refused(replica, NOW)], at=NOW)
    seen([answered(replica, NOW + SECOND)], at=NOW + SECOND)
    tick(60, 120)
    assert subjects() == []


def test_a_replica_that_only_a_reporter_names_wakes_nobody_and_is_nobodys_cause() -> None:
    parent = build.node(mode="push")
    child = build.replica()
    child.node.depends_on.add(parent)
    invented = build.replica(node=parent, health="dead", health_since=NOW, last_outcome_at=NOW)
    seen([answered(child, NOW)], at=NOW)
    seen([refused(child, NOW + SECOND)], at=NOW + SECOND)
    (subject,) = subjects()
    assert child.node.name in subject
    Replica.objects.filter(id=invented.id).update(first_healthy_at=NOW - SECOND)
    tick(5)
    assert len(subjects()) == 2
