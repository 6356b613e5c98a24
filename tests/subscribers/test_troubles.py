"""Owners hear once that a channel has stopped, and of nobody's single host."""

from datetime import datetime, timedelta

import pytest
from django.apps import apps

from notifications import circuits
from subscribers import troubles
from tests import build

Delivery = apps.get_model("notifications", "Delivery")


@pytest.mark.django_db
@pytest.mark.req("F-15", "F-17")
def test_owners_are_told_once_of_a_channel_that_has_stopped_for_a_minute(now: datetime) -> None:
    build.operator(username="ada", email="ada@acme.example")
    circuits.trip(channel="email", error="554 5.7.1 looks like spam", now=now)
    circuits.trip(channel="hooks.example.com", error="away", now=now)

    assert troubles.tell(now=now + timedelta(seconds=30)) == 0
    assert troubles.tell(now=now + timedelta(seconds=60)) == 1
    circuits.trip(channel="email", error="554 again", now=now + timedelta(seconds=90))
    assert troubles.tell(now=now + timedelta(hours=5)) == 0

    told = Delivery.objects.get()
    assert told.address == "ada@acme.example"
    assert "looks like spam" in told.message["text"]

    circuits.reset(channel="email")
    circuits.trip(channel="email", error="421", now=now + timedelta(hours=6))
    assert troubles.tell(now=now + timedelta(hours=7)) == 1
