"""What was told dead is told again when it goes: by recovery, or as no longer watched."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps

from components import catalogue
from monitoring import inventory, listening, recording, reminding, reports, tokens, told_deaths
from monitoring.models import (
    AlertChannel,
    AlertSettings,
    Mode,
    Node,
    Replica,
    TokenKind,
    ToldDeath,
)
from monitoring.reports import Report, Said
from probing.health import Health
from tests import build
from tests.monitoring.observing import answered, refused

pytestmark = [pytest.mark.django_db, pytest.mark.req("F1")]
MINUTE = timedelta(minutes=1)


def told(kind: str = "email") -> list[tuple[str, str]]:
    rows = apps.get_model("notifications", "Delivery").objects.filter(channel=kind)
    messages: list[dict[str, Any]] = [row.message for row in rows.order_by("id")]
    return [(message["subject"], message.get("tone", "notice")) for message in messages]


@pytest.fixture
def mail() -> AlertChannel:
    return AlertChannel.objects.create(kind="email", recipients=["ops@example.com"])


def dead(now: datetime) -> Replica:
    component = build.component(name="Shop")
    replica = build.replica(node=build.node(component=component, name="Web", slug="web"))
    recording.record(observations=[refused(replica, now)], now=now)
    return replica


REMOVALS: dict[str, Callable[[Replica, datetime], object]] = {
    "replica": lambda replica, now: inventory.remove_replica(replica=replica, now=now),
    "node": lambda replica, now: inventory.remove_node(node=replica.node, now=now),
    "component": lambda replica, now: catalogue.remove_component(component=replica.node.component),
    "other address": lambda replica, now: inventory.change_replica(
        replica=replica, address="tcp://127.0.0.1:9", now=now
    ),
}


@pytest.mark.parametrize("way", REMOVALS)
def test_what_goes_while_it_is_dead_is_told_once(
    way: str, mail: AlertChannel, now: datetime
) -> None:
    replica = dead(now)
    REMOVALS[way](Replica.objects.select_related("node__component").get(), now + MINUTE)

    assert told_deaths.tell_gone(now=now + MINUTE) == 1
    assert told_deaths.tell_gone(now=now + 2 * MINUTE) == 0
    assert told() == [
        ("Shop / Web, replica 1 is dead", "problem"),
        ("Shop / Web, replica 1 is no longer watched", "recovery"),
    ]
    row = apps.get_model("notifications", "Delivery").objects.latest("id")
    assert replica.address in row.message["text"]


def test_a_pager_stays_open_while_something_else_that_was_told_is_dead(
    mail: AlertChannel, now: datetime
) -> None:
    first, second = build.replica(), build.replica()
    recording.record(observations=[refused(first, now), refused(second, now)], now=now)
    inventory.remove_replica(replica=first, now=now)
    told_deaths.tell_gone(now=now + MINUTE)
    assert [tone for _, tone in told()] == ["problem", "notice"]

    later = now + 2 * MINUTE
    recording.record(observations=[answered(second, later)], now=later)
    assert [tone for _, tone in told()] == ["problem", "notice", "recovery"]
    assert not ToldDeath.objects.exists()


def test_what_recovered_or_was_never_told_goes_without_a_word(
    mail: AlertChannel, now: datetime
) -> None:
    replica = dead(now)
    recording.record(observations=[answered(replica, now + MINUTE)], now=now + MINUTE)
    muted = build.replica(node=build.node(muted_until=now + 60 * MINUTE))
    recording.record(observations=[refused(muted, now + MINUTE)], now=now + MINUTE)
    before = told()
    Replica.objects.all().delete()
    assert told_deaths.tell_gone(now=now + 2 * MINUTE) == 0
    assert told() == before


@pytest.mark.parametrize("is_removed", [False, True])
def test_a_pager_for_reminders_only_is_closed_too(is_removed: bool, now: datetime) -> None:
    AlertSettings.objects.create(reminder_interval_s=300)
    pager = AlertChannel(kind="pagerduty", reminders_only=True)
    pager.secrets = {"routing_key": "0" * 32}
    pager.save()
    AlertChannel.objects.create(kind="email", recipients=["a@example.com"], reminders_only=True)
    replica = dead(now)
    reminding.remind(now=now + 5 * MINUTE)
    if is_removed:
        inventory.remove_replica(replica=replica, now=now + 6 * MINUTE)
        told_deaths.tell_gone(now=now + 6 * MINUTE)
    else:
        later = now + 6 * MINUTE
        recording.record(observations=[answered(replica, later)], now=later)

    assert [tone for _, tone in told("pagerduty")] == ["problem", "recovery"]
    assert [tone for _, tone in told("email")] == ["problem"]


@pytest.mark.req("E2")
def test_nobody_is_mailed_about_what_only_a_local_token_ever_named(
    mail: AlertChannel, now: datetime
) -> None:
    node = build.node(component=build.component(slug="lan"), slug="db", mode=Mode.LOCAL)
    watched = inventory.add_replica(node=node, address="tcp://10.0.0.5:3306", now=now)
    _, secret = tokens.create(kind=TokenKind.LOCAL, now=now)
    for name in ("tcp://10.0.0.99:1", watched.address):
        said = Said(replica=name, interval_s=60, word=Health.DEAD)
        reports.receive(
            reports=[
                Report(
                    token_digest=tokens.digest(secret),
                    service="lan",
                    node="db",
                    said=said,
                    at=now + MINUTE,
                )
            ]
        )
    assert Replica.objects.filter(health=Health.DEAD).count() == 2
    listening.find_silent(now=now + MINUTE)
    ((subject, _),) = told()
    assert subject.endswith("replica 1 is dead")


def test_a_polled_node_that_turns_local_keeps_its_say(now: datetime) -> None:
    replica = build.replica(node=build.node(), next_probe_at=now)
    inventory.change_node(node=Node.objects.get(), mode=Mode.LOCAL, now=now)
    replica.refresh_from_db()
    assert replica.first_healthy_at == now
