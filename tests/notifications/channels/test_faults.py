"""Every HTTP channel against a server that misbehaves, by way of the outbox and the drain."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from notifications.channels import CHANNELS, calls
from notifications.models import Delivery, State
from tests import web
from tests.notifications import post
from tests.notifications.channels import providers

pytestmark = [pytest.mark.django_db, pytest.mark.req("F4", "F5", "F6", "F-23")]
every_channel = pytest.mark.parametrize("kind", providers.ALL)


@pytest.fixture
def server() -> Iterator[web.Server]:
    with web.server() as running:
        yield running


def put(kind: str, server: web.Server, settings: Settings, now: datetime) -> Delivery:
    to = providers.recipient(kind, server, settings)
    return post.put(now=now, channel=kind, address=to.address, secrets=to.secrets)


@every_channel
def test_message_is_sent_once_and_its_secrets_are_gone(
    kind: str, server: web.Server, settings: Settings, now: datetime
) -> None:
    row = put(kind, server, settings, now)
    assert row.sealed
    assert "secret" not in row.sealed + row.address

    assert post.drain(now=now).sent == 1
    post.drain(now=now + timedelta(days=1))

    row = post.fresh(row)
    assert (row.state, row.copies, row.sealed, row.last_error) == (State.SENT, 1, "", "")
    assert len(server.got) == 1


@every_channel
def test_too_many_requests_waits_as_long_as_it_was_asked(
    kind: str, server: web.Server, settings: Settings, now: datetime
) -> None:
    server.reply = web.in_turn(web.answer(429, "{}", Retry_After="90"), web.answer(200))
    row = put(kind, server, settings, now)

    post.drain(now=now)

    row = post.fresh(row)
    assert (row.state, row.next_attempt_at) == (State.PENDING, now + timedelta(seconds=90))
    assert post.drain(now=now + timedelta(seconds=90)).sent == 1


@every_channel
def test_no_server_may_ask_for_more_than_an_hour(
    kind: str, server: web.Server, settings: Settings, now: datetime
) -> None:
    server.reply = web.answer(503, Retry_After="999999")
    row = put(kind, server, settings, now)

    post.drain(now=now)

    assert post.fresh(row).next_attempt_at == now + timedelta(hours=1)


@every_channel
@pytest.mark.parametrize("status", [500, 502, 302])
def test_broken_server_is_tried_again_and_a_redirect_is_a_failure(
    kind: str, status: int, server: web.Server, settings: Settings, now: datetime
) -> None:
    with web.server() as elsewhere:
        server.reply = web.answer(status, Location=f"{elsewhere.url}/")
        row = put(kind, server, settings, now)

        post.drain(now=now)

        row = post.fresh(row)
        assert (row.state, row.copies) == (State.PENDING, 0)
        assert row.next_attempt_at == now + timedelta(seconds=5)
        assert str(status) in row.last_error
        server.reply = web.answer(200)
        assert post.drain(now=now + timedelta(seconds=5)).sent == 1
        assert elsewhere.connections == 0


@every_channel
def test_address_that_is_gone_is_given_up_and_told(
    kind: str, server: web.Server, settings: Settings, now: datetime
) -> None:
    server.reply = web.answer(410)
    row = put(kind, server, settings, now)

    post.drain(now=now)

    row = post.fresh(row)
    assert (row.state, row.bounced_at) == (State.FAILED, now)
    assert post.drain(now=now + timedelta(days=1)).sent == 0


@pytest.mark.parametrize("kind", providers.WITHOUT_KEY)
@pytest.mark.parametrize("reply", [web.HANG, web.DRIP, web.DROP])
def test_unanswered_message_is_perhaps_sent_and_never_sent_again(
    kind: str, reply: str, server: web.Server, settings: Settings, now: datetime
) -> None:
    server.reply = reply
    row = put(kind, server, settings, now)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(calls, "DEADLINE_S", 0.8)
        post.drain(now=now)
    server.reply = web.answer(200)
    for hours in range(1, 60):
        post.drain(now=now + timedelta(hours=hours))

    assert post.fresh(row).state == State.UNKNOWN
    assert len(server.got) == 1


@pytest.mark.parametrize("kind", providers.WITH_KEY)
@pytest.mark.parametrize("reply", [web.HANG, web.DRIP, web.DROP])
def test_unanswered_message_with_a_key_is_sent_again(
    kind: str, reply: str, server: web.Server, settings: Settings, now: datetime
) -> None:
    server.reply = reply
    row = put(kind, server, settings, now)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(calls, "DEADLINE_S", 0.8)
        post.drain(now=now)
    assert post.fresh(row).next_attempt_at == now + timedelta(seconds=5)
    server.reply = web.answer(200)
    assert post.drain(now=now + timedelta(seconds=30)).sent == 1

    assert len(server.got) == 2
    assert _identity(kind, server.got[0]) == _identity(kind, server.got[1]) != ""
    assert post.fresh(row).state == State.SENT


@every_channel
def test_nobody_listens(kind: str, settings: Settings, now: datetime) -> None:
    with web.server() as server:
        row = put(kind, server, settings, now)
        port = server.port

    post.drain(now=now)

    row = post.fresh(row)
    assert (row.state, row.copies) == (State.PENDING, 0)
    assert "127.0.0.1 cannot be reached" in row.last_error
    assert str(port) not in row.last_error or CHANNELS[kind].name in {"webhook", "teams", "webpush"}


@every_channel
def test_errors_hold_no_secret(
    kind: str, server: web.Server, settings: Settings, now: datetime
) -> None:
    server.reply = web.answer(400, "no")
    row = put(kind, server, settings, now)

    post.drain(now=now)

    error = post.fresh(row).last_error
    assert "400" in error
    for value in providers.entered(kind, server, settings).values():
        assert value not in error


def _identity(kind: str, got: web.Got) -> str:
    """What the receiver folds equal messages by."""
    match kind:
        case "webhook":
            return got.headers["webhook-id"]
        case "webpush":
            return got.headers["topic"]
        case "pagerduty":
            return str(got.json["dedup_key"])
        case _:
            return str(got.json["alias"])
