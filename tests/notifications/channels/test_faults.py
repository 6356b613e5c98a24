"""Every HTTP channel against a server that misbehaves, by way of the outbox and the drain.

Each has a server of its own, and what all of them are sent is drained at once.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from notifications.channels import CHANNELS, calls
from notifications.models import Delivery, State
from tests import web
from tests.notifications import post
from tests.notifications.channels import providers

pytestmark = [pytest.mark.django_db, pytest.mark.req("F4", "F5", "F6", "F-23")]
Servers = Mapping[str, web.Server]
Rows = Mapping[str, Delivery]


@pytest.fixture
def servers() -> Iterator[Servers]:
    with ExitStack() as stack:
        yield {kind: stack.enter_context(web.server()) for kind in providers.ALL}


def answer(servers: Servers, *replies: web.Reply) -> None:
    """Let each server give these answers, the last one from then on."""
    for server in servers.values():
        server.reply = web.in_turn(*replies)


def put(servers: Servers, settings: Settings, now: datetime) -> Rows:
    rows = {}
    for kind, server in servers.items():
        to = providers.recipient(kind, server, settings)
        rows[kind] = post.put(now=now, channel=kind, address=to.address, secrets=to.secrets)
    return rows


def seen(rows: Rows, *names: str) -> dict[str, tuple[Any, ...]]:
    """These fields of each channel's row as it stands."""
    return {
        kind: tuple(getattr(row, name) for name in names)
        for kind, row in ((kind, post.fresh(row)) for kind, row in rows.items())
    }


def each(*values: object, of: Collection[str] = providers.ALL) -> dict[str, tuple[object, ...]]:
    return dict.fromkeys(of, values)


def got(servers: Servers) -> dict[str, int]:
    return {kind: len(server.got) for kind, server in servers.items()}


def test_message_is_sent_once_and_its_secrets_are_gone(
    servers: Servers, settings: Settings, now: datetime
) -> None:
    rows = put(servers, settings, now)
    for row in rows.values():
        assert row.sealed
        assert "secret" not in row.sealed + row.address

    assert post.drain(now=now).sent == len(rows)
    post.drain(now=now + timedelta(days=1))

    sent = each(State.SENT, 1, "", "")
    assert seen(rows, "state", "copies", "sealed", "last_error") == sent
    assert got(servers) == dict.fromkeys(rows, 1)


def test_too_many_requests_waits_as_long_as_it_was_asked(
    servers: Servers, settings: Settings, now: datetime
) -> None:
    answer(servers, web.answer(429, "{}", Retry_After="90"), web.answer(200))
    rows = put(servers, settings, now)
    later = now + timedelta(seconds=90)

    post.drain(now=now)

    assert seen(rows, "state", "next_attempt_at") == each(State.PENDING, later)
    assert post.drain(now=later).sent == len(rows)


def test_no_server_may_ask_for_more_than_an_hour(
    servers: Servers, settings: Settings, now: datetime
) -> None:
    answer(servers, web.answer(503, Retry_After="999999"))
    rows = put(servers, settings, now)

    post.drain(now=now)

    assert seen(rows, "next_attempt_at") == each(now + timedelta(hours=1))


@pytest.mark.parametrize("status", [500, 502, 302])
def test_broken_server_is_tried_again_and_a_redirect_is_a_failure(
    status: int, servers: Servers, settings: Settings, now: datetime
) -> None:
    with web.server() as elsewhere:
        answer(servers, web.answer(status, Location=f"{elsewhere.url}/"), web.answer(200))
        rows = put(servers, settings, now)
        later = now + timedelta(seconds=5)

        post.drain(now=now)

        failed = each(State.PENDING, 0, later)
        assert seen(rows, "state", "copies", "next_attempt_at") == failed
        assert all(str(status) in row.last_error for row in rows.values())
        assert post.drain(now=later).sent == len(rows)
        assert elsewhere.connections == 0


def test_address_that_is_gone_is_given_up_and_told(
    servers: Servers, settings: Settings, now: datetime
) -> None:
    answer(servers, web.answer(410))
    rows = put(servers, settings, now)

    post.drain(now=now)

    assert seen(rows, "state", "bounced_at") == each(State.FAILED, now)
    assert post.drain(now=now + timedelta(days=1)).sent == 0


@pytest.mark.parametrize("reply", [web.HANG, web.DRIP, web.DROP])
def test_unanswered_message_is_sent_again_only_where_copies_fold(
    reply: str, servers: Servers, settings: Settings, now: datetime
) -> None:
    answer(servers, reply)
    rows = put(servers, settings, now)
    with_key = {kind: rows[kind] for kind in providers.WITH_KEY}
    without = {kind: rows[kind] for kind in providers.WITHOUT_KEY}

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(calls, "DEADLINE_S", 1.0)
        post.drain(now=now)
    again = each(now + timedelta(seconds=5), of=with_key)
    assert seen(with_key, "next_attempt_at") == again
    answer(servers, web.answer(200))
    assert post.drain(now=now + timedelta(seconds=30)).sent == len(with_key)
    for hours in range(1, 60):
        post.drain(now=now + timedelta(hours=hours))

    assert seen(with_key, "state") == each(State.SENT, of=with_key)
    assert seen(without, "state") == each(State.UNKNOWN, of=without)  # perhaps sent
    assert got(servers) == dict.fromkeys(without, 1) | dict.fromkeys(with_key, 2)
    for kind in with_key:
        first, second = servers[kind].got
        assert _identity(kind, first) == _identity(kind, second) != ""


def test_nobody_listens(settings: Settings, now: datetime) -> None:
    with ExitStack() as stack:
        servers = {kind: stack.enter_context(web.server()) for kind in providers.ALL}
        rows = put(servers, settings, now)

    post.drain(now=now)

    assert seen(rows, "state", "copies") == each(State.PENDING, 0)
    for kind, row in rows.items():
        assert "127.0.0.1 cannot be reached" in row.last_error
        names_port = CHANNELS[kind].name in {"webhook", "teams", "webpush"}
        assert str(servers[kind].port) not in row.last_error or names_port


def test_errors_hold_no_secret(servers: Servers, settings: Settings, now: datetime) -> None:
    answer(servers, web.answer(400, "no"))
    rows = put(servers, settings, now)

    post.drain(now=now)

    for kind, row in rows.items():
        error = post.fresh(row).last_error
        assert "400" in error
        for value in providers.entered(kind, servers[kind], settings).values():
            assert value not in error


def _identity(kind: str, message: web.Got) -> str:
    """What the receiver folds equal messages by."""
    match kind:
        case "webhook":
            return message.headers["webhook-id"]
        case "webpush":
            return message.headers["topic"]
        case "pagerduty":
            return str(message.json["dedup_key"])
        case _:
            return str(message.json["alias"])
