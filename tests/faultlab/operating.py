"""The operator of the laboratory: does what it is told on its standard input, one line of JSON each.

A program of its own, inside the product (`python -m tests.faultlab.operating`): it publishes through
the same operations as the console, and reads the tables for the verdict.
"""

import base64
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

django.setup()

from cryptography.hazmat.primitives import serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from django.apps import apps  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import close_old_connections, connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from common import sealing  # noqa: E402
from components import catalogue  # noqa: E402
from components.models import Component  # noqa: E402
from incidents import publishing  # noqa: E402
from incidents.lifecycle import Impact, State  # noqa: E402
from incidents.models import Incident  # noqa: E402
from incidents.publishing import Report  # noqa: E402
from notifications import outbox  # noqa: E402
from notifications.channels import CHANNELS  # noqa: E402
from notifications.channels.webhook import new_secret  # noqa: E402
from notifications.messages import Message  # noqa: E402
from subscribers.models import (  # noqa: E402
    Broadcast,
    Integration,
    Subscriber,
    Suppression,
)
from tests.faultlab.hostile import host  # noqa: E402

WARM = "warm@example.com"
STAGES = (None, State.IDENTIFIED, State.MONITORING, State.RESOLVED)


def migrate() -> None:
    """Make the tables."""
    call_command("migrate", verbosity=0)


def seed(*, counts: dict[str, int], http: str, hooks: list[str]) -> dict[str, int]:
    """One component, and so many subscribers on each channel; `hooks` are URLs of further webhooks."""
    now = timezone.now() - timedelta(seconds=5)
    catalogue.add_component(name="API", slug="api", now=now)
    made = {}
    for channel, count in counts.items():
        if channel == "slack":
            sealed = sealing.seal_mapping({"url": f"{http}/slack/page"})
            Integration.objects.create(kind="slack", is_enabled=True, changed_at=now, sealed=sealed)
            made[channel] = 1
        elif channel in CHANNELS:
            places = [_place(channel, number, http) for number in range(count)]
            _subscribe(channel, places, now)
            made[channel] = count
    secret = new_secret()
    _subscribe("webhook", [(url, {"url": url, "secret": secret}) for url in hooks], now)
    return made


def _place(channel: str, number: int, http: str) -> tuple[str, dict[str, str]]:
    """The address of a subscriber, and what is sealed with it."""
    if channel == "email":
        return f"reader{number}@example.com", {}
    if channel == "sms":
        return f"+1555{number:07d}", {}
    if channel == "webhook":
        url = http.replace("127.0.0.1", host(1, number)) + f"/webhook/{number}"
        return f"webhook-{number}", {"url": url, "secret": new_secret()}
    # Browsers have few push services.
    url = http.replace("127.0.0.1", f"127.2.0.{number % 3 + 1}") + f"/webpush/{number}"
    return f"{channel}-{number}", {"endpoint": url, "p256dh": _push_key(), "auth": "A" * 22}


def _push_key() -> str:
    point = (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )
    return base64.urlsafe_b64encode(point).decode().rstrip("=")


def _subscribe(channel: str, places: list[tuple[str, dict[str, str]]], now: Any) -> None:
    rows = []
    for address, secrets in places:
        row = Subscriber(
            channel=channel,
            address=address,
            canonical=address,
            state="active",
            created_at=now,
            confirmed_at=now,
        )
        if secrets:
            row.secrets = secrets
        rows.append(row)
    Subscriber.objects.bulk_create(rows, batch_size=2000)


def post(*, number: int, title: str) -> list[float]:
    """Publish update `number` of an incident (0 opens it): when it began and when it was done."""
    began = time.time()
    if number == 0:
        report = Report(
            title=title,
            text="We look at it.",
            impact=Impact.MAJOR,
            components={Component.objects.get().id: None},
        )
        publishing.open_incident(report=report, notify=True, now=timezone.now())
    else:
        state = STAGES[min(number, 3)]
        assert state is not None
        publishing.post_update(
            incident=Incident.objects.get(title=title),
            state=state,
            text=f"Update {number}.",
            notify=True,
            now=timezone.now(),
        )
    return [began, time.time()]


def warm() -> bool:
    """Put one letter, to see whether everything runs."""
    return outbox.put(
        channel="email",
        address=WARM,
        message=Message(subject="warm", text="x"),
        dedupe_key="warm",
        now=timezone.now(),
    )


def counts() -> dict[str, Any]:
    """How many deliveries of events there are by state, and how many events are not expanded yet."""
    rows = apps.get_model("notifications", "Delivery").objects.exclude(topic="")
    return {
        "rows": rows.count(),
        "states": Counter(rows.values_list("state", flat=True)),
        "unexpanded": Broadcast.objects.unfinished().count(),
    }


def handed() -> list[str]:
    """The deliveries that a sender has handed over and not noted the end of."""
    leased = apps.get_model("notifications", "Delivery").objects.filter(state="leased")
    return [row.public_id for row in leased.filter(handed_at__isnull=False)]


def rows() -> dict[str, Any]:
    """Every delivery of an event, and when each event was announced."""
    deliveries = apps.get_model("notifications", "Delivery").objects.exclude(topic="")
    names = {each.id: each.title for each in Incident.objects.all()}
    return {
        "rows": [
            {
                "id": row.public_id,
                "key": row.dedupe_key,
                "topic": row.topic,
                "sequence": row.sequence,
                "channel": row.channel,
                "address": row.address,
                "state": row.state,
                "attempts": row.attempts,
                "copies": row.copies,
                "error": row.last_error,
                "next_attempt_in_s": (row.next_attempt_at - timezone.now()).total_seconds()
                if row.next_attempt_at
                else None,
            }
            for row in deliveries.order_by("sequence", "id")
        ],
        "announced": {each.key: each.created_at.timestamp() for each in Broadcast.objects.all()},
        "titles": {each.topic: _title(each) for each in Broadcast.objects.all()},
        "incidents": sorted(names.values()),
        "unexpanded": Broadcast.objects.unfinished().count(),
        "suppressed": sorted(Suppression.objects.values_list("canonical", flat=True)),
        "paused": sorted(
            Subscriber.objects.filter(state="paused").values_list("address", flat=True)
        ),
    }


def _title(row: Broadcast) -> str:
    return str(row.content.get("title", ""))


def _serve() -> None:
    jobs: dict[str, Callable[..., Any]] = {
        "migrate": migrate,
        "seed": seed,
        "post": post,
        "warm": warm,
        "counts": counts,
        "handed": handed,
        "rows": rows,
    }
    for line in sys.stdin:
        name, arguments = json.loads(line)
        close_old_connections()
        try:
            said = {"result": jobs[name](**arguments)}
        except Exception as error:  # noqa: BLE001 - told to whoever asked
            connection.close()
            said = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    _serve()
