"""Many messages for one server leave over several connections, none twice and none lost."""

import threading
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from pytest_django import Settings

from notifications import delivering, leasing, outbox, pacing
from notifications.models import Circuit, Delivery, State
from tests.notifications import post, sinks

MANY = 60


def _put(count: int, now: datetime) -> None:
    letters = [post.letter(address=f"reader{number}@example.com") for number in range(count)]
    outbox.put_many(letters=letters, now=now)


def _states() -> Counter[str]:
    return Counter(Delivery.objects.values_list("state", flat=True))


@pytest.mark.django_db(transaction=True)
def test_many_leave_over_several_connections_each_once(now: datetime, settings: Settings) -> None:
    settings.EMAIL_CONNECTIONS = 4
    _put(MANY, now)
    with sinks.hostile() as server:
        post.use_smtp(settings, server.port)
        drained = delivering.drain(now=now)
        connections, received = server.connections, list(server.received)

    assert drained.sent == MANY
    assert connections == 4
    assert Counter(one for mail in received for one in mail.recipients) == Counter(
        f"reader{number}@example.com" for number in range(MANY)
    )
    assert _states() == {State.SENT: MANY}
    assert not Delivery.objects.filter(handed_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_a_server_that_goes_away_trips_the_breaker_once_and_loses_nothing(
    now: datetime, settings: Settings
) -> None:
    settings.EMAIL_CONNECTIONS = 4
    _put(MANY, now)
    post.use_smtp(settings, sinks.free_port())

    drained = delivering.drain(now=now)

    assert drained.sent == 0
    assert Circuit.objects.get(channel="email").failures == 1
    assert _states() == {State.PENDING: MANY}
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {0}


@pytest.mark.django_db(transaction=True)
def test_content_that_is_refused_three_times_stops_the_rest(
    now: datetime, settings: Settings
) -> None:
    settings.EMAIL_CONNECTIONS = 2
    _put(MANY, now)
    with sinks.hostile(DOT="554 5.7.1 spam") as server:
        post.use_smtp(settings, server.port)
        delivering.drain(now=now)

    states = _states()
    assert states == {State.FAILED: 3, State.PENDING: MANY - 3}
    open_until = Circuit.objects.get(channel="email").open_until
    assert open_until is not None
    assert open_until >= now + timedelta(seconds=60)


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("F-10")
def test_what_is_taken_while_the_database_goes_away_is_noted_all_the_same(
    now: datetime, settings: Settings
) -> None:
    settings.EMAIL_CONNECTIONS = 4
    _put(MANY, now)
    is_on_its_way, has_failed, dots = threading.Event(), threading.Event(), []

    def dot(_line: str) -> str:
        dots.append(1)
        if len(dots) == 2:
            is_on_its_way.set()
            has_failed.wait(10)
        return "250 taken"

    def executing(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if '"handed_at" = ' in sql and is_on_its_way.is_set() and not has_failed.is_set():
            has_failed.set()
            raise OperationalError("the database is gone")
        return execute(sql, params, many, context)

    with sinks.hostile(DOT=dot) as server:
        post.use_smtp(settings, server.port)
        with connection.execute_wrapper(executing), pytest.raises(OperationalError):
            delivering.drain(now=now)
        received = [one for mail in server.received for one in mail.recipients]

    assert has_failed.is_set()
    sent = Delivery.objects.filter(state=State.SENT).values_list("address", flat=True)
    assert sorted(sent) == sorted(received)
    assert _states().keys() == {State.SENT, State.PENDING}  # the rest waits for nobody's lease


@pytest.mark.django_db(transaction=True)
def test_a_limited_speed_holds_for_all_workers_together(now: datetime, settings: Settings) -> None:
    settings.EMAIL_PER_S = 5
    _put(MANY, now)
    with sinks.hostile() as server:
        post.use_smtp(settings, server.port)
        sent = [
            post.drain(now=now + timedelta(seconds=at)).sent for at in (0, 0, 0.4, 1, 1, 60, 60)
        ]
    assert sent == [5, 0, 2, 3, 0, 5, 0]


@pytest.mark.django_db
def test_marking_many_finds_those_that_were_taken_away(now: datetime) -> None:
    _put(3, now)
    rows = leasing.claim(channel="email", now=now, limit=3, lease=timedelta(seconds=90))
    outbox.cancel(dedupe_key=rows[1].dedupe_key)
    assert leasing.mark_handed_many(rows=rows, now=now) == {rows[0].id, rows[2].id}


@pytest.mark.django_db
def test_without_a_limit_all_may_leave(now: datetime) -> None:
    assert pacing.take(channel="email", wanted=700, per_s=0, now=now) == 700
