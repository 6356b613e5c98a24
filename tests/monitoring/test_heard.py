"""When a location was last heard: written when its daemon or worker gives a sign, and shown."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from monitoring import heard, reports, tasks, tokens
from monitoring.models import Location, Mode, TokenKind
from monitoring.reports import Report, Said
from probing.health import Health
from tests import build

pytestmark = [pytest.mark.django_db, pytest.mark.req("V1")]


@pytest.fixture
def paris() -> Location:
    return Location.objects.create(name="Paris", slug="paris")


def seen() -> datetime | None:
    return Location.objects.get().last_seen_at


def test_a_daemon_is_heard_when_it_reports(paris: Location, now: datetime) -> None:
    build.node(component=build.component(slug="lan"), slug="db", mode=Mode.LOCAL)
    _, secret = tokens.create(kind=TokenKind.LOCAL, now=now, location=paris)
    assert seen() is None
    reports.receive(
        reports=[
            Report(
                token_digest=tokens.digest(secret),
                service="lan",
                node="db",
                said=Said(replica="tcp://10.0.0.5:1", interval_s=60, word=Health.HEALTHY),
                at=now,
            )
        ]
    )
    assert seen() == now


def test_it_is_noted_once_a_minute_and_never_turned_back(paris: Location, now: datetime) -> None:
    for seconds, expected in ((0, 0), (59, 0), (60, 60), (30, 60)):
        heard.note(location="paris", now=now + timedelta(seconds=seconds))
        assert seen() == now + timedelta(seconds=expected)


def test_a_worker_of_a_location_is_heard_with_its_batch_and_no_other(
    paris: Location, settings: Settings
) -> None:
    tasks.probe_batch(replica_ids=[])
    assert seen() is None
    settings.LOCATION = "paris"
    tasks.probe_batch(replica_ids=[])
    assert seen() is not None


def test_the_console_says_when_each_location_was_heard(
    paris: Location, client: Client, now: datetime
) -> None:
    client.force_login(build.operator())
    url = reverse("admin:node_verdict", args=[build.node().pk])
    assert "Paris (never heard)" in client.get(url).content.decode()
    Location.objects.update(last_seen_at=now)
    assert "Paris (last heard 19 Nov 2026, 14:32)" in client.get(url).content.decode()
