"""How far an event is on its way, and who is told when a promise is missed."""

from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.test import Client

from public_pages import readiness
from subscribers import fanout, meter
from subscribers.models import Broadcast
from tests import build

pytestmark = pytest.mark.django_db
Delivery = apps.get_model("notifications", "Delivery")


def _announced(now: datetime, *, people: int = 3) -> str:
    for _ in range(people):
        build.subscriber()
    incident = build.incident(components={build.component(): None}, now=now)
    fanout.expand(now=now)
    return f"incident:{incident.public_id}"


def _sent(count: int, *, at: datetime) -> None:
    ids = list(Delivery.objects.filter(state="pending").values_list("id", flat=True)[:count])
    Delivery.objects.filter(id__in=ids).update(state="sent", sent_at=at, next_attempt_at=None)


def test_it_counts_what_is_sent_and_what_waits(now: datetime) -> None:
    topic = _announced(now)
    _sent(2, at=now)
    (found,) = meter.of(topic=topic, now=now + timedelta(seconds=40))
    (gauge,) = found.gauges
    assert (gauge.sent, gauge.total, gauge.waiting, gauge.percent) == (2, 3, 1, 66)
    assert gauge.waited == timedelta(seconds=40)
    assert not found.is_missed


@pytest.mark.req("O2")
@pytest.mark.parametrize(("minutes", "is_missed"), [(5, False), (6, True)])
def test_a_mail_that_waits_longer_than_five_minutes_misses_the_promise(
    now: datetime, minutes: int, is_missed: bool
) -> None:
    topic = _announced(now)
    (found,) = meter.of(topic=topic, now=now + timedelta(minutes=minutes))
    assert found.is_missed is is_missed


def test_one_that_left_too_late_stays_missed_and_one_in_time_kept(now: datetime) -> None:
    topic = _announced(now)
    _sent(3, at=now + timedelta(minutes=5))
    assert not meter.of(topic=topic, now=now + timedelta(hours=1))[0].is_missed
    Delivery.objects.update(sent_at=now + timedelta(minutes=5, seconds=1))
    assert meter.of(topic=topic, now=now + timedelta(hours=1))[0].is_missed


@pytest.mark.req("O2", "O3")
def test_a_miss_is_told_to_the_owners_once(now: datetime) -> None:
    build.operator(email="owner@example.com")
    _announced(now)
    assert meter.note_misses(now=now + timedelta(minutes=1)) == 0
    assert meter.note_misses(now=now + timedelta(minutes=6)) == 1
    assert meter.note_misses(now=now + timedelta(minutes=7)) == 0
    letter = Delivery.objects.get(address="owner@example.com")
    assert "email: 0 of 3 sent" in letter.message["text"]
    assert Broadcast.objects.get().missed_at is not None


@pytest.mark.req("O2", "O3")
@pytest.mark.parametrize("state", ["failed", "unknown", "expired"])
def test_what_never_left_is_missed_and_told(now: datetime, state: str) -> None:
    build.operator(email="owner@example.com")
    topic = _announced(now)
    _sent(2, at=now)
    Delivery.objects.filter(state="pending").update(state=state, next_attempt_at=None)
    assert meter.of(topic=topic, now=now)[0].is_missed
    assert meter.note_misses(now=now) == 1
    letter = Delivery.objects.get(address="owner@example.com")
    assert "email: 2 of 3 sent, 1 failed" in letter.message["text"]


@pytest.mark.parametrize(("reached", "is_missed"), [(2, False), (0, True)])
def test_one_dead_mailbox_of_many_breaks_no_promise(
    now: datetime, reached: int, is_missed: bool
) -> None:
    topic = _announced(now)
    _sent(reached, at=now)
    Delivery.objects.filter(state="pending").update(
        state="failed", bounced_at=now, next_attempt_at=None
    )
    assert meter.of(topic=topic, now=now)[0].is_missed is is_missed


@pytest.mark.req("O3")
def test_an_event_that_is_not_prepared_after_two_minutes_is_missed_and_told(
    client: Client, now: datetime
) -> None:
    operator = build.operator(email="owner@example.com")
    build.subscriber()
    build.incident(components={build.component(): None}, now=now)
    Broadcast.objects.update(content={"title": "Of no version that we know"})
    fanout.expand(now=now)

    assert meter.note_misses(now=now + timedelta(minutes=2)) == 0
    late = now + timedelta(minutes=2, seconds=1)
    assert "deliveries" not in readiness.problems(now=now)
    assert "not prepared" in readiness.problems(now=late)["deliveries"]
    assert meter.note_misses(now=late) == 1
    letter = Delivery.objects.get(address="owner@example.com")
    assert "Not all messages are prepared" in letter.message["text"]
    client.force_login(operator)
    shown = client.get("/admin/messages/").content.decode()
    assert "Of no version that we know" in shown
    assert "The messages cannot be prepared" in shown


def test_a_deleted_event_misses_nothing(now: datetime) -> None:
    topic = _announced(now)
    fanout.cancel(topic=topic, now=now)
    assert meter.note_misses(now=now + timedelta(minutes=30)) == 0


def test_the_screen_shows_the_meters(client: Client, now: datetime) -> None:
    _announced(now)
    client.force_login(build.operator())
    shown = client.get("/admin/messages/")
    assert shown.status_code == 200
    assert "0 / 3" in shown.content.decode()
    assert "missed" in shown.content.decode()
