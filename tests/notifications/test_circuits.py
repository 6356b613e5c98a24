from datetime import datetime, timedelta

import pytest

from notifications import backoff, circuits
from notifications.circuits import Answer

pytestmark = pytest.mark.django_db


def _ask(now: datetime, seconds: float = 0) -> Answer:
    return circuits.ask(channel="email", now=now + timedelta(seconds=seconds))


def test_channel_is_free_until_it_fails(now: datetime) -> None:
    assert _ask(now) is Answer.GO
    assert circuits.troubles() == []


def test_one_caller_a_pause_may_try_a_channel_that_failed(now: datetime) -> None:
    circuits.trip(channel="email", error="no route", now=now)

    assert _ask(now, 4.9) is Answer.WAIT
    assert _ask(now, 5) is Answer.TRY_ONE
    assert _ask(now, 5) is Answer.WAIT  # somebody is trying; should they die, the next may
    assert _ask(now, 10) is Answer.TRY_ONE
    assert circuits.ask(channel="sms", now=now) is Answer.GO


def test_pauses_grow_and_the_trouble_is_told_since_its_beginning(now: datetime) -> None:
    at = now
    for pause_s in (5, 10, 20, 40, 60, 60):
        circuits.trip(channel="email", error="x" * 600, now=at)
        assert circuits.ask(channel="email", now=at + timedelta(seconds=pause_s - 1)) is Answer.WAIT
        at += timedelta(seconds=pause_s)
        assert circuits.ask(channel="email", now=at) is Answer.TRY_ONE

    assert circuits.troubles() == [circuits.Trouble(channel="email", since=now, error="x" * 500)]


@pytest.mark.req("F-17")
def test_a_server_that_refuses_what_we_say_is_left_alone_for_a_minute_at_once(
    now: datetime,
) -> None:
    circuits.trip(channel="email", error="554 spam", now=now, is_refused=True)
    assert _ask(now, 59) is Answer.WAIT
    assert _ask(now, 60) is Answer.TRY_ONE


def test_success_frees_the_channel(now: datetime) -> None:
    circuits.trip(channel="email", error="no route", now=now)

    circuits.reset(channel="email")

    assert _ask(now) is Answer.GO
    assert circuits.troubles() == []
    circuits.trip(channel="email", error="again", now=now)
    assert _ask(now, 5) is Answer.TRY_ONE


def _late_s(away_s: float, *, after_failures: int, phase_s: float = 0.5) -> tuple[float, int]:
    """When the drain rings each second: how late the first message leaves after the server's return,
    and the tries of the worst minute. `after_failures` opens the breaker for 60 s; 0: our own rule."""
    tries, at, failures = [phase_s], phase_s, 0
    while at < away_s:
        failures += 1
        if after_failures == 0:
            at += backoff.breaker_pause(failures=failures).total_seconds()
        else:
            at += 60 if failures >= after_failures else 1
        tries.append(at)
    worst = max(sum(first <= each < first + 60 for each in tries) for first in tries)
    return at - away_s, worst


@pytest.mark.req("F-15")
@pytest.mark.parametrize("away_s", [2, 6, 10, 20, 30, 60, 120, 600, 3600])
def test_a_server_that_comes_back_is_used_within_a_minute_after_few_tries(away_s: int) -> None:
    late_s, worst = _late_s(away_s, after_failures=0)
    assert late_s <= 60
    assert worst <= 5


def test_short_absences_cost_less_than_with_five_failures_and_a_minute() -> None:
    # The table of docs/decisions/0009-breaker.md.
    ours = [_late_s(away_s, after_failures=0)[0] for away_s in range(5, 31)]
    as_written = [_late_s(away_s, after_failures=5)[0] for away_s in range(5, 31)]
    assert sum(ours) / len(ours) < 10
    assert sum(as_written) / len(as_written) > 45
