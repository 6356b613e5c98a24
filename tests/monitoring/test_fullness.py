"""A node with as many replicas as it may have: refused, told once, told again when there is room."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from pytest_django import Settings

from monitoring import fullness, reports, tokens
from monitoring.models import AlertChannel, Mode, Node, Replica, TokenKind
from monitoring.reports import Answer, Load, Report, Said
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.req("E2")]
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def world(now: datetime, settings: Settings) -> "World":
    settings.REPLICAS_PER_NODE = 3
    AlertChannel.objects.create(kind="email", recipients=["ops@example.com"])
    return World(now)


class World:
    def __init__(self, now: datetime) -> None:
        self.now = now
        component = build.component(name="Landing", slug="landing")
        self.node = build.node(component=component, name="Web", slug="web", mode=Mode.PUSH)
        _, secret = tokens.create(kind=TokenKind.REPORTER, now=now)
        self.digest = tokens.digest(secret)

    def report(self, *names: str) -> list[Answer]:
        self.now += SECOND
        return reports.receive(
            reports=[
                Report(
                    token_digest=self.digest,
                    service="landing",
                    node="web",
                    said=Said(replica=name, interval_s=30, word=Load(cpu=0.1, ram=0.1)),
                    at=self.now,
                )
                for name in names
            ]
        )


def told() -> list[str]:
    rows = apps.get_model("notifications", "Delivery").objects.order_by("id")
    messages: list[dict[str, Any]] = [row.message for row in rows]
    return [message["subject"] for message in messages]


FULL = "Landing / Web is full: reports of new replicas are refused"
ROOM = "Landing / Web has room for new replicas again"


def test_a_flood_of_names_leaves_the_cap_of_rows_and_one_alert(world: World) -> None:
    """2,000 names in 40 batches: the count of rows and alerts does not depend on how many more."""
    answers: Counter[Answer] = Counter()
    for batch in range(40):
        answers.update(world.report(*(f"made-up-{batch}-{n}" for n in range(50))))

    assert answers == {Answer.ACCEPTED: 3, Answer.NODE_FULL: 1997}
    assert Replica.objects.count() == 3
    assert told() == [FULL]
    assert world.report("made-up-0-1") == [Answer.ACCEPTED]


def test_a_node_that_is_exactly_full_is_no_alert(world: World) -> None:
    assert set(world.report("a", "b", "c")) == {Answer.ACCEPTED}
    assert told() == []


def test_room_and_ten_quiet_minutes_clear_it(world: World) -> None:
    world.report("a", "b", "c", "d")
    assert fullness.note_room(now=world.now + 20 * MINUTE) == 0  # still full
    Replica.objects.filter(address="a").delete()
    assert fullness.note_room(now=world.now + 9 * MINUTE) == 0  # a flood may go on
    assert fullness.note_room(now=world.now + 10 * MINUTE) == 1
    assert fullness.note_room(now=world.now + 11 * MINUTE) == 0

    assert told() == [FULL, ROOM]
    assert Node.objects.get().full_at is None
    world.report("d", "e")
    assert told() == [FULL, ROOM, FULL]


def test_a_name_that_is_too_long_is_no_full_node(world: World) -> None:
    assert world.report("x" * 201) == [Answer.BODY_INVALID]
    assert told() == []
