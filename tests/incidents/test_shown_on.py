"""Updates for one page, and the words for the pages that an event is on."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from components import catalogue, pages
from components.models import Component, Page, PageKind, StatusChange
from components.status import Status
from incidents import publishing, shown_on
from incidents.lifecycle import Impact, State
from incidents.models import Incident, IncidentUpdate
from tests import build

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


class World:
    """An incident of one service; EU and Initech show it, US and Globex do not."""

    def __init__(self, now: datetime) -> None:
        self.checkout: Component = build.component(name="Checkout")
        self.search: Component = build.component(name="Search")
        self.eu = self.page(PageKind.SUB, "EU", self.checkout, now)
        self.us = self.page(PageKind.SUB, "US", self.search, now)
        self.initech = self.page(PageKind.CUSTOMER, "Initech", self.checkout, now)
        self.globex = self.page(PageKind.CUSTOMER, "Globex", self.search, now)
        self.incident: Incident = build.incident(components={self.checkout: None}, now=now)

    def page(self, kind: PageKind, name: str, component: Component, now: datetime) -> Page:
        return pages.add(
            kind=kind, name=name, slug=name.lower(), now=now, component_ids=[component.pk]
        )

    def post(self, now: datetime, **fields: Any) -> IncidentUpdate:
        values: dict[str, Any] = {
            "incident": self.incident,
            "state": State.INVESTIGATING,
            "text": "Your orders are safe.",
            "notify": True,
            "now": now,
        }
        return publishing.post_update(**(values | fields))


@pytest.fixture
def world(now: datetime) -> World:
    return World(now)


@pytest.mark.req("R3")
def test_an_update_for_one_page_says_more_and_changes_nothing(now: datetime, world: World) -> None:
    promised = now + 30 * MINUTE
    world.post(now + MINUTE, next_update_by=promised)
    changes = StatusChange.objects.count()
    posted = world.post(
        now + 2 * MINUTE,
        audience=world.initech,
        impact=Impact.MAJOR,
        components={world.checkout.pk: None},
        next_update_by=now + 99 * MINUTE,
    )
    assert posted.audience == world.initech
    world.incident.refresh_from_db()
    assert world.incident.state_value == State.INVESTIGATING
    assert world.incident.next_update_by == promised
    assert StatusChange.objects.count() == changes
    world.checkout.refresh_from_db()
    assert world.checkout.shown_status == Status.PARTIAL_OUTAGE


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"state": State.IDENTIFIED}, "state"),
        ({"state": State.RESOLVED}, "state"),
        ({"impact": Impact.MINOR}, "impact"),
        ({"components": {}}, "audience"),
    ],
)
def test_what_is_new_for_everybody_is_not_told_to_one_page(
    now: datetime, world: World, fields: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        world.post(now + MINUTE, audience=world.initech, **fields)
    assert set(refused.value.message_dict) == {wrong}
    assert world.incident.updates.count() == 1


def test_only_a_page_that_shows_the_incident_can_be_chosen(now: datetime, world: World) -> None:
    for page in (world.globex, world.us):
        with pytest.raises(ValidationError, match="does not show this incident"):
            world.post(now + MINUTE, audience=page)
    pages.retire(page=world.eu, now=now)
    with pytest.raises(ValidationError, match="does not show this incident"):
        world.post(now + MINUTE, audience=world.eu)
    assert world.post(now + MINUTE, audience=catalogue.page()).audience_id == 1


def test_the_pages_of_an_event_are_said_in_words(now: datetime, world: World) -> None:
    assert shown_on.sentence([world.checkout.pk], names_customers=True) == "Status, EU, Initech"
    assert (
        shown_on.sentence([world.checkout.pk], names_customers=False)
        == "Status, EU, 1 customer page"
    )
    assert shown_on.sentence([], names_customers=True) == "Status"
    for number in range(3):
        world.page(PageKind.CUSTOMER, f"Customer{number}", world.checkout, now)
    assert (
        shown_on.sentence([world.checkout.pk], names_customers=True)
        == "Status, EU, 4 customer pages"
    )
    for number in range(4):
        world.page(PageKind.SUB, f"Sub{number}", world.checkout, now)
    said = shown_on.sentence([world.checkout.pk], names_customers=True)
    assert said == "Status, EU, Sub0, Sub1, 2 more, 4 customer pages"
    for row in Page.objects.filter(shows_all=False):
        pages.retire(page=row, now=now)
    assert shown_on.sentence([world.checkout.pk], names_customers=True) == ""


@pytest.mark.req("A12")
def test_the_composer_offers_the_pages_and_says_who_is_told(
    client: Client, now: datetime, world: World
) -> None:
    client.force_login(build.operator())
    build.subscriber(page=world.initech)
    build.subscriber(page=catalogue.page())
    url = f"/admin/incidents/{world.incident.public_id}/update/"
    screen = client.get(url)
    form = screen.content.decode()
    assert "Everybody" in form
    assert "Initech" in form
    assert "Globex" not in form
    assert "Status, EU, Initech" in form
    fields = {
        "state": "investigating",
        "impact": "major",
        "components": [str(world.checkout.pk)],
        "text": "Your orders are safe.",
        "notify": "on",
        "seen": screen.context["form"]["seen"].value(),
        "audience": str(world.initech.pk),
    }
    preview = client.post(f"{url}preview/", fields)
    assert preview.context["preview"].told.total == 1
    assert "<strong>Shown on:</strong> Initech" in preview.content.decode()
    refused = client.post(url, fields | {"do": "post", "state": "identified"})
    assert refused.status_code == 422
    assert "A new state is told to everybody" in refused.content.decode()
    gone = client.post(url, fields | {"do": "post", "audience": str(world.globex.pk)})
    assert gone.status_code == 422
    assert client.post(url, fields | {"do": "post"}).status_code == 302
    assert world.incident.updates.order_by("-id")[0].audience == world.initech
    timeline = client.get(f"/admin/incidents/{world.incident.public_id}/").content.decode()
    assert "only for Initech" in timeline
    assert "Status, EU, Initech" in timeline
    assert "Status, EU, Initech" in client.get("/admin/").content.decode()


def test_with_one_page_nothing_is_asked(client: Client, now: datetime) -> None:
    client.force_login(build.operator())
    incident = build.incident(components={build.component(): None}, now=now)
    screen = client.get(f"/admin/incidents/{incident.public_id}/update/").content.decode()
    assert "Only for" not in screen
    assert "Shown on" not in screen
