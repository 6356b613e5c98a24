"""Phones that operators add, import or suppress: only where text messages can be sent, and alike."""

import html
import re
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from components import catalogue
from notifications.models import Delivery
from subscribers import addressing, csv_importing, csv_rules, subscribing, way_settings
from subscribers.addressing import AddressInvalid
from subscribers.csv_importing import Verdict
from subscribers.models import Origin, State, Subscriber, Suppression, WaySettings
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


def add(client: Client, **fields: str) -> Any:
    posted = {"channel": "sms", "address": MOBILE, "hears": "all", "consent": "ask"}
    return client.post("/admin/subscribers/add/", posted | fields, follow=True)


def said(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def sent() -> list[str]:
    """The text messages that are put, oldest first, before they leave."""
    rows = Delivery.objects.filter(channel="sms").order_by("id")
    return [str(row.message["text"]) for row in rows]


@pytest.mark.req("N8", "A6")
def test_phones_are_imported_only_of_countries_that_are_written_to(texting: None) -> None:
    text = f"phone\n0151 12345678\n{MOBILE}\n+33612345678\n+493012345678\n"
    assert verdicts(text) == [Verdict.WAITS, Verdict.TWICE, Verdict.INVALID, Verdict.INVALID]


@pytest.mark.req("N8")
def test_an_imported_phone_waits_for_a_code_that_no_import_sends(
    client: Client, texting: None
) -> None:
    client.force_login(build.operator())
    file = SimpleUploadedFile("people.csv", f"address\n{MOBILE}\nada@acme.example\n".encode())
    screen = "/admin/subscribers/import/"
    shown = client.post(screen, {"file": file, "consent": "order form"})
    assert said(shown).count("Waits for a code") == 2, "in the counts and beside its line"
    assert "1 phone waits for a code, and is told nothing" in said(shown)
    posted = {name: shown.context[name] for name in ("text", "consent")}
    posted["stamp"] = shown.context["report"].stamp
    taken = said(client.post(screen, posted, follow=True))
    assert "1 subscriber is told from now on." in taken
    assert "1 phone waits for a code. Open it and press “Send a code”." in taken
    row = Subscriber.objects.get(channel="sms")
    assert (row.address, row.canonical, row.state) == (MOBILE, MOBILE, State.WAITING)
    assert (row.origin, row.consent_note) == (Origin.IMPORT, "order form")
    assert Subscriber.objects.get(channel="email").is_active
    assert not Delivery.objects.exists()


@pytest.mark.req("N8")
@pytest.mark.parametrize("consent", ["ask", "agreed"])
def test_a_phone_that_an_operator_adds_is_told_nothing_before_its_owner_typed_the_code(
    client: Client, texting: None, consent: str
) -> None:
    client.force_login(build.operator())
    answer = add(client, consent=consent, note="order form")
    assert "was sent a code, and is told nothing until" in said(answer)
    row = Subscriber.objects.get()
    assert (row.state, row.confirmed_at, row.consent_note) == (State.WAITING, None, "order form")
    (text,) = sent()
    found = re.search(r"(/subscriptions/code/\S+)", text)
    assert found, text
    Client().post(found[1], {"code": text[:6]})
    row.refresh_from_db()
    assert row.is_active
    assert row.confirmed_at


@pytest.mark.req("N8")
def test_nobodys_word_makes_a_phone_active(now: datetime) -> None:
    row = subscribing.add_confirmed(
        page=catalogue.page(),
        channel="sms",
        address=MOBILE,
        canonical=MOBILE,
        choice=subscribing.Choice(),
        origin=Origin.OPERATOR,
        consent_note="order form",
        now=now,
    )
    assert (row.state, row.consent_note) == (State.WAITING, "order form")


@pytest.mark.req("N8", "A6")
def test_a_waiting_phone_is_sent_a_code_from_its_screen_but_not_without_end(
    client: Client, texting: None
) -> None:
    client.force_login(build.operator())
    row = build.subscriber(channel="sms", address=MOBILE, state=State.WAITING, confirmed_at=None)
    screen = f"/admin/subscribers/{row.pk}/"
    assert "Send a code" in said(client.get(screen))
    assert "on its way" in said(client.post(f"{screen}resend/", follow=True))
    assert "one a minute and three in 24 hours" in said(
        client.post(f"{screen}resend/", follow=True)
    )
    (text,) = sent()
    assert "/subscriptions/code/" in text


@pytest.mark.req("N8", "A6")
def test_an_operator_is_told_why_no_code_can_be_sent(
    client: Client, texting: None, now: datetime
) -> None:
    client.force_login(build.operator())
    row = build.subscriber(channel="sms", address="+33612345678", state=State.WAITING)
    resend = f"/admin/subscribers/{row.pk}/resend/"
    assert "country of this phone" in said(client.post(resend, follow=True))
    way_settings.save(sms_countries="", now=now)
    assert "not offered here" in said(client.post(resend, follow=True))
    way_settings.save(sms_countries="DE FR", now=now)
    WaySettings.objects.update(sms_per_day=1)
    assert "on its way" in said(client.post(resend, follow=True))
    refused = add(client)
    assert refused.status_code == 422
    assert "the budget for codes is used up" in said(refused)
    assert not Subscriber.objects.filter(canonical=MOBILE).exists()
    assert len(sent()) == 1


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
