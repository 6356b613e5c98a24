"""Letters to many hosts at once: none waits for a host that hangs, and none is flooded."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection, connections
from pytest_django import Settings

from notifications import circuits, delivering, lanes, leasing, outbox
from notifications.channels import calls
from notifications.models import Delivery, State
from tests import web
from tests.notifications import post, sinks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _loopback(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ALLOW_PRIVATE_HOOKS = True
    settings.SLACK_HOSTS = ["127.0.0.*"]
    monkeypatch.setattr(calls, "DEADLINE_S", 2.0)


class Hosts:
    """As many hosts as there are addresses in 127.0.0.0/8, on one port; some may hang."""

    def __init__(self, server: web.Server) -> None:
        self.server = server
        self.hanging: set[str] = set()
        self.order: list[str] = []
        self.together: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.lock = threading.Lock()
        server.reply = self.reply

    def url(self, number: int) -> str:
        return f"http://127.0.{1 + number // 250}.{1 + number % 250}:{self.server.port}/hook"

    def reply(self, got: web.Got) -> web.Reply:
        host = got.headers["host"].partition(":")[0]
        with self.lock:
            self.order.append(host)
            self.together[host] += 1
            self.most[host] = max(self.most[host], self.together[host])
        if host in self.hanging:
            return web.HANG
        time.sleep(0.002)
        with self.lock:
            self.together[host] -= 1
        return web.answer(200)

    def hang(self, number: int) -> None:
        self.hanging.add(self.url(number).split("/")[2].partition(":")[0])


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with web.server(address="") as server:
        yield Hosts(server)


def put_many(hosts: Hosts, numbers: list[int], now: datetime) -> list[str]:
    letters = [
        post.letter(channel="webhook", address=f"{index}", secrets={"url": hosts.url(number)})
        for index, number in enumerate(numbers)
    ]
    outbox.put_many(letters=letters, now=now)
    return [letter.dedupe_key for letter in letters]


@pytest.mark.req("F-23")
def test_hosts_that_hang_hold_up_nobody_else(hosts: Hosts, now: datetime) -> None:
    for number in range(0, 200, 10):
        hosts.hang(number)
    put_many(hosts, list(range(200)), now)

    drained = post.drain(now=now)

    assert (drained.sent, drained.again) == (180, 20)
    assert set(Delivery.objects.filter(state=State.PENDING).values_list("copies", flat=True)) == {1}


@pytest.mark.req("F-24")
def test_one_host_of_many_letters_gets_two_at_once_and_starves_nobody(
    hosts: Hosts, now: datetime
) -> None:
    put_many(hosts, [0] * 150 + [1, 2, 3, 4, 5], now)

    assert post.drain(now=now).sent == 155

    assert set(hosts.most.values()) <= {1, lanes.PER_HOST}
    assert len(set(hosts.order[:40])) == 6


@pytest.mark.req("F-23")
@pytest.mark.django_db(transaction=True)
def test_a_second_worker_sends_mail_before_it_helps_with_slow_hosts(
    hosts: Hosts, settings: Settings, now: datetime
) -> None:
    is_served, may_end = threading.Event(), threading.Event()
    mails_before_the_second: list[int] = []

    def serve_slowly() -> None:
        try:
            delivering.drain(now=now, limit=1)  # it leaves what comes later to the second
        finally:
            connections.close_all()

    with sinks.sink() as mail:
        post.use_smtp(settings, mail.port)

        def reply(got: web.Got) -> web.Reply:
            if got.headers["host"] == hosts.url(0).split("/")[2]:
                is_served.set()
                may_end.wait(10)
            else:
                mails_before_the_second.append(len(mail.received))
            return web.answer(200)

        hosts.server.reply = reply
        put_many(hosts, [0], now)
        first = threading.Thread(target=serve_slowly)
        first.start()
        assert is_served.wait(10)
        put_many(hosts, [1], now)
        post.put(now=now)
        try:
            delivering.drain(now=now)
        finally:
            may_end.set()
            first.join()

    assert mails_before_the_second == [1]


@pytest.mark.req("F-24")
@pytest.mark.django_db(transaction=True)
def test_several_workers_share_what_one_host_can_bear_and_send_nothing_twice(
    hosts: Hosts, now: datetime
) -> None:
    put_many(hosts, [0] * 60 + list(range(1, 40)), now)
    failures: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(3):
                delivering.drain(now=now, budget_s=10)
        except DatabaseError as error:
            failures.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    post.drain(now=now + timedelta(seconds=1))

    assert failures == []
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.SENT}
    assert len(hosts.order) == 99
    assert max(hosts.most.values()) <= lanes.PER_HOST


def test_host_that_is_away_is_tried_rarely_and_everything_for_it_waits(now: datetime) -> None:
    with web.server() as server:
        url = f"{server.url}/services/x"
        port = server.port
    letters = [
        post.letter(channel="slack", address=f"{index}", secrets={"url": url})
        for index in range(30)
    ]
    outbox.put_many(letters=letters, now=now)

    for seconds in range(60):
        post.drain(now=now + timedelta(seconds=seconds))

    [trouble] = circuits.troubles()
    assert trouble.channel == f"127.0.0.1:{port}"
    assert {(row.state, row.attempts) for row in Delivery.objects.all()} == {(State.PENDING, 0)}
    tried = Delivery.objects.exclude(last_error="").count()
    assert 1 <= tried <= 14

    with web.server(port=port):
        for seconds in range(60, 125):
            post.drain(now=now + timedelta(seconds=seconds))

    assert set(Delivery.objects.values_list("state", flat=True)) == {State.SENT}
    assert circuits.troubles() == []


def test_breaker_of_the_mail_server_is_not_touched(hosts: Hosts, now: datetime) -> None:
    circuits.trip(channel="email", error="away", now=now)
    put_many(hosts, [1], now)

    assert post.drain(now=now + timedelta(seconds=30)).sent == 1

    assert circuits.ask(channel="email", now=now + timedelta(seconds=30)) is (
        circuits.Answer.TRY_ONE
    )


def test_limit_and_budget_leave_the_rest_as_it_was(hosts: Hosts, now: datetime) -> None:
    put_many(hosts, list(range(30)), now)

    assert post.drain(now=now, limit=4).sent == 4
    assert post.drain(now=now, budget_s=0).sent == 0

    left = Delivery.objects.exclude(state=State.SENT)
    assert {(row.state, row.attempts, row.next_attempt_at) for row in left} == {
        (State.PENDING, 0, now)
    }
    assert left.count() == 26


def test_cancelled_on_its_way_does_not_leave(hosts: Hosts, now: datetime) -> None:
    [key] = put_many(hosts, [1], now)
    mark_handed = leasing.mark_handed_many

    def cancel_first(**fields: object) -> set[int]:
        outbox.cancel(dedupe_key=key)
        return mark_handed(**fields)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(leasing, "mark_handed_many", cancel_first)
        post.drain(now=now)

    assert hosts.order == []
    assert Delivery.objects.get().state == State.CANCELLED


def test_database_that_goes_away_lets_nothing_leave(hosts: Hosts, now: datetime) -> None:
    put_many(hosts, [1, 2, 3], now)

    def gone(**_: object) -> None:
        raise DatabaseError("gone")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(leasing, "mark_handed_many", gone)
        with pytest.raises(DatabaseError):
            post.drain(now=now)

    assert hosts.order == []
    assert post.drain(now=now + timedelta(seconds=61)).sent == 3


def test_poisoned_row_is_pushed_ahead_and_blocks_nobody(
    hosts: Hosts, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    put_many(hosts, [1], now)
    Delivery.objects.update(message={"subject": 1})
    put_many(hosts, [1], now)

    assert post.drain(now=now).sent == 1

    assert Delivery.objects.filter(last_error="Internal error: TypeError").count() == 1
    assert "Traceback" in caplog.text


def test_lost_key_is_said_and_not_retried(hosts: Hosts, settings: Settings, now: datetime) -> None:
    put_many(hosts, [1], now)
    settings.SECRET_KEY = "another"

    post.drain(now=now)

    row = Delivery.objects.get()
    assert row.state == State.FAILED
    assert "Enter it again" in row.last_error


@pytest.mark.parametrize(("kind", "sent"), [("webhook", 1), ("slack", 0)])
def test_letter_whose_sender_died_is_sent_again_only_where_copies_fold(
    kind: str, sent: int, hosts: Hosts, now: datetime
) -> None:
    letter = post.letter(channel=kind, address="a", secrets={"url": hosts.url(1)})
    outbox.put_many(letters=[letter], now=now)
    [row] = leasing.claim_spread(
        channels=[kind], avoid=(), now=now, limit=5, per_host=2, lease=timedelta(seconds=60)
    )
    leasing.mark_handed(row=row, now=now)

    for minutes in range(1, 12):
        post.drain(now=now + timedelta(minutes=minutes))

    assert len(hosts.order) == sent
    assert post.fresh(row).state == (State.SENT if sent else State.UNKNOWN)


@pytest.mark.req("A7", "F7")
def test_name_that_leads_to_our_own_network_is_not_dialled(
    hosts: Hosts, settings: Settings, now: datetime
) -> None:
    settings.ALLOW_PRIVATE_HOOKS = False
    row = post.put(
        now=now,
        channel="webhook",
        address="a",
        secrets={"url": f"https://localhost:{hosts.server.port}/"},
    )

    post.drain(now=now)

    assert "may not be dialled" in post.fresh(row).last_error
    assert hosts.server.connections == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("F-10")
def test_what_hosts_take_while_the_database_goes_away_is_noted_all_the_same(
    hosts: Hosts, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "DEADLINE_S", 30.0)  # what a host took late was not taken for us
    is_on_its_way, has_failed = threading.Event(), threading.Event()
    took: list[str] = []

    def reply(got: web.Got) -> web.Reply:
        is_on_its_way.set()
        has_failed.wait(1.5)
        took.append(got.headers["host"])
        return web.answer(200)

    def executing(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if '"handed_at" = ' in sql and is_on_its_way.is_set():
            has_failed.set()
            raise OperationalError("the database is gone")
        return execute(sql, params, many, context)

    hosts.server.reply = reply
    put_many(hosts, list(range(150)), now)
    with connection.execute_wrapper(executing), pytest.raises(OperationalError):
        delivering.drain(now=now)

    sent = Delivery.objects.filter(state=State.SENT).count()
    assert sent == len(took) > 0
    assert Delivery.objects.filter(state=State.PENDING).count() == 150 - sent
