"""A replica that turns dead and back again and again: told rarely, with nothing lost."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps

from monitoring import alerting, recording
from monitoring.models import AlertChannel, Replica
from tests import build
from tests.monitoring.observing import answered, refused

pytestmark = [pytest.mark.django_db, pytest.mark.req("F1")]
MINUTE = timedelta(minutes=1)


class World:
    def __init__(self, now: datetime) -> None:
        AlertChannel.objects.create(kind="email", recipients=["ops@example.com"])
        self.start = self.now = now
        self.replica = build.replica()

    def check(self, is_up: bool, *, after: timedelta = MINUTE) -> None:
        """One check, and beat's look a moment later."""
        self.now += after
        outcome = answered if is_up else refused
        recording.record(observations=[outcome(self.replica, self.now)], now=self.now)
        alerting.tell_held(now=self.now + timedelta(seconds=5))

    def told(self) -> list[tuple[int, str, int]]:
        """Of each mail: the minute, what happened, and how many changes it stands for."""
        found = []
        for row in apps.get_model("notifications", "Delivery").objects.order_by("id"):
            if row.message["payload"]["type"] != "health":
                continue
            payload: dict[str, Any] = row.message["payload"]
            (item,) = payload["dead"] + payload["recovered"]
            minute = round((row.created_at - self.start) / MINUTE)
            found.append((minute, item["health"], item["folded_changes"]))
        return found


@pytest.fixture
def world(now: datetime) -> World:
    return World(now)


def test_an_alternating_server_is_one_pair_in_ten_minutes(world: World) -> None:
    for minute in range(30):
        world.check(is_up=minute % 2 == 1)

    told = world.told()
    assert told[:4] == [
        (1, "dead", 0),
        (2, "recovered", 0),
        (11, "dead", 9),
        (12, "recovered", 0),
    ]
    deaths = [minute for minute, health, _ in told if health == "dead"]
    assert all(later - earlier >= 10 for earlier, later in itertools.pairwise(deaths))
    assert len(told) == 6
    # Nothing is lost: every change is either told or counted in one that is.
    assert sum(max(1, folded) for _, _, folded in told) == 30 - Replica.objects.get().flaps


def test_the_state_that_is_left_is_told_when_it_calms_down_alive(world: World) -> None:
    for is_up in (False, True, False, True):
        world.check(is_up)
    for _ in range(10):
        world.check(is_up=True)
    assert world.told() == [(1, "dead", 0), (2, "recovered", 0), (11, "recovered", 2)]
    assert Replica.objects.get().flaps == 0


def test_the_state_that_is_left_is_told_when_it_stays_dead(world: World) -> None:
    for is_up in (False, True, False):
        world.check(is_up)
    for _ in range(10):
        world.check(is_up=False)
    assert world.told() == [(1, "dead", 0), (2, "recovered", 0), (11, "dead", 1)]
    world.check(is_up=True)
    assert world.told()[-1] == (14, "recovered", 0)


def test_two_outages_far_apart_are_told_at_once(world: World) -> None:
    world.check(is_up=False)
    world.check(is_up=True)
    world.check(is_up=False, after=timedelta(minutes=10))
    assert world.told() == [(1, "dead", 0), (2, "recovered", 0), (12, "dead", 0)]


def test_the_mail_says_how_many_changes_it_stands_for(world: World) -> None:
    for minute in range(11):
        world.check(is_up=minute % 2 == 1)
    row = apps.get_model("notifications", "Delivery").objects.latest("id")
    sentence = "It flaps: 9 changes were folded into this message."
    assert sentence in row.message["text"]
    assert sentence in row.message["html"]
