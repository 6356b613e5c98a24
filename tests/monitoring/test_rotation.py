"""A signing secret that was replaced signs for one day more."""

from datetime import datetime, timedelta

import pytest

from monitoring import alert_channels, health_webhook, rotation
from monitoring.models import AlertChannel, HealthHook
from notifications.channels.webhook import new_secret

pytestmark = [pytest.mark.django_db, pytest.mark.req("G9", "F2")]
MINUTE, DAY = timedelta(minutes=1), timedelta(hours=24)
URL = "https://hooks.example.com/status"


def replace_in_hook(secret: str) -> None:
    health_webhook.save_hook(
        hook=HealthHook.objects.first() or HealthHook(),
        name="Router",
        is_enabled=True,
        values={"url": URL, "secret": secret},
    )


def replace_in_channel(secret: str) -> None:
    alert_channels.save(
        channel=AlertChannel.objects.first() or AlertChannel(kind="webhook"),
        name="",
        is_enabled=True,
        tells_recovery=True,
        reminders_only=False,
        values={"url": URL, "secret": secret},
    )


def secrets() -> dict[str, str]:
    row = HealthHook.objects.first() or AlertChannel.objects.get()
    return row.secrets


@pytest.mark.parametrize("replace", [replace_in_hook, replace_in_channel])
def test_the_secret_before_is_forgotten_after_24_hours(replace: object, now: datetime) -> None:
    assert callable(replace)
    first, second, third = new_secret(), new_secret(), new_secret()
    replace(first)
    assert rotation.forget_replaced(now=now) == 0
    replace(second)
    rotation.forget_replaced(now=now)
    assert rotation.forget_replaced(now=now + DAY - MINUTE) == 0
    assert secrets()["previous_secret"] == first

    replace(third)  # a second replacement has a day of its own
    assert rotation.forget_replaced(now=now + DAY) == 0
    assert secrets()["previous_secret"] == second
    assert rotation.forget_replaced(now=now + 2 * DAY) == 1
    assert (secrets()["secret"], secrets().get("previous_secret")) == (third, None)
    assert secrets()["url"] == URL
    assert rotation.forget_replaced(now=now + 3 * DAY) == 0


def test_what_cannot_be_read_any_more_stops_nobody(now: datetime) -> None:
    HealthHook.objects.create(name="Broken", sealed="not a seal")
    replace_in_channel(new_secret())
    replace_in_channel(new_secret())
    rotation.forget_replaced(now=now)
    assert rotation.forget_replaced(now=now + DAY) == 1
