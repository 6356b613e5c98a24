"""Operations on the page, its groups and components: validated, at once, and the page is told."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from components import by_hand, catalogue, ordering
from components.models import Component, ComponentGroup, Page, StatusChange
from components.status import Status
from tests import build

pytestmark = pytest.mark.django_db


def revision() -> int:
    return catalogue.page().revision


def test_a_component_starts_operational_with_a_history(now: datetime) -> None:
    before = revision()
    component = catalogue.add_component(name="Website", slug="website", now=now)
    change = StatusChange.objects.get(component=component)
    assert (change.status, change.at) == (Status.OPERATIONAL, now)
    assert revision() > before


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"slug": "has space"}, "slug"),
        ({"name": ""}, "name"),
        ({"name": "x" * 10_000}, "name"),
        ({"slug": "taken"}, "slug"),
    ],
)
def test_a_component_that_is_wrong_is_refused_by_field(
    now: datetime, fields: dict[str, Any], field: str
) -> None:
    build.component(slug="taken")
    with pytest.raises(ValidationError) as refused:
        catalogue.add_component(**({"name": "Website", "slug": "website"} | fields), now=now)
    assert field in refused.value.message_dict
    assert Component.objects.count() == 1


def test_only_the_named_fields_are_written() -> None:
    component = build.component(name="Old")
    Component.objects.filter(pk=component.pk).update(status=Status.MAJOR_OUTAGE)
    catalogue.change_component(component=component, name="New")
    component.refresh_from_db()
    assert (component.name, component.status) == ("New", Status.MAJOR_OUTAGE)


def test_a_removed_group_leaves_its_components_on_the_page() -> None:
    group = catalogue.add_group(name="Web")
    component = build.component(group=group)
    catalogue.remove_group(group=group)
    component.refresh_from_db()
    assert component.group is None


def test_a_time_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValidationError, match="not a time zone"):
        catalogue.change_page(page=catalogue.page(), time_zone="Europe/Atlantis")
    assert Page.objects.get().time_zone == "UTC"


@pytest.mark.parametrize(
    "change",
    [
        lambda group, component: catalogue.change_group(group=group, name="Other"),
        lambda group, component: catalogue.remove_group(group=group),
        lambda group, component: catalogue.change_component(component=component, name="Other"),
        lambda group, component: catalogue.remove_component(component=component),
        lambda group, component: catalogue.change_page(page=catalogue.page(), name="Acme"),
        lambda group, component: catalogue.add_group(name="Data"),
    ],
)
def test_every_change_tells_the_publishers(
    change: Callable[[ComponentGroup, Component], object],
) -> None:
    group = build.group()
    component = build.component(group=group)
    before = revision()
    change(group, component)
    assert revision() > before


def test_rows_that_share_a_position_can_still_be_moved() -> None:
    names = ["a", "b", "c"]
    rows = {name: build.component(name=name) for name in names}
    siblings = Component.objects.order_by("position", "name")

    def order() -> list[str]:
        return [component.name for component in siblings.all()]

    assert ordering.move(siblings=siblings, row_id=rows["c"].pk, up=True, now=build.LONG_AGO)
    assert order() == ["a", "c", "b"]
    assert ordering.move(siblings=siblings, row_id=rows["a"].pk, up=False, now=build.LONG_AGO)
    assert order() == ["c", "a", "b"]
    assert not ordering.move(siblings=siblings, row_id=rows["c"].pk, up=True, now=build.LONG_AGO)
    assert not ordering.move(siblings=siblings, row_id=0, up=True, now=build.LONG_AGO)
    assert order() == ["c", "a", "b"]


@pytest.mark.req("AMB-19")
def test_a_status_held_by_hand_stays_until_it_is_automatic_again(now: datetime) -> None:
    component = build.component()
    changes = by_hand.choose(choices={component.pk: Status.PARTIAL_OUTAGE}, now=now, by="ada")
    component.refresh_from_db()
    assert component.is_manual
    assert component.status == Status.PARTIAL_OUTAGE
    assert [change.note for change in changes] == ["set by ada"]
    by_hand.choose(choices={component.pk: None}, now=now, by="ada")
    component.refresh_from_db()
    assert not component.is_manual
    assert component.status == Status.OPERATIONAL


def test_a_component_that_is_gone_is_left_out(now: datetime) -> None:
    assert by_hand.choose(choices={4711: Status.MAJOR_OUTAGE}, now=now, by="ada") == []
