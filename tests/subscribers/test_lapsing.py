"""Who is no subscriber is forgotten."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps

from components import catalogue
from subscribers import canonical, lapsing, subscribing
from subscribers.models import Origin, State, Subscriber
from tests import build

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_who_only_asked_is_forgotten_after_a_week(now: datetime) -> None:
    mailbox = canonical.mailbox("ada@example.com")
    subscribing.ask(
        page=catalogue.page(),
        channel="email",
        address=mailbox.address,
        canonical=mailbox.key,
        choice=subscribing.Choice(),
        origin=Origin.FORM,
        now=now,
    )
    assert lapsing.forget_lapsed(now=now + 6 * DAY) == 0
    assert lapsing.forget_lapsed(now=now + 8 * DAY) == 1
    assert not Subscriber.objects.exists()
    rows = apps.get_model("notifications", "Delivery").objects.all()
    assert not [row for row in rows if "ada" in row.address]


def test_who_left_is_forgotten_after_a_month_unless_they_came_back(now: datetime) -> None:
    ended: dict[str, Any] = {"state": State.ENDED, "ended_at": now}
    build.subscriber(address="gone@example.com", **ended)
    build.subscriber(address="gone@example.com", follows="incident:abc", **ended)
    build.subscriber(address="back@example.com", follows="incident:abc", **ended)
    build.subscriber(address="back@example.com")
    build.subscriber(channel="sms", address="+4915123456789", **ended)

    assert lapsing.forget_lapsed(now=now + 29 * DAY) == 0
    assert lapsing.forget_lapsed(now=now + 31 * DAY) == 1
    left = sorted(Subscriber.objects.values_list("address", flat=True))
    assert left == ["+4915123456789", "back@example.com", "back@example.com"]
