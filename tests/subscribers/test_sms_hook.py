"""What a phone answers to our text messages."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from components import catalogue
from components.models import Component
from notifications import outbox
from notifications.messages import Message
from notifications.outbox import Letter
from subscribers import bouncing, granting, shown_events, sms_hook, subscribing
from subscribers.chart import Stage
from subscribers.models import InboundMessage, Origin, Reason, Subscriber, Suppression
from subscribers.recipients import told
from tests import build, web
from tests.notifications import post
from tests.subscribers import texts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def twilio(settings: Settings) -> Iterator[web.Server]:
    with texts.provider(settings) as running:
        yield running


def reader(*components: Component) -> Subscriber:
    return build.subscriber(channel="sms", address=texts.PHONE, components=components)


def hears(row: Subscriber, *components: Component, at: datetime | None = None) -> bool:
    shown = shown_events.of([each.pk for each in components])
    people = told(shown, stage=Stage.INCIDENT_CREATED, topic="", at=at)
    return people.filter(pk=row.pk).exists()


@pytest.mark.req("N9", "AMB-14")
def test_stop_ends_messages_and_start_resumes_them_with_the_earlier_choice(client: Client) -> None:
    api, site = build.component(), build.component()
    row = reader(api)
    assert hears(row, api)

    assert texts.answer(client, "Stop").status_code == 200
    assert not hears(row, api)

    texts.answer(client, "Start")
    assert hears(row, api)
    assert not hears(row, site)


@pytest.mark.req("N9", "D5")
def test_what_waits_for_the_phone_is_not_sent_after_stop(
    client: Client, twilio: web.Server, now: datetime
) -> None:
    row = reader()
    letter = Letter(
        channel="sms",
        address=texts.PHONE,
        message=Message(subject="s", text="t"),
        dedupe_key="update:1",
        grant=granting.grant_of(row.id),
    )
    outbox.put_many(letters=[letter], now=now)

    texts.answer(client, "STOP")
    post.drain(now=now)

    assert twilio.got == []


@pytest.mark.req("AMB-14")
def test_stop_of_a_phone_that_we_never_wrote_to_is_kept(
    client: Client, twilio: web.Server, now: datetime
) -> None:
    texts.answer(client, "stop")

    assert Suppression.objects.get().canonical == texts.PHONE
    subscribing.ask(
        page=catalogue.page(),
        channel="sms",
        address=texts.PHONE,
        canonical=texts.PHONE,
        choice=subscribing.Choice(),
        origin=Origin.FORM,
        now=now,
    )
    post.drain(now=now)
    assert twilio.got == []


@pytest.mark.req("AMB-14")
def test_start_of_a_phone_that_we_never_wrote_to_changes_nothing(client: Client) -> None:
    assert texts.answer(client, "START").status_code == 200
    assert not Subscriber.objects.exists()
    assert not Suppression.objects.exists()


@pytest.mark.req("D5")
def test_message_that_comes_twice_counts_once(client: Client) -> None:
    row = reader()
    texts.answer(client, "STOP", sid="SM1")
    texts.answer(client, "START", sid="SM2")
    assert texts.answer(client, "STOP", sid="SM1").status_code == 200

    assert hears(row)
    assert InboundMessage.objects.count() == 2


@pytest.mark.req("D5")
def test_other_words_and_senders_that_are_no_phone_do_nothing(client: Client) -> None:
    reader()
    assert texts.answer(client, "please stop by").status_code == 200
    assert texts.answer(client, "STOP", From="whatsapp:+12025550143").status_code == 200
    assert texts.answer(client, "STOP", From="Acme").status_code == 200
    assert not Suppression.objects.exists()


@pytest.mark.req("D5")
def test_only_words_that_the_provider_does_not_answer_itself_are_answered(
    client: Client, settings: Settings
) -> None:
    settings.SMS_STOP_WORDS, settings.SMS_HELP_WORDS = ["ARRÊT"], ["AIDE"]
    assert b"<Message>" not in texts.answer(client, "STOP").content
    assert b"<Message>" not in texts.answer(client, "HELP").content
    assert b"Reply START" in texts.answer(client, "arrêt").content
    assert b"https://status.example.com" in texts.answer(client, "Aide").content
    assert b"<Message>" not in texts.answer(client, "Aide", sid="SM9", OptOutType="HELP").content


@pytest.mark.req("D5")
@pytest.mark.parametrize(
    "given",
    ["", "short", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "ÄÖÜ" * 10, "=" * 28, "A" * 5000],
)
def test_forged_answer_is_refused_before_anything_is_looked_up(
    given: str, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    params = {"MessageSid": "SM1", "From": texts.PHONE, "Body": "STOP"}
    with django_assert_num_queries(0):
        answer = client.post(
            "/hooks/sms/twilio", params, HTTP_X_TWILIO_SIGNATURE=given.encode().decode("latin-1")
        )
    assert answer.status_code == 403


@pytest.mark.req("D5")
def test_signature_covers_the_public_address_and_every_field(
    client: Client, settings: Settings
) -> None:
    params = {"MessageSid": "SM1", "From": texts.PHONE, "Body": "STOP"}
    good = texts.signature(params)
    for url in (
        "http://status.example.com/hooks/sms/twilio",
        texts.HOOK + "/",
        "http://testserver",
    ):
        assert texts.post(client, params, texts.signature(params, url=url)).status_code == 403
    assert texts.post(client, {**params, "Extra": "1"}, good).status_code == 403
    assert texts.post(client, {**params, "Body": "START"}, good).status_code == 403
    assert texts.post(client, params, good).status_code == 200
    settings.SMS_HOOK_URL = f"{texts.HOOK}?of=us"
    assert texts.post(client, params, good).status_code == 403


@pytest.mark.req("D5")
def test_token_before_signs_too_while_it_is_being_replaced(
    client: Client, settings: Settings
) -> None:
    params = {"MessageSid": "SM1", "From": texts.PHONE, "Body": "STOP"}
    old = texts.signature(params)
    settings.TWILIO_TOKEN = "new"
    assert texts.post(client, params, old).status_code == 403
    settings.TWILIO_TOKEN_BEFORE = texts.TOKEN
    assert texts.post(client, params, old).status_code == 200


@pytest.mark.req("D5")
def test_there_is_no_hook_without_an_account(client: Client, settings: Settings) -> None:
    settings.TWILIO_SID = ""
    assert texts.answer(client, "STOP").status_code == 404
    assert client.post("/hooks/sms/other").status_code == 404
    settings.TWILIO_SID = "AC0"
    assert client.get("/hooks/sms/twilio").status_code == 405


@pytest.mark.req("D5", "AMB-14")
def test_number_that_opted_out_at_the_provider_is_stopped_until_it_says_start(
    client: Client, twilio: web.Server, now: datetime
) -> None:
    row = reader()
    twilio.reply = web.answer(400, '{"code": 21610, "message": "unsubscribed", "status": 400}')
    letter = Letter(
        channel="sms",
        address=texts.PHONE,
        message=Message(subject="s", text="t"),
        dedupe_key="update:1",
        grant=granting.grant_of(row.id),
    )
    outbox.put_many(letters=[letter], now=now)
    post.drain(now=now)

    assert bouncing.retire_bounced(now=now) == 1
    assert bouncing.retire_bounced(now=now) == 0
    assert Suppression.objects.get().reason == Reason.STOP
    assert not hears(row)

    sms_hook.start(number=texts.PHONE, now=now + timedelta(minutes=5))
    assert bouncing.retire_bounced(now=now + timedelta(minutes=6)) == 0
    assert hears(row)


@pytest.mark.req("D5")
def test_messages_are_forgotten_when_nobody_hands_them_over_any_more(now: datetime) -> None:
    params = {"MessageSid": ["SM1"], "From": [texts.PHONE], "Body": ["STOP"]}
    sms_hook.take(params=params, now=now)

    assert sms_hook.prune(now=now + timedelta(days=29)) == 0
    assert sms_hook.prune(now=now + timedelta(days=30)) == 1
    assert Suppression.objects.exists()
