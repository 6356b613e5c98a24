from datetime import datetime, timedelta

import pytest

from notifications import circuits
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


def test_success_frees_the_channel(now: datetime) -> None:
    circuits.trip(channel="email", error="no route", now=now)

    circuits.reset(channel="email")

    assert _ask(now) is Answer.GO
    assert circuits.troubles() == []
    circuits.trip(channel="email", error="again", now=now)
    assert _ask(now, 5) is Answer.TRY_ONE
