"""What is read for a page: enough, nothing private, and at a constant price."""

from datetime import datetime, timedelta

import pytest

from components.models import Component, Page, StatusClaim
from components.status import Status
from probing.health import Health
from public_pages import reading
from tests import build, counting
from tests.public_pages import world

pytestmark = pytest.mark.django_db


def test_twice_the_components_cost_the_same_number_of_statements(now: datetime) -> None:
    def add_some() -> None:
        group = build.group()
        for _ in range(4):
            component = world.watched(now=now, healths=["healthy", "dead"], group=group)
            world.said(component, Status.PARTIAL_OUTAGE, now - timedelta(days=2))
            world.summaries(component, now=now)

    def cost() -> tuple[int, int]:
        ids = list(Component.objects.values_list("id", flat=True))
        with counting.statements() as for_page:
            reading.page(now=now)
        with counting.statements() as for_details:
            reading.details(component_ids=ids, now=now)
        return len(for_page), len(for_details)

    add_some()
    reading.page(now=now)
    before = cost()
    add_some()

    assert cost() == before
    assert sum(before) <= 29


def test_groups_come_by_position_and_components_without_one_come_last(now: datetime) -> None:
    second, first = build.group(name="Second", position=2), build.group(name="First", position=1)
    build.component(name="Loose")
    build.component(name="B", group=first, position=2)
    build.component(name="A", group=second)
    build.component(name="C", group=first, position=1)

    page = reading.page(now=now)

    assert [
        (group.name, [member.name for member in group.components]) for group in page.groups
    ] == [("First", ["C", "B"]), ("Second", ["A"]), ("", ["Loose"])]


@pytest.mark.req("B3")
def test_nodes_are_lines_and_replicas_are_numbers_unless_addresses_are_shown(
    now: datetime,
) -> None:
    closed = world.watched(now=now, healths=["healthy", "sick"], name="A")
    opened = world.watched(now=now, healths=["dead"], name="B", shows_addresses=True)

    first, second = reading.page(now=now).components

    assert [replica.label for replica in first.nodes[0].replicas] == ["1", "2"]
    assert second.nodes[0].replicas[0].label.startswith("tcp://127.0.0.1:")
    assert (first.id, second.id) == (closed.id, opened.id)


def test_hidden_components_and_all_that_hangs_on_them_are_not_read(now: datetime) -> None:
    hidden = world.watched(now=now, healths=["dead"], is_visible=False)
    world.said(hidden, Status.MAJOR_OUTAGE, now)
    world.watched(now=now)

    page = reading.page(now=now)
    details = reading.details(component_ids=[hidden.id], now=now)

    assert hidden.id not in {component.id for component in page.components}
    assert page.status == Status.OPERATIONAL
    assert page.health == Health.HEALTHY
    assert hidden.id not in details


def test_an_outcome_that_is_too_old_makes_a_replica_unknown(now: datetime) -> None:
    component = build.component()
    build.replica(
        node=build.node(component=component),
        health="healthy",
        last_outcome_at=now - timedelta(minutes=9),
        fresh_until=now,
    )

    seen = reading.page(now=now).components[0]

    assert seen.nodes[0].replicas[0].health is None
    # Nobody noted the gap yet; "operational" would be green without evidence all the same.
    assert seen.status == Status.UNKNOWN


def test_a_person_may_say_operational_without_measurements(now: datetime) -> None:
    world.watched(now=now, healths=[None], is_manual=True)
    build.component()

    assert {component.status for component in reading.page(now=now).components} == {
        Status.OPERATIONAL
    }


def test_a_new_replica_beside_others_raises_no_doubt(now: datetime) -> None:
    component = world.watched(now=now, healths=["healthy"])
    node = component.nodes.get()
    build.replica(node=node, fresh_until=now + timedelta(minutes=3), position=9)

    assert reading.page(now=now).components[0].status == Status.OPERATIONAL


@pytest.mark.req("E4", "E5", "E6")
@pytest.mark.parametrize(
    ("healths", "expected"),
    [
        ([["healthy"], ["healthy", "sick", "dead"]], Health.DEAD),
        ([["healthy"], ["healthy", "sick"]], Health.SICK),
        ([["healthy"], ["healthy"]], Health.HEALTHY),
        ([["healthy"], [None]], Health.HEALTHY),
        ([], Health.HEALTHY),
    ],
)
def test_the_page_is_as_healthy_as_its_worst_replica(
    now: datetime, healths: list[list[str | None]], expected: Health
) -> None:
    for each in healths:
        world.watched(now=now, healths=each)

    assert reading.page(now=now).health == expected


def test_replicas_in_maintenance_do_not_count_for_the_health_of_the_page(now: datetime) -> None:
    component = world.watched(now=now, healths=["dead"])
    world.said(component, Status.UNDER_MAINTENANCE, now)
    StatusClaim.objects.create(
        component=component,
        source="maintenance",
        reference="1",
        status=Status.UNDER_MAINTENANCE,
        claimed_at=now,
    )

    page = reading.page(now=now)

    assert page.health == Health.HEALTHY
    assert page.status == Status.UNDER_MAINTENANCE


@pytest.mark.req("B8")
def test_maintenance_never_hides_an_outage_of_another_component(now: datetime) -> None:
    world.said(build.component(), Status.UNDER_MAINTENANCE, now)
    world.said(build.component(), Status.PARTIAL_OUTAGE, now)

    assert reading.page(now=now).status == Status.PARTIAL_OUTAGE


def test_history_starts_with_the_status_that_held_before_the_first_day(now: datetime) -> None:
    component = build.component(created_at=now - timedelta(days=300))
    world.change(component, Status.MAJOR_OUTAGE, now - timedelta(days=200))
    world.change(component, Status.OPERATIONAL, now - timedelta(days=5))

    changes = reading.page(now=now).components[0].changes

    assert [change.status for change in changes] == [Status.MAJOR_OUTAGE, Status.OPERATIONAL]


def test_of_two_changes_at_one_instant_the_later_stored_one_comes_last(now: datetime) -> None:
    component = build.component(created_at=now - timedelta(days=1))
    world.change(component, Status.MAJOR_OUTAGE, now - timedelta(hours=1))
    world.change(component, Status.OPERATIONAL, now - timedelta(hours=1))

    changes = reading.page(now=now).components[0].changes

    assert [change.status for change in changes][-2:] == [Status.MAJOR_OUTAGE, Status.OPERATIONAL]


def test_equal_facts_make_equal_views_whatever_the_clock_says(now: datetime) -> None:
    world.watched(now=now)

    first = reading.page(now=now)
    second = reading.page(now=now + timedelta(minutes=5))

    assert first.components == second.components


def test_a_fresh_installation_has_a_page(now: datetime) -> None:
    page = reading.page(now=now)

    assert page.components == ()
    assert Page.objects.count() == 1
