"""Who hears of what only some pages chose, and how much: also once it is hidden or removed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from components import catalogue
from components.models import Component, Page, PageKind
from components.status import Status
from incidents import publishing, status_telling, telling
from incidents.lifecycle import State
from subscribers import fanout, followed, forecast, told_pages
from subscribers.chart import Stage
from subscribers.content import Content
from subscribers.models import Broadcast, Integration
from tests import build

pytestmark = pytest.mark.django_db
Delivery: Any = apps.get_model("notifications", "Delivery")
MINUTE = timedelta(minutes=1)


def _hide(row: Component) -> None:
    catalogue.change_component(component=row, is_visible=False)


def _remove(row: Component) -> None:
    catalogue.remove_component(component=row)


LOSE = pytest.mark.parametrize("lose", [_hide, _remove])


@pytest.fixture
def only() -> Component:
    """A component of one customer; the public page has a subscriber and an integration."""
    Integration.objects.create(kind="slack", is_enabled=True)
    build.subscriber(address="public@example.com")
    return build.component(name="CANARY-OURS", only_where_chosen=True)


@pytest.fixture
def acme(only: Component) -> Page:
    return build.page(kind=PageKind.CUSTOMER, components=[only], name="Acme")


def _told(now: datetime) -> set[str]:
    """Who the deliveries that are written now are for."""
    Delivery.objects.all().delete()
    fanout.expand(now=now)
    return set(Delivery.objects.values_list("address", flat=True))


def _said(page: Page) -> Content:
    """What the newest broadcast says to the subscribers of a page."""
    row = Broadcast.objects.latest("id")
    content = Content.from_json(row.content)
    found = told_pages.read(
        page_ids=[page.pk],
        component_ids=row.component_ids,
        uuids=[one.id for one in content.touched],
    )
    return content.on(found[page.pk])


@LOSE
@pytest.mark.req("R3")
def test_once_it_is_lost_the_public_page_tells_nothing_more_of_its_events(
    now: datetime, only: Component, lose: Callable[[Component], None]
) -> None:
    incident = build.incident(components={only: None}, notify=False, now=now)
    lose(only)
    publishing.post_update(
        incident=incident, state=State.MONITORING, text="More.", notify=True, now=now + MINUTE
    )
    row = Broadcast.objects.get()
    found = forecast.of(
        stage=Stage(row.stage),
        component_ids=row.component_ids,
        dedicated_ids=row.dedicated_ids,
        topic=telling.incident_topic(incident),
    )

    assert _told(now + MINUTE) == set()
    assert (found.total, found.page) == (0, ())
    assert followed.find_on(catalogue.page(), incident.public_id) is None


@LOSE
@pytest.mark.req("R3")
def test_what_was_announced_stays_from_the_public_page_when_it_is_lost_meanwhile(
    now: datetime, only: Component, lose: Callable[[Component], None]
) -> None:
    build.incident(components={only: None}, now=now)
    build.maintenance(components=[only], now=now)
    status_telling.choose(choices={only.pk: Status.MAJOR_OUTAGE}, now=now, by="Ada")
    lose(only)

    assert _told(now) == set()


@pytest.mark.req("R3")
def test_a_hidden_service_beside_it_makes_it_nothing_for_everybody(
    now: datetime, only: Component
) -> None:
    hidden = build.component(is_visible=False)
    incident = build.incident(components={only: None, hidden: None}, now=now)

    assert _told(now) == set()
    assert followed.find_on(catalogue.page(), incident.public_id) is None
    build.incident(components={hidden: None}, now=now)
    assert _told(now) == {"public@example.com", "page slack"}


@pytest.mark.req("R3", "R4")
def test_its_customer_is_told_its_name_and_what_it_is_hit_by(
    now: datetime, only: Component, acme: Page
) -> None:
    build.incident(components={only: None}, now=now)

    said = _said(acme)

    assert [(one.name, one.status) for one in said.touched] == [
        ("CANARY-OURS", Status.PARTIAL_OUTAGE)
    ]
    assert said.impact == "major"
    assert _said(catalogue.page()).touched == []


@LOSE
@pytest.mark.req("R3")
def test_the_public_page_never_names_it_nor_tells_its_impact(
    now: datetime, only: Component, acme: Page, lose: Callable[[Component], None]
) -> None:
    api = build.component()
    incident = build.incident(components={only: None, api: None}, now=now)
    lose(only)

    for page in (catalogue.page(), acme):  # announced while it was there
        said = _said(page)
        assert "CANARY-OURS" not in [one.name for one in said.touched]
        assert said.impact == "none"
    publishing.post_update(
        incident=incident, state=State.MONITORING, text="More.", notify=True, now=now + MINUTE
    )
    said = _said(catalogue.page())
    assert [one.name for one in said.touched] == [api.name]
    assert said.impact == "none"


def test_the_migration_keeps_what_is_dedicated_in_what_is_not_told_yet(
    now: datetime, only: Component
) -> None:
    api = build.component()
    build.incident(components={only: None, api: None}, now=now)
    Broadcast.objects.update(dedicated_ids=[])

    import_module("subscribers.migrations.0012_dedicated_components").keep(apps, None)

    assert Broadcast.objects.get().dedicated_ids == [only.pk]
