"""/metrics: who may read it, what it says, and at what cost."""

import tomllib
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus
from pytest_django import Settings

from components import claims
from components.status import Source, Status
from incidents.lifecycle import Impact
from monitoring.models import Sample
from monitoring.packing import Outcome
from observability import access, families, reading
from observability.families import FactsCollector
from tests import build

pytestmark = pytest.mark.django_db

BEARER = {"Authorization": "Bearer a-token-of-ours"}


@pytest.fixture
def token(settings: Settings) -> None:
    settings.METRICS_TOKEN = "a-token-of-ours"


def values(now: datetime) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every sample, by its name and the values of its labels."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in FactsCollector(reading.facts(now=now)).collect()
        for sample in family.samples
    }


def test_nobody_may_read_while_neither_token_nor_network_is_set(client: Client) -> None:
    answer = client.get("/metrics", headers=BEARER)

    assert answer.status_code == 403
    assert b"CANDOR_METRICS_TOKEN" in answer.content


@pytest.mark.usefixtures("token")
def test_the_token_opens_and_anything_else_does_not(client: Client) -> None:
    for shown in ("", "Bearer wrong", "Basic a-token-of-ours", "Bearer "):
        answer = client.get("/metrics", headers={"Authorization": shown})
        assert answer.status_code == 401
        assert b"candor_" not in answer.content
    assert client.get("/metrics", headers=BEARER).status_code == 200


def test_a_listed_network_may_read_without_a_token(client: Client, settings: Settings) -> None:
    settings.METRICS_NETWORKS = (ip_network("10.0.0.0/8"),)

    assert client.get("/metrics", REMOTE_ADDR="10.1.2.3").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.1").status_code == 401


def test_an_empty_token_opens_nothing() -> None:
    assert not access.allows(authorization="Bearer ", client="", token="", networks=())


@pytest.mark.usefixtures("token")
def test_both_forms_are_read_by_their_parsers(client: Client) -> None:
    build.replica(node=build.node(component=build.component(name='A "quoted"\nname')))
    accept = "application/openmetrics-text; version=1.0.0"

    plain = client.get("/metrics", headers=BEARER)
    open_form = client.get("/metrics", headers={**BEARER, "Accept": accept})

    assert plain["Content-Type"].startswith("text/plain; version=")
    assert open_form["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    parsed = openmetrics(open_form.content.decode())  # type: ignore[no-untyped-call]
    names = {family.name for family in parsed}
    assert names == {
        family.name.removesuffix("_total").removesuffix("_info")
        for family in prometheus(plain.content.decode())
    }
    assert all(name.startswith("candor_") for name in names)
    assert {"candor_component_status", "candor_probe_checks", "candor_build"} <= names


def test_statuses_uptime_and_replicas_are_told(now: datetime) -> None:
    component = build.component(name="API", group=build.group(name="Core"))
    node = build.node(component=component, name="web")
    build.replica(
        node=node,
        address="https://user:secret@example.com/health?key=secret",
        health="dead",
        fresh_until=now + timedelta(minutes=1),
        latency_ms=250.0,
    )
    claims.set_claim(
        component=component,
        source=Source.MONITOR,
        reference="monitors",
        claimed=Status.MAJOR_OUTAGE,
        now=now - timedelta(hours=6),
    )

    found = values(now)

    assert found["candor_component_status", ("API", "Core", "major_outage")] == 1
    assert found["candor_component_status", ("API", "Core", "operational")] == 0
    assert found["candor_page_status", ("major_outage",)] == 1
    assert found["candor_component_uptime_ratio", ("API", "Core", "24h")] == 0.75
    labels = ("API", "web", "https://example.com/health")
    assert found["candor_replica_up", labels] == 0
    assert found["candor_replica_response_time_seconds", labels] == 0.25


def test_a_replica_of_which_nothing_is_known_is_neither_up_nor_down(now: datetime) -> None:
    build.replica(health="healthy", fresh_until=now - timedelta(minutes=1))

    assert "candor_replica_up" not in {name for name, _ in values(now)}


def test_checks_are_a_counter_and_a_histogram(now: datetime) -> None:
    replica = build.replica()
    for latency_ms, outcome in ((20, Outcome.HEALTHY), (300, Outcome.SICK), (None, Outcome.DEAD)):
        Sample.objects.create(replica=replica, at=now, latency_ms=latency_ms, outcome=outcome)

    found = values(now)

    assert found["candor_probe_checks_total", ("dead",)] == 1
    assert found["candor_probe_duration_seconds_count", ()] == 2
    assert found["candor_probe_duration_seconds_bucket", ("0.025",)] == 1
    assert found["candor_probe_duration_seconds_bucket", ("+Inf",)] == 2
    assert found["candor_probe_duration_seconds_sum", ()] == pytest.approx(0.32)


def test_open_incidents_are_counted_by_impact(now: datetime) -> None:
    build.incident(components={build.component(): None}, impact=Impact.CRITICAL, now=now)

    found = values(now)

    assert found["candor_incidents_open", ("critical",)] == 1
    assert found["candor_incidents_open", ("minor",)] == 0
    assert found["candor_maintenance_active", ()] == 0


def test_the_number_of_statements_does_not_grow_with_what_there_is_to_tell(
    now: datetime, django_assert_num_queries: Any
) -> None:
    with_one = _statements(now)
    for _ in range(20):
        build.replica()
    build.incident(components={build.component(): None}, now=now)

    with django_assert_num_queries(with_one):
        reading.facts(now=now)


def _statements(now: datetime) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    build.replica()
    build.incident(components={build.component(): None}, now=now)
    with CaptureQueriesContext(connection) as captured:
        families.registry(reading.facts(now=now))
    return len(captured)


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((Path(settings.BASE_DIR) / "pyproject.toml").read_text())

    assert project["project"]["version"] == settings.VERSION
