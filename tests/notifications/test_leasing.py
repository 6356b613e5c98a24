"""Who may send a delivery: claims side by side, and senders that die or are too slow."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection

from notifications import delivering, leasing, outbox
from notifications.models import Delivery, State
from tests import counting
from tests.notifications import post, sinks

pytestmark = pytest.mark.django_db

LEASE = timedelta(seconds=90)


def _claim(now: datetime, limit: int = 20) -> list[Delivery]:
    return leasing.claim(channel="email", now=now, limit=limit, lease=LEASE)


def _settle(now: datetime) -> None:
    leasing.settle(channel="email", max_copies=2, now=now)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("store", ["any", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_workers_that_claim_at_once_get_each_delivery_once(now: datetime, store: str) -> None:
    outbox.put_many(letters=[post.letter() for _ in range(300)], now=now)
    claimed: list[int] = []
    start = threading.Barrier(4)

    def work() -> None:
        try:
            start.wait()
            while rows := _claim(now, limit=7):
                claimed.extend(row.id for row in rows)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(claimed) == 300
    assert len(set(claimed)) == 300
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("store", ["any", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_workers_that_drain_at_once_send_each_delivery_once(
    now: datetime, sink: sinks.Sink, store: str
) -> None:
    outbox.put_many(letters=[post.letter(address=f"s{n}@example.com") for n in range(100)], now=now)
    start = threading.Barrier(3)

    def work() -> None:
        try:
            start.wait()
            delivering.drain(now=now)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(sink.addresses) == sorted(f"s{n}@example.com" for n in range(100))
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.SENT}


def test_claiming_costs_the_same_for_many(now: datetime) -> None:
    outbox.put_many(letters=[post.letter() for _ in range(101)], now=now)

    with counting.statements() as of_one:
        assert len(_claim(now, limit=1)) == 1
    with counting.statements() as of_many:
        assert len(_claim(now, limit=200)) == 100

    assert len(of_one) == len(of_many)


def test_oldest_is_claimed_first(now: datetime) -> None:
    newer = post.put(now=now)
    older = post.put(now=now - timedelta(minutes=1))

    assert [row.id for row in _claim(now)] == [older.id, newer.id]


def test_delivery_of_a_sender_that_died_before_handing_over_is_taken_up_after_the_lease(
    now: datetime, sink: sinks.Sink
) -> None:
    row = post.put(now=now)
    _claim(now)

    post.drain(now=now + LEASE - timedelta(seconds=1))
    assert not sink.received
    assert post.drain(now=now + LEASE).sent == 1
    assert post.fresh(row).copies == 1


def test_deliveries_of_a_dead_sender_are_taken_up_one_at_a_time(now: datetime) -> None:
    rows = [post.put(now=now) for _ in range(3)]
    _claim(now)
    fresh_one = post.put(now=now)

    later = now + LEASE
    claims = [[row.id for row in _claim(later)] for _ in range(4)]

    assert claims == [[rows[0].id], [rows[1].id], [rows[2].id], [fresh_one.id]]


def test_delivery_of_a_sender_that_died_after_handing_over_gets_one_more_copy(
    now: datetime, sink: sinks.Sink
) -> None:
    row = post.put(now=now)
    [held] = _claim(now)
    leasing.mark_handed(row=held, now=now + timedelta(seconds=2))

    post.drain(now=now + LEASE)
    assert not sink.received
    assert post.fresh(row).next_attempt_at == now + timedelta(minutes=5, seconds=2)
    assert post.drain(now=now + timedelta(minutes=5, seconds=1)).sent == 0
    assert post.drain(now=now + timedelta(minutes=5, seconds=2)).sent == 1
    assert post.fresh(row).copies == 2


def test_delivery_whose_senders_died_twice_after_handing_over_is_perhaps_sent(
    now: datetime, sink: sinks.Sink
) -> None:
    row = post.put(now=now, is_sensitive=True)
    for minutes in (0, 10):
        at = now + timedelta(minutes=minutes)
        _settle(at)
        [held] = _claim(at)
        leasing.mark_handed(row=held, now=at)
        _settle(at + LEASE)

    post.drain(now=now + timedelta(hours=1))

    assert not sink.received
    row = post.fresh(row)
    assert (row.state, row.copies) == (State.UNKNOWN, 2)
    assert row.message["text"] == ""


@pytest.mark.parametrize("fields", [{"expires_at": timedelta(minutes=7)}, {}])
def test_delivery_in_doubt_that_comes_too_late_for_a_second_copy_is_perhaps_sent(
    now: datetime, fields: dict[str, timedelta]
) -> None:
    row = post.put(now=now, **{name: now + span for name, span in fields.items()})
    [held] = _claim(now)
    leasing.mark_handed(row=held, now=now)

    _settle(now + LEASE)
    _settle(now + timedelta(hours=48))

    assert post.fresh(row).state == State.UNKNOWN


def test_sender_that_lost_its_lease_may_not_hand_over(now: datetime) -> None:
    row = post.put(now=now)
    [slow] = _claim(now)
    [other] = _claim(now + LEASE)

    with pytest.raises(leasing.LeaseLost):
        leasing.mark_handed(row=slow, now=now + LEASE)
    leasing.mark_again(row=slow, at=now, error="slow")
    leasing.mark_ended(row=slow, state=State.FAILED, error="slow", bounced_at=None)
    leasing.release(rows=[slow])

    row = post.fresh(row)
    assert (row.state, row.lease_token, row.copies) == (State.LEASED, other.lease_token, 0)


def test_sender_whose_answer_came_late_prevents_the_second_copy(
    now: datetime, sink: sinks.Sink
) -> None:
    row = post.put(now=now)
    [slow] = _claim(now)
    leasing.mark_handed(row=slow, now=now)
    post.drain(now=now + LEASE)

    leasing.mark_sent(row=slow, now=now + LEASE)
    post.drain(now=now + timedelta(hours=1))

    assert not sink.received
    assert post.fresh(row).state == State.SENT


def test_released_deliveries_are_as_they_were(now: datetime) -> None:
    due_times = [now - timedelta(minutes=minutes) for minutes in (3, 1, 1)]
    rows = [post.put(now=due_at) for due_at in due_times]

    leasing.release(rows=_claim(now), error="not now")

    for row, due_at in zip(map(post.fresh, rows), due_times, strict=True):
        assert (row.state, row.attempts, row.lease_token) == (State.PENDING, 0, "")
        assert (row.next_attempt_at, row.last_error) == (due_at, "not now")
