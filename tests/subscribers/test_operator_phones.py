"""Phones that operators add, import or suppress: only where text messages can be sent, and alike."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from subscribers import addressing, csv_importing, csv_rules, way_settings
from subscribers.addressing import AddressInvalid
from subscribers.csv_importing import Verdict
from subscribers.models import Subscriber, Suppression
from tests import build

pytestmark = pytest.mark.django_db
MOBILE = "+4915112345678"


def verdicts(text: str) -> list[Verdict]:
    lines = csv_rules.listed(text).lines
    return [one.verdict for one in csv_importing.look(lines=lines).lines]


@pytest.fixture
def texting(settings: Any, now: datetime) -> None:
    """Text messages are set up, for German mobiles."""
    settings.TWILIO_SID, settings.TWILIO_TOKEN, settings.SMS_FROM = "AC1", "t", "+15550000"
    way_settings.save(sms_countries="DE", now=now)


@pytest.mark.req("N8", "A6")
def test_phones_are_imported_only_of_countries_that_are_written_to(
    texting: None, now: datetime
) -> None:
    text = f"phone\n0151 12345678\n{MOBILE}\n+33612345678\n+493012345678\n"
    assert verdicts(text) == [Verdict.READY, Verdict.TWICE, Verdict.INVALID, Verdict.INVALID]
    lines = csv_rules.listed(text).lines
    stamp = csv_importing.look(lines=lines).stamp
    csv_importing.take(lines=lines, stamp=stamp, consent="order form", now=now)
    row = Subscriber.objects.get()
    assert (row.channel, row.address, row.canonical) == ("sms", MOBILE, MOBILE)


@pytest.mark.req("N8")
def test_a_phone_is_added_by_hand_only_when_its_owner_has_agreed(
    client: Client, texting: None
) -> None:
    client.force_login(build.operator())
    posted = {"channel": "sms", "address": MOBILE, "hears": "all", "note": "order form"}
    asked = client.post("/admin/subscribers/add/", posted | {"consent": "ask"})
    assert "when its owner has agreed" in asked.content.decode()
    assert not Subscriber.objects.exists()
    client.post("/admin/subscribers/add/", posted | {"consent": "agreed"})
    assert Subscriber.objects.get().is_active


@pytest.mark.req("N8")
def test_without_a_provider_no_phone_is_added() -> None:
    assert verdicts(f"phone\n{MOBILE}\n") == [Verdict.NO_CHANNEL]
    with pytest.raises(AddressInvalid):
        addressing.read(channel="sms", text=MOBILE)


@pytest.mark.req("D6")
def test_any_number_can_be_suppressed(client: Client) -> None:
    client.force_login(build.operator())
    add = "/admin/subscribers/suppressed/add/"
    posted = {"channel": "sms", "address": "+33 6 12 34 56 78", "note": "called us"}
    client.post(add, posted)
    assert Suppression.objects.get().canonical == "+33612345678"
    assert client.post(add, posted | {"address": "0612345678"}).status_code == 422
