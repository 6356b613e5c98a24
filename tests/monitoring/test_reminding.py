from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps

from monitoring import recording, reminding
from monitoring.models import AlertChannel, AlertSettings, Node
from tests import build
from tests.monitoring.observing import answered, refused

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def operators() -> None:
    AlertChannel.objects.create(kind="email", recipients=["ops@example.com", "cto@example.com"])
    AlertSettings.objects.create(reminder_interval_s=300, reminder_backoff="linear")


def reminders(address: str = "ops@example.com") -> list[dict[str, Any]]:
    rows = apps.get_model("notifications", "Delivery").objects.filter(
        dedupe_key__startswith="reminder:", address=address
    )
    return [row.message for row in rows.order_by("id")]


def test_reminders_come_ever_more_rarely_while_it_is_dead_and_begin_anew(now: datetime) -> None:
    replica = build.replica()
    recording.record(observations=[refused(replica, now)], now=now)
    sent_at = [n for n in range(1, 40) if reminding.remind(now=now + n * MINUTE)]
    assert sent_at == [5, 15, 30]

    later = now + 40 * MINUTE
    recording.record(observations=[answered(replica, later)], now=later)
    assert reminding.remind(now=later + 60 * MINUTE) == 0
    again = later + 61 * MINUTE
    recording.record(observations=[refused(replica, again)], now=again)
    assert [n for n in range(1, 12) if reminding.remind(now=again + n * MINUTE)] == [5]


def test_a_reminder_says_what_is_dead_and_for_how_long(now: datetime) -> None:
    replica = build.replica(node=build.node(name="Gateway"))
    recording.record(observations=[refused(replica, now)], now=now)
    reminding.remind(now=now + 5 * MINUTE)
    (message,) = reminders()
    assert message["subject"].startswith("Still dead: ")
    assert "Gateway, replica 1, for 5 min." in message["text"]
    assert message["payload"]["dead"][0]["dead_for_s"] == 300


def test_reminders_are_muted_globally_and_by_node(now: datetime) -> None:
    replica = build.replica()
    recording.record(observations=[refused(replica, now)], now=now)
    AlertSettings.objects.update(muted_until=now + 10 * MINUTE)
    assert reminding.remind(now=now + 9 * MINUTE) == 0
    Node.objects.update(muted_until=now + 20 * MINUTE)
    assert reminding.remind(now=now + 19 * MINUTE) == 0
    assert reminding.remind(now=now + 20 * MINUTE) == 2


def test_escalation_makes_it_urgent_for_one_recipient_more_each_time(now: datetime) -> None:
    AlertSettings.objects.update(escalates=True, reminder_backoff="none")
    recording.record(observations=[refused(build.replica(), now)], now=now)
    reminding.remind(now=now + 5 * MINUTE)
    reminding.remind(now=now + 10 * MINUTE)
    assert [bool(m.get("is_urgent")) for m in reminders()] == [True, True]
    assert [bool(m.get("is_urgent")) for m in reminders("cto@example.com")] == [False, True]


def test_reminders_are_off_until_an_interval_is_chosen(now: datetime) -> None:
    AlertSettings.objects.update(reminder_interval_s=None)
    recording.record(observations=[refused(build.replica(), now)], now=now)
    assert reminding.remind(now=now + 600 * MINUTE) == 0


def test_a_channel_for_reminders_only_gets_nothing_else(now: datetime) -> None:
    AlertChannel.objects.update(reminders_only=True)
    replica = build.replica()
    recording.record(observations=[refused(replica, now)], now=now)
    assert reminding.remind(now=now + 5 * MINUTE) == 2
    later = now + 6 * MINUTE
    recording.record(observations=[answered(replica, later)], now=later)
    rows = apps.get_model("notifications", "Delivery").objects.all()
    assert {row.dedupe_key.partition(":")[0] for row in rows} == {"reminder"}
