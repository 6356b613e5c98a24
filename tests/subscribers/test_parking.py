"""An event whose messages cannot be prepared: told once, tried now and then, and on an operator's word."""

import logging
from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.test import Client

from public_pages import readiness
from subscribers import fanout, meter, parking
from subscribers.models import Broadcast
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.req("O3")]
Delivery = apps.get_model("notifications", "Delivery")

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
def content(now: datetime) -> dict[str, object]:
    """What was announced to one reader, before it was broken."""
    build.operator(email="owner@example.com")
    build.subscriber(address="reader@example.com")
    build.incident(components={build.component(): None}, now=now)
    row = Broadcast.objects.get()
    Broadcast.objects.update(content={"title": "Of no version that we know"})
    return dict(row.content)


def _work(now: datetime, *, minutes: int) -> None:
    """As workers do: each second, after the first minute each fifth."""
    for seconds in [*range(60), *range(60, minutes * 60, 5)]:
        fanout.expand(now=now + seconds * SECOND)


def _mails() -> list[str]:
    rows = Delivery.objects.filter(address="owner@example.com")
    return [str(row.message["subject"]) for row in rows]


def test_the_reason_is_logged_whole_once_and_told_to_the_owners_once(
    content: dict[str, object], now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    _work(now, minutes=10)
    assert meter.note_misses(now=now + 10 * 60 * SECOND) == 0

    assert _mails() == ["Subscribers cannot be told: Of no version that we know"]
    logged = [each for each in caplog.records if each.message.startswith("not expanded")]
    assert [each.exc_info is not None for each in logged] == [True, False, False, False]
    assert [each.levelno for each in logged][:2] == [logging.ERROR, logging.WARNING]
    topic = Broadcast.objects.get().topic
    assert topic == f"incident:{getattr(logged[0], 'incident_id', '')}"


def test_waits_grow_to_an_hour() -> None:
    waits = [parking.wait_after(failures).total_seconds() for failures in range(1, 8)]
    assert waits == [5, 30, 300, 900, 3600, 3600, 3600]


def test_a_parked_event_leaves_the_installation_ready(
    content: dict[str, object], now: datetime
) -> None:
    _work(now, minutes=1)
    assert "deliveries" not in readiness.problems(now=now + timedelta(minutes=3))


def test_the_console_says_why_and_tries_again_at_once(
    content: dict[str, object], client: Client, now: datetime
) -> None:
    _work(now, minutes=1)
    row = Broadcast.objects.get()
    client.force_login(build.operator(username="ada"))
    shown = client.get("/admin/messages/").content.decode()
    assert "The messages cannot be prepared:" in shown
    assert row.error.split(":")[0] in shown
    assert f'action="/admin/messages/{row.pk}/again/"' in shown

    Broadcast.objects.update(content=content)
    fanout.expand(now=now + 61 * SECOND)
    assert not Delivery.objects.filter(address="reader@example.com").exists()
    client.post(f"/admin/messages/{row.pk}/again/")
    fanout.expand(now=now + 62 * SECOND)

    assert Delivery.objects.filter(address="reader@example.com").count() == 1
    shown = client.get("/admin/messages/").content.decode()
    assert "cannot be prepared" not in shown
    assert (
        "not wait for another try"
        in client.post(f"/admin/messages/{row.pk}/again/", follow=True).content.decode()
    )


def test_it_is_prepared_by_itself_once_it_can_be(content: dict[str, object], now: datetime) -> None:
    _work(now, minutes=1)
    Broadcast.objects.update(content=content)
    fanout.expand(now=now + HOUR)
    assert Delivery.objects.filter(address="reader@example.com").count() == 1


def test_a_viewer_sees_it_and_may_not_try_again(
    content: dict[str, object], client: Client, now: datetime
) -> None:
    _work(now, minutes=1)
    row = Broadcast.objects.get()
    client.force_login(build.operator(username="vi", role="viewer"))
    assert b"/again/" not in client.get("/admin/messages/").content
    assert client.post(f"/admin/messages/{row.pk}/again/").status_code == 403
    assert not parking.try_again(broadcast_id=0, now=now)
