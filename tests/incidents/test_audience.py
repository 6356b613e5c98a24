"""The numbers an author sees before posting."""

import pytest

from incidents import audience
from incidents.audience import Audience
from subscribers.chart import Stage
from subscribers.models import Integration
from tests import build

pytestmark = pytest.mark.django_db


@pytest.mark.req("AMB-15")
def test_it_counts_people_and_programs_that_are_told_and_who_waits() -> None:
    api, web = build.component(), build.component()
    build.subscriber(components=[api])
    build.subscriber(components=[web])
    build.subscriber()
    build.subscriber(state="waiting")
    build.subscriber(channel="webhook", address="hooks.example.com")
    build.subscriber(channel="slack", address="#status")
    Integration.objects.create(kind="slack", is_enabled=True)
    Integration.objects.create(kind="x", is_enabled=False)

    assert audience.of(component_ids=[api.id]) == Audience(people=2, webhooks=3, waiting=1)
    assert audience.of(component_ids=[]) == Audience(people=1, webhooks=3, waiting=1)


def test_an_update_counts_its_followers_and_its_own_step() -> None:
    build.subscriber(channel="sms", address="+15550100")
    build.subscriber(follows="incident:abc", wants_all=False)
    found = audience.of(component_ids=[], stage=Stage.INCIDENT_IDENTIFIED, topic="incident:abc")
    assert found.people == 1
