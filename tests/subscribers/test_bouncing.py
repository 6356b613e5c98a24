"""Nothing more is sent where nothing arrives, and somebody is told."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps

from notifications import outbox
from notifications.messages import Message
from subscribers import bouncing, granting
from subscribers.models import Integration, Subscriber, Suppression
from tests import build

pytestmark = pytest.mark.django_db
Delivery = apps.get_model("notifications", "Delivery")


def _delivery(row: Subscriber | None, *, at: datetime, state: str, **fields: Any) -> None:
    """A delivery to this subscriber that was put at this time and came to this end."""
    values: dict[str, Any] = {"channel": "email", "address": "page slack", "grant": ""}
    if row is not None:
        values = {
            "channel": row.channel,
            "address": row.address,
            "grant": granting.grant_of(row.id),
        }
    values |= {name: fields.pop(name) for name in ("channel",) if name in fields}
    key = f"event:{at.isoformat()}:{values['address']}"
    message = Message(subject="s", text="t")
    outbox.put_many(letters=[outbox.Letter(message=message, dedupe_key=key, **values)], now=at)
    is_open = state in {"pending", "leased"}
    Delivery.objects.filter(dedupe_key=key).update(
        state=state, **({} if is_open else {"next_attempt_at": None}), **fields
    )


def _bounce(row: Subscriber | None, *, at: datetime, **fields: Any) -> None:
    _delivery(row, at=at, state="failed", bounced_at=at, last_error="550 nobody", **fields)


def _state(row: Subscriber) -> str:
    row.refresh_from_db()
    return row.state


@pytest.mark.req("D6")
def test_a_hard_bounce_suppresses_the_address_and_stops_what_waits(now: datetime) -> None:
    gone, fine = build.subscriber(), build.subscriber()
    _bounce(gone, at=now)
    _delivery(gone, at=now + timedelta(seconds=1), state="pending")
    _delivery(fine, at=now, state="pending")

    assert bouncing.retire_bounced(now=now) == 1
    assert bouncing.retire_bounced(now=now) == 0

    assert (_state(gone), _state(fine)) == ("ended", "active")
    assert Suppression.objects.get().canonical == gone.canonical
    assert set(Delivery.objects.filter(state="pending").values_list("address", flat=True)) == {
        fine.address
    }


def test_a_bounce_from_before_the_last_confirmation_says_nothing(now: datetime) -> None:
    row = build.subscriber(confirmed_at=now)
    _bounce(row, at=now - timedelta(hours=1))
    assert bouncing.retire_bounced(now=now) == 0
    assert _state(row) == "active"


def test_mail_that_fails_for_three_days_pauses_and_does_not_suppress(now: datetime) -> None:
    row = build.subscriber()
    _delivery(row, at=now - timedelta(hours=73), state="failed", last_error="450 full")
    assert bouncing.retire_bounced(now=now) == 0
    _delivery(row, at=now, state="pending", attempts=1, last_error="450 full")
    assert bouncing.retire_bounced(now=now) == 1
    assert _state(row) == "paused"
    assert not Suppression.objects.exists()
    assert not Delivery.objects.filter(state="pending").exists()


def test_a_success_in_between_means_that_all_is_well(now: datetime) -> None:
    row = build.subscriber()
    _delivery(row, at=now - timedelta(hours=90), state="failed", last_error="450 full")
    sent_at = now - timedelta(hours=2)
    _delivery(row, at=now - timedelta(hours=3), state="sent", sent_at=sent_at)
    _delivery(row, at=now, state="pending", attempts=1, last_error="450 full")
    assert bouncing.retire_bounced(now=now) == 0


@pytest.mark.parametrize(("days", "state"), [(4, "active"), (5, "paused")])
def test_an_endpoint_is_switched_off_after_five_days_of_failures(
    now: datetime, days: int, state: str
) -> None:
    build.operator(email="owner@example.com")
    row = build.subscriber(channel="webhook", address="hooks.example.com")
    _delivery(row, at=now - timedelta(days=days), state="failed", last_error="500")
    _delivery(row, at=now, state="pending", attempts=2, last_error="500")
    bouncing.retire_bounced(now=now)
    assert _state(row) == state
    told = Delivery.objects.filter(address="owner@example.com")
    assert told.exists() == (state == "paused")


def test_an_endpoint_that_is_gone_is_switched_off_at_once_and_told(
    now: datetime,
) -> None:
    build.operator(email="owner@example.com")
    row = build.subscriber(channel="webhook", address="hooks.example.com")
    _bounce(row, at=now)
    bouncing.retire_bounced(now=now)
    bouncing.retire_bounced(now=now)
    assert _state(row) == "paused"
    letter = Delivery.objects.get(address="owner@example.com")
    assert "hooks.example.com" in letter.message["text"]


def test_an_integration_of_the_page_that_is_gone_is_switched_off_and_told(now: datetime) -> None:
    build.operator(email="owner@example.com")
    slack = Integration.objects.create(kind="slack", is_enabled=True)
    _bounce(None, at=now, channel="slack")
    bouncing.retire_bounced(now=now)
    slack.refresh_from_db()
    assert not slack.is_enabled
    assert Delivery.objects.filter(address="owner@example.com").count() == 1
