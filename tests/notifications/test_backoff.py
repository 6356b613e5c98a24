from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications import backoff
from notifications.backoff import CHAT, DAY, MAIL, WEBHOOK, Schedule


def _wait(attempts: int, now: datetime, **options: float) -> timedelta | None:
    at = backoff.next_attempt_at(
        schedule=MAIL, attempts=attempts, now=now, **{"jitter": 0.5, **options}
    )
    return None if at is None else at - now


def test_mail_is_tried_after_the_times_of_the_contract(now: datetime) -> None:
    at, moments = now, []
    for attempts in range(1, 10):
        next_at = backoff.next_attempt_at(schedule=MAIL, attempts=attempts, now=at, jitter=0.5)
        assert next_at is not None
        at = next_at
        moments.append(int((at - now).total_seconds()))

    assert moments == [30, 90, 210, 330, 630, 1530, 3330, 6930, 10530]


@pytest.mark.parametrize(
    ("schedule", "waits_s"),
    [
        (WEBHOOK, [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]),
        (CHAT, [5, 30, 120, 600, 1800, 7200]),
        (DAY, [5, 30, 300, 1800, 7200] + 7 * [10_800]),
    ],
)
def test_calls_are_tried_after_the_times_of_the_contract(
    schedule: Schedule, waits_s: list[int]
) -> None:
    waits = [schedule.wait_after(attempts) for attempts in range(1, 20)]

    assert waits[: len(waits_s)] == waits_s
    assert set(waits[len(waits_s) :]) == {None}
    assert sum(waits_s) < schedule.too_old_s


def test_mail_is_given_up_within_a_day(now: datetime) -> None:
    waits = [_wait(attempts, now) for attempts in range(1, 60)]
    made = [wait for wait in waits if wait is not None]

    assert timedelta(hours=23) < sum(made, timedelta()) <= timedelta(hours=24)
    assert waits == made + [None] * (len(waits) - len(made))


@pytest.mark.parametrize(("jitter", "wait_s"), [(0.0, 24), (0.5, 30), (1.0, 36)])
def test_jitter_moves_a_wait_by_a_fifth(now: datetime, jitter: float, wait_s: float) -> None:
    assert _wait(1, now, jitter=jitter) == timedelta(seconds=wait_s)


@pytest.mark.parametrize(
    ("retry_after_s", "wait_s"), [(5, 30), (30, 30), (600, 600), (3600, 3600), (86_400, 3600)]
)
def test_what_the_server_asks_for_is_waited_up_to_an_hour(
    now: datetime, retry_after_s: float, wait_s: float
) -> None:
    assert _wait(1, now, retry_after_s=retry_after_s) == timedelta(seconds=wait_s)


@given(st.integers(min_value=1, max_value=40), st.floats(min_value=0, max_value=1))
def test_a_wait_is_never_shorter_than_the_first_nor_longer_than_an_hour_and_a_fifth(
    attempts: int, jitter: float
) -> None:
    wait = _wait(attempts, datetime(2026, 11, 19), jitter=jitter)

    assert wait is None or timedelta(seconds=24) <= wait <= timedelta(seconds=4320)


@pytest.mark.parametrize(
    ("failures", "pause_s"), [(1, 5), (2, 10), (3, 20), (4, 40), (5, 60), (6, 60), (10_000, 60)]
)
def test_breaker_waits_longer_and_never_more_than_a_minute(failures: int, pause_s: int) -> None:
    assert backoff.breaker_pause(failures=failures) == timedelta(seconds=pause_s)
