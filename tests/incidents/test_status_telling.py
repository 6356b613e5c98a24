"""A status set by hand on the dashboard: programs hear of it, people where the page says so."""

from dataclasses import replace
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts import roles
from common import public_ids
from components.models import Component, Page
from components.status import Status
from incidents import status_telling
from notifications.models import Delivery
from subscribers import content, fanout, told_facts
from subscribers.content import Content
from subscribers.models import Broadcast
from tests import build, web
from tests.notifications import post

pytestmark = [pytest.mark.django_db, pytest.mark.req("AMB-16")]


@pytest.fixture
def component() -> Component:
    return build.component(name="Checkout", slug="checkout")


def _everybody() -> None:
    build.subscriber()
    build.subscriber(channel="sms", address="+4915123456789")
    build.subscriber(channel="webhook", address="https://hooks.example", secrets={"url": "x"})


def _told(component: Component, status: Status | None, *, now: datetime) -> set[str]:
    """The channels that hear of what is set now."""
    before = set(Delivery.objects.values_list("id", flat=True))
    status_telling.choose(choices={component.pk: status}, now=now, by="ada")
    fanout.expand(now=now)
    return set(Delivery.objects.exclude(id__in=before).values_list("channel", flat=True))


def test_people_are_told_only_where_the_page_says_so_and_programs_always(
    now: datetime, component: Component
) -> None:
    _everybody()
    assert _told(component, Status.MAJOR_OUTAGE, now=now) == {"webhook"}
    assert _told(component, Status.MAJOR_OUTAGE, now=now) == set()  # nothing changed

    Page.objects.update(tells_status_changes=True)
    assert _told(component, Status.OPERATIONAL, now=now) == {"webhook", "email"}


def test_who_hears_of_an_open_incident_does_not_hear_the_same_by_hand(
    now: datetime, component: Component
) -> None:
    Page.objects.update(tells_status_changes=True)
    build.incident(components={component: None}, notify=False, now=now)
    other = build.component()
    build.subscriber()

    assert _told(component, Status.DEGRADED_PERFORMANCE, now=now) == set()
    assert _told(other, Status.DEGRADED_PERFORMANCE, now=now) == {"email"}


def test_a_component_that_visitors_do_not_see_is_told_to_nobody(now: datetime) -> None:
    hidden = build.component(is_visible=False)
    _everybody()
    assert _told(hidden, Status.MAJOR_OUTAGE, now=now) == set()


def test_programs_get_the_change_in_both_forms(now: datetime, component: Component) -> None:
    _told(component, Status.PARTIAL_OUTAGE, now=now)
    said = Content.from_json(Broadcast.objects.get().content)

    native = content.as_native(said).payload
    assert native["type"] == "component.status_changed"
    assert native["data"]["id"] == str(component.uuid)
    assert (native["data"]["old_status"], native["data"]["new_status"]) == (
        "operational",
        "partial_outage",
    )
    page = Page.objects.get()
    theirs = content.as_statuspage(replace(said, known=told_facts.read(page_id=page.pk))).payload
    assert "incident" not in theirs
    update = theirs["component_update"]
    assert (update["component_id"], update["component_type"]) == (component.public_id, "Component")
    assert public_ids.is_valid(update["id"])
    assert (update["old_status"], update["new_status"]) == ("operational", "partial_outage")
    assert theirs["component"]["name"] == "Checkout"
    assert theirs["component"]["id"] == component.public_id
    assert theirs["component"]["page_id"] == theirs["page"]["id"] == page.public_id
    assert (theirs["page"]["status_indicator"], theirs["page"]["status_description"]) == (
        "major",
        "Partial System Outage",
    )

    mail = content.as_mail(said)
    assert mail.subject.endswith("Partial outage: Checkout")
    assert mail.url.endswith("/components/checkout")
    assert "this maintenance" not in mail.html


def test_choosing_on_the_dashboard_is_what_tells(
    client: Client, component: Component, now: datetime
) -> None:
    client.force_login(build.operator(role=roles.Role.OWNER))
    client.post(
        reverse("admin:statuses"),
        {f"status-{component.pk}": "major_outage", f"was-{component.pk}": "operational"},
    )
    assert Broadcast.objects.get().stage == "status_changed"


def test_the_dashboard_says_beforehand_that_people_are_told(client: Client) -> None:
    build.component()
    client.force_login(build.operator())
    assert b"Subscribers are told of it." not in client.get(reverse("admin:index")).content
    Page.objects.update(tells_status_changes=True)
    assert b"Subscribers are told of it." in client.get(reverse("admin:index")).content


@pytest.mark.req("D1")
def test_a_receiver_of_statuspage_s_form_reads_where_its_own_subscription_ends(
    component: Component, now: datetime, settings: Settings
) -> None:
    settings.ALLOW_PRIVATE_HOOKS = True
    with web.server() as receiver:
        row = build.subscriber(
            channel="webhook",
            address="hook",
            options={"payload": "statuspage"},
            secrets={"url": f"{receiver.url}/hook"},
        )
        _told(component, Status.MAJOR_OUTAGE, now=now)
        post.drain(now=now)
        (got,) = receiver.got
    path = got.json["meta"]["unsubscribe"].removeprefix(settings.CANDOR_ORIGIN)
    assert got.json["component"]["status"] == "major_outage"
    assert Client().post(path).status_code == 200
    row.refresh_from_db()
    assert not row.is_active
