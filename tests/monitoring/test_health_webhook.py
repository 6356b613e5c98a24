from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from pytest_django import Settings
from standardwebhooks.webhooks import Webhook

from components import catalogue
from monitoring import health_webhook, page_health, recording
from monitoring.models import HealthHook
from notifications.channels.webhook import new_secret
from tests import build, web
from tests.monitoring.observing import answered, refused
from tests.notifications import post

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def hook(**fields: Any) -> HealthHook:
    row = HealthHook(**{"name": "Router"} | fields)
    row.secrets = {"url": "https://hooks.example.com/status", "secret": new_secret()}
    row.save()
    return row


def deliveries() -> list[Any]:
    return list(apps.get_model("notifications", "Delivery").objects.order_by("id"))


@pytest.mark.req("G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8", "AMB-5", "AMB-20")
def test_a_change_of_the_page_is_told_once_and_in_the_form_of_its_source() -> None:
    hook()
    now = datetime(2026, 11, 19, 14, 32, 0, 250_000, tzinfo=UTC)
    first = build.replica(node=build.node(name="Gateway"), address="tcp://10.0.0.1:5432")
    second = build.replica(node=build.node(name="Mail"), address="tcp://10.0.0.2:25")

    def observe(step: int, *observations: Any) -> None:
        at = now + step * SECOND
        recording.record(observations=[make(replica, at) for make, replica in observations], now=at)
        page_health.note(now=at)
        page_health.note(now=at)

    observe(0, (answered, first), (answered, second))
    assert deliveries() == []
    observe(1, (refused, first))
    observe(2, (refused, second))  # another replica, the same page health
    observe(3, (answered, first))
    observe(4, (answered, second))

    website_id = str(catalogue.page().uuid)
    told = [row.message["payload"] for row in deliveries()]
    assert told == [
        {
            "website_id": website_id,
            "event": "status:health:changed",
            "data": {
                "website_id": website_id,
                "health": "dead",
                "nodes": [{"label": "Gateway", "replica": "tcp://10.0.0.1:5432"}],
            },
            "timestamp": 1_795_098_721_250,
        },
        {
            "website_id": website_id,
            "event": "status:health:changed",
            "data": {"website_id": website_id, "health": "healthy", "nodes": []},
            "timestamp": 1_795_098_724_250,
        },
    ]


@pytest.mark.req("G9", "AMB-5")
def test_each_receiver_that_is_on_gets_its_own_sealed_letter_for_a_day(now: datetime) -> None:
    hook(name="One")
    hook(name="Two")
    hook(name="Off", is_enabled=False)
    replica = build.replica()
    recording.record(observations=[refused(replica, now)], now=now)
    page_health.note(now=now)
    rows = deliveries()
    assert len({row.address for row in rows}) == len(rows) == 2
    assert {(row.channel, row.schedule) for row in rows} == {("webhook", "day")}
    assert all(row.sealed and "hooks.example.com" not in row.sealed for row in rows)


@pytest.fixture
def loopback(settings: Settings) -> None:
    settings.ALLOW_PRIVATE_HOOKS = True


@pytest.mark.req("G1", "G9", "AMB-5")
@pytest.mark.usefixtures("loopback")
def test_a_receiver_that_is_away_gets_it_once_it_is_back_and_can_check_the_signature() -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    secret = new_secret()
    replies = web.in_turn(web.answer(503), web.answer(500), web.DROP, web.answer(204))
    with web.server(replies) as receiver:
        row = hook()
        health_webhook.save_hook(
            hook=row,
            name="Router",
            is_enabled=True,
            values={"url": f"{receiver.url}/hook", "secret": secret},
        )
        replica = build.replica()
        recording.record(observations=[refused(replica, now)], now=now)
        page_health.note(now=now)
        for minutes in (0, 1, 10, 60, 200, 400, 600):
            post.drain(now=now + minutes * 60 * SECOND)
        assert len(receiver.got) == 4
        bodies = {got.body for got in receiver.got}
        assert len(bodies) == 1, "every attempt says the same"
        ids = {got.headers["webhook-id"] for got in receiver.got}
        assert len(ids) == 1, "so that a receiver can tell copies"
        first = receiver.got[0]
        verified = Webhook(secret).verify(first.body, first.headers)
        assert set(verified) == {"website_id", "event", "data", "timestamp"}
    (attempt,) = health_webhook.attempts(hook=row)
    assert (attempt.is_sent, attempt.attempts) == (True, 4)


@pytest.mark.req("G9", "AMB-5")
@pytest.mark.usefixtures("loopback")
def test_a_receiver_that_stays_away_is_tried_for_a_day_and_its_last_error_is_seen() -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with web.server(web.answer(500)) as receiver:
        row = hook()
        health_webhook.save_hook(
            hook=row, name="Router", is_enabled=True, values={"url": receiver.url}
        )
        recording.record(observations=[refused(build.replica(), now)], now=now)
        page_health.note(now=now)
        for minutes in (*range(0, 60, 5), *range(60, 48 * 60, 60)):
            post.drain(now=now + minutes * 60 * SECOND)
        (attempt,) = health_webhook.attempts(hook=row)
        assert not attempt.is_sent
        assert not attempt.is_waiting
        assert "500" in attempt.error
        assert 8 <= attempt.attempts == len(receiver.got)


@pytest.mark.req("G9")
@pytest.mark.usefixtures("loopback")
def test_a_receiver_that_was_given_up_hears_of_the_next_change() -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with web.server(web.answer(500)) as receiver:
        row = hook()
        health_webhook.save_hook(
            hook=row, name="Router", is_enabled=True, values={"url": receiver.url}
        )
        replica = build.replica()
        recording.record(observations=[refused(replica, now)], now=now)
        page_health.note(now=now)
        for hours in range(0, 48, 2):
            post.drain(now=now + timedelta(hours=hours))
        tried = len(receiver.got)
        later = now + timedelta(days=6)
        recording.record(observations=[answered(replica, later)], now=later)
        page_health.note(now=later)
        post.drain(now=later)
        assert len(receiver.got) == tried + 1
