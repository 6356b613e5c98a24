"""Shorthand of the delivery tests: put a letter, drain, look at a row."""

import itertools
from datetime import datetime
from typing import Any

from pytest_django import Settings

from notifications import delivering, outbox, runs
from notifications.messages import Message
from notifications.models import OPEN_STATES, Delivery, State

_numbers = itertools.count(1)


def letter(**fields: Any) -> outbox.Letter:
    defaults: dict[str, Any] = {
        "channel": "email",
        "address": "ops@example.com",
        "message": Message(subject="Website is dead", text="It does not answer.\n"),
        "dedupe_key": f"event:{next(_numbers)}",
    }
    return outbox.Letter(**defaults | fields)


def put(*, now: datetime, **fields: Any) -> Delivery:
    sent = letter(**fields)
    outbox.put_many(letters=[sent], now=now)
    return Delivery.objects.get(dedupe_key=sent.dedupe_key, address=sent.address)


def drain(*, now: datetime, **options: Any) -> runs.Drained:
    """One run in which no time passes and the jitter is in the middle."""
    options = {"elapsed_s": lambda: 0.0, "jitter": lambda: 0.5} | options
    return delivering.drain(now=now, **options)


def become(state: State, *rows: Delivery, **fields: Any) -> None:
    """Put these rows, or all, into a state."""
    chosen = Delivery.objects.filter(id__in=[row.id for row in rows]) if rows else Delivery.objects
    if state not in OPEN_STATES:
        fields["next_attempt_at"] = None
    chosen.update(state=state, **fields)


def fresh(row: Delivery) -> Delivery:
    row.refresh_from_db()
    return row


def use_smtp(settings: Settings, port: int, *, timeout: float = 5) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = port
    settings.EMAIL_TIMEOUT = timeout
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.CANDOR_ORIGIN = "https://status.example.com"
    settings.DEFAULT_FROM_EMAIL = "Acme status <status@example.com>"
