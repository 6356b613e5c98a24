"""Text messages by way of the outbox, the drain and a server that speaks Twilio's API."""

import base64
import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from notifications.channels import providers
from notifications.messages import Message
from notifications.models import Delivery, State
from tests import web
from tests.notifications import post

pytestmark = [pytest.mark.django_db, pytest.mark.req("O3", "O4")]

NUMBER = "+12025550143"
TAKEN = web.answer(201, json.dumps({"sid": "SM" + "0" * 32, "status": "queued"}))


def error(status: int, code: int, **headers: str) -> bytes:
    told = {"code": code, "message": "No.", "more_info": "", "status": status}
    return web.answer(status, json.dumps(told), **headers)


@pytest.fixture
def twilio(settings: Settings) -> Iterator[web.Server]:
    settings.ALLOW_PRIVATE_HOOKS = True
    settings.TWILIO_SID, settings.TWILIO_TOKEN = "AC" + "1" * 32, "token"
    settings.SMS_FROM, settings.SMS_PER_S = "+15005550006", 0
    with web.server(TAKEN) as running:
        settings.TWILIO_URL = running.url
        yield running


def put(now: datetime, **fields: object) -> Delivery:
    message = Message(subject="Resolved: API", text="Acme: Resolved: API https://s.example/i/1")
    return post.put(now=now, channel="sms", address=NUMBER, **{"message": message} | fields)


def test_message_is_sent_from_our_number_to_the_phone(twilio: web.Server, now: datetime) -> None:
    row = put(now)

    assert post.drain(now=now).sent == 1
    post.drain(now=now + timedelta(days=1))

    [got] = twilio.got
    assert got.path == f"/2010-04-01/Accounts/AC{'1' * 32}/Messages.json"
    assert got.form == {
        "To": NUMBER,
        "From": "+15005550006",
        "Body": "Acme: Resolved: API https://s.example/i/1",
    }
    login = got.headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(login) == f"AC{'1' * 32}:token".encode()
    assert post.fresh(row).state == State.SENT


def test_a_messaging_service_can_be_the_sender(
    twilio: web.Server, settings: Settings, now: datetime
) -> None:
    settings.SMS_FROM = "MG" + "a" * 32
    put(now)

    post.drain(now=now)

    assert twilio.got[0].form["MessagingServiceSid"] == "MG" + "a" * 32
    assert "From" not in twilio.got[0].form


def test_busy_provider_is_asked_again_when_it_wants_to_be(
    twilio: web.Server, now: datetime
) -> None:
    twilio.reply = web.in_turn(error(429, 20429, Retry_After="90"), TAKEN)
    row = put(now)

    post.drain(now=now)

    row = post.fresh(row)
    assert (row.state, row.next_attempt_at) == (State.PENDING, now + timedelta(seconds=90))
    assert post.drain(now=now + timedelta(seconds=90)).sent == 1


@pytest.mark.parametrize(
    "reply",
    [error(503, 20503), error(400, 21611), error(429, 14107)],
    ids=["unavailable", "queue full", "rate"],
)
def test_what_certainly_did_not_arrive_is_tried_again(
    reply: bytes, twilio: web.Server, now: datetime
) -> None:
    twilio.reply = web.in_turn(reply, TAKEN)
    row = put(now)

    post.drain(now=now)
    post.drain(now=now + timedelta(minutes=1))

    assert post.fresh(row).state == State.SENT


@pytest.mark.parametrize("reply", [web.DROP, error(500, 20500), error(504, 20504)])
def test_what_may_have_arrived_is_never_sent_again_while_the_provider_cannot_be_asked(
    reply: bytes | str, twilio: web.Server, now: datetime
) -> None:
    twilio.reply = reply
    row = put(now)

    for minutes in range(3 * 60):
        post.drain(now=now + timedelta(minutes=minutes))

    assert [got.method for got in twilio.got].count("POST") == 1
    assert post.fresh(row).state == State.UNKNOWN


@pytest.mark.parametrize("code", [21211, 21614])
def test_number_that_takes_no_messages_is_given_up(
    code: int, twilio: web.Server, now: datetime
) -> None:
    twilio.reply = error(400, code)
    row = put(now)

    post.drain(now=now)

    row = post.fresh(row)
    assert (row.state, row.bounced_at) == (State.FAILED, now)


@pytest.mark.req("D5")
def test_number_that_has_opted_out_says_so(twilio: web.Server, now: datetime) -> None:
    twilio.reply = error(400, 21610)
    row = put(now)

    post.drain(now=now)

    row = post.fresh(row)
    assert (row.state, row.bounced_at) == (State.FAILED, now)
    assert row.last_error.startswith(providers.OPTED_OUT)


def test_refused_text_says_nothing_about_the_number(twilio: web.Server, now: datetime) -> None:
    twilio.reply = error(400, 21617)
    row = put(now)

    post.drain(now=now)

    row = post.fresh(row)
    assert (row.state, row.bounced_at) == (State.FAILED, None)


def test_message_waits_while_the_account_is_refused(twilio: web.Server, now: datetime) -> None:
    twilio.reply = web.in_turn(error(401, 20003), TAKEN)
    row = put(now)

    post.drain(now=now)
    post.drain(now=now + timedelta(minutes=1))

    assert post.fresh(row).state == State.SENT


def test_no_more_leave_in_a_second_than_the_number_carries(
    twilio: web.Server, settings: Settings, now: datetime
) -> None:
    settings.SMS_PER_S = 3
    for _ in range(10):
        put(now)

    assert post.drain(now=now).sent == 3
    assert post.drain(now=now + timedelta(seconds=1)).sent == 3


def test_nothing_is_sent_without_a_provider(
    twilio: web.Server, settings: Settings, now: datetime
) -> None:
    settings.TWILIO_SID = ""
    row = put(now)

    post.drain(now=now)

    assert post.fresh(row).last_error == "No provider of text messages is set up."
    assert twilio.got == []


@pytest.mark.req("D5")
@pytest.mark.parametrize(
    "url",
    [
        "https://mycompany.com/myapp.php?foo=1&bar=2",
        "https://mycompany.com:443/myapp.php?foo=1&bar=2",
    ],
)
def test_signature_is_that_of_the_providers_own_example(url: str, settings: Settings) -> None:
    settings.TWILIO_TOKEN = "12345"
    params = {
        "CallSid": ["CA1234567890ABCDE"],
        "Caller": ["+14158675309"],
        "Digits": ["1234"],
        "From": ["+14158675309"],
        "To": ["+18005551212"],
    }
    signed = {"X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}
    twilio = providers.PROVIDERS["twilio"]
    assert twilio.is_genuine(url=url, params=params, headers=signed)
    assert not twilio.is_genuine(url=f"{url}3", params=params, headers=signed)
    assert not twilio.is_genuine(url=url.replace("https", "http"), params=params, headers=signed)
