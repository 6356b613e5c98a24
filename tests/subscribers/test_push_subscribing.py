"""Notifications in visitors' browsers."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from notifications import outbox
from notifications.messages import Message
from notifications.models import Delivery
from notifications.outbox import Letter
from subscribers import bouncing, granting, limits, pushing
from subscribers.models import State, Subscriber, Tally
from tests import build, web
from tests.notifications import post
from tests.notifications.channels.providers import BROWSER

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_key(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def service(settings: Settings) -> Iterator[web.Server]:
    settings.ALLOW_PRIVATE_HOOKS = settings.ALLOW_PRIVATE_VISITOR_HOOKS = True
    settings.PUSH_HOSTS = ["127.0.0.1"]
    with web.server(web.answer(201)) as running:
        yield running


def subscribed(client: Client, endpoint: str, **fields: str) -> Any:
    form = {"channel": "webpush", "scope": "all", **BROWSER.subscription(endpoint), **fields}
    return client.post("/subscribe", form)


def moved(client: Client, old: str, new: str) -> Any:
    given = BROWSER.subscription(new)
    keys = {name: given[name] for name in ("p256dh", "auth")}
    told = {"old": old, "new": {"endpoint": new, "keys": keys}}
    return client.post("/subscriptions/push-moved", json.dumps(told), "application/json")


@pytest.mark.req("N1")
def test_browser_is_subscribed_at_once_and_shows_where_news_will_come(
    client: Client, service: web.Server
) -> None:
    answer = subscribed(client, f"{service.url}/push/1")

    assert answer.status_code == 303
    row = Subscriber.objects.get()
    assert (row.channel, row.state) == ("webpush", State.ACTIVE)
    post.drain(now=Delivery.objects.get().created_at)
    assert "incidents" in json.loads(BROWSER.read(service.got[0].body))["body"]
    assert client.get("/subscriptions/mine").status_code == 200


@pytest.mark.req("N2")
def test_same_browser_is_subscribed_once(client: Client, service: web.Server) -> None:
    subscribed(client, f"{service.url}/push/1")
    answer = subscribed(client, f"{service.url}/push/1")
    assert answer.status_code == 303
    assert Subscriber.objects.count() == 1
    assert Delivery.objects.filter(channel="webpush").count() == 1


@pytest.mark.req("A8")
@pytest.mark.parametrize(
    "endpoint",
    [
        "http://127.0.0.1:6379/",
        "https://127.0.0.1/",
        "https://evil.example/push",
        "https://fcm.googleapis.com.evil.example/push",
        "https://push.apple.com/",  # not below it
        "",
    ],
)
def test_only_push_services_of_the_list_are_called(endpoint: str, client: Client) -> None:
    answer = subscribed(client, endpoint)
    assert answer.status_code == 422
    assert "CANDOR_" not in answer.content.decode()
    assert moved(client, "https://fcm.googleapis.com/1", endpoint).status_code == 400
    assert not Subscriber.objects.exists()


@pytest.mark.req("A8")
def test_push_service_of_the_list_is_dialled_for_visitors_only_where_it_is_public(
    client: Client, settings: Settings
) -> None:
    settings.PUSH_HOSTS = ["localhost"]
    settings.ALLOW_PRIVATE_HOOKS = True
    with web.server() as canary:
        assert subscribed(client, f"https://localhost:{canary.port}/").status_code == 303
        post.drain(now=Delivery.objects.get().created_at)
        assert canary.connections == 0


@pytest.mark.req("A8")
def test_browser_that_got_another_address_stays_subscribed(
    client: Client, service: web.Server, now: datetime
) -> None:
    subscribed(client, f"{service.url}/push/1")

    assert moved(Client(), f"{service.url}/push/1", f"{service.url}/push/2").status_code == 200
    assert moved(Client(), f"{service.url}/push/1", f"{service.url}/push/3").status_code == 404

    row = Subscriber.objects.get()
    assert row.secrets["endpoint"] == f"{service.url}/push/2"


@pytest.mark.req("A8")
def test_made_up_browser_ends_with_its_first_notification(
    client: Client, service: web.Server
) -> None:
    service.reply = web.answer(404)
    subscribed(client, f"{service.url}/push/made-up")
    at = Delivery.objects.get().created_at
    post.drain(now=at)

    assert bouncing.retire_bounced(now=at) == 1
    assert Subscriber.objects.get().state == State.ENDED


@pytest.mark.req("A5", "A8")
def test_made_up_browsers_of_one_site_are_counted_before_their_keys_are_looked_at(
    client: Client,
) -> None:
    old = "https://fcm.googleapis.com/1"
    assert moved(client, old, "nonsense").status_code == 400
    Tally.objects.update(times=[datetime.now(UTC).timestamp()] * 59)
    assert moved(client, old, "nonsense").status_code == 400
    assert moved(client, old, "nonsense").status_code == 429
    assert subscribed(client, "nonsense").status_code == 429

    now = datetime.now(UTC)
    for number in range(120):
        pushing.admit(client=f"2001:db8:0:{number:x}::1", now=now)
    with pytest.raises(limits.TooManyRequests):
        pushing.admit(client="2001:db8:0:ffff::1", now=now)
    pushing.admit(client="2001:db8:1::1", now=now)


@pytest.mark.req("A8")
@pytest.mark.parametrize(
    "body", ["", "[]", "{", '{"old": 1}', '{"old": "x", "new": []}', "9" * 9999, "[" * 8000]
)
def test_nonsense_of_a_worker_is_refused(body: str, client: Client) -> None:
    answer = client.post("/subscriptions/push-moved", body, "application/json")
    assert answer.status_code == 400


@pytest.mark.req("A8")
def test_browser_that_is_gone_is_let_go_without_a_word(client: Client, service: web.Server) -> None:
    build.operator(email="owner@example.com")
    subscribed(client, f"{service.url}/push/1")
    row = Subscriber.objects.get()
    later = Delivery.objects.get().created_at + timedelta(hours=1)
    letter = Letter(
        channel="webpush",
        address=row.address,
        message=Message(subject="s", text="t"),
        dedupe_key="update:1",
        secrets=row.secrets,
        grant=granting.grant_of(row.pk),
    )
    outbox.put_many(letters=[letter], now=later)
    service.reply = web.answer(410)
    post.drain(now=later)

    assert bouncing.retire_bounced(now=later) == 1
    row.refresh_from_db()
    assert row.state == State.ENDED
    assert not Delivery.objects.filter(channel="email").exists()
    # The same browser may come back.
    subscribed(client, f"{service.url}/push/1")
    assert Subscriber.objects.get().is_active


def test_form_says_what_is_missing_where_the_script_did_not_run(client: Client) -> None:
    answer = client.post("/subscribe", {"channel": "webpush", "scope": "all"})
    assert answer.status_code == 422
    assert "Choose another way" in answer.content.decode()
