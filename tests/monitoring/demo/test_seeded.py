"""What `bin/manage seed_demo` made of an empty installation, and what it does the second time.

Seeded once for all of these tests, in a transaction that each of them goes back to.
"""

import shutil
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from components import catalogue
from components.models import Component, Page, StatusChange
from components.status import Status
from incidents.models import Incident, Maintenance
from monitoring.demo import ports, seeding
from monitoring.models import AlertChannel, Replica, ResponseSummary, Sample, Span

# On one worker: the targets prefer the same ports.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("demo")]
NOW = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)  # as the fixture `now`


@pytest.fixture(scope="module")
def seeded(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("demo") / "demo"
    with django_db_blocker.unblock(), transaction.atomic():
        assert seeding.seed(folder=folder, now=NOW) > 0
        yield folder
        transaction.set_rollback(True)


@pytest.fixture
def folder(seeded: Path, tmp_path: Path) -> Path:
    """The folder of the demo, a copy for each test."""
    return Path(shutil.copytree(seeded, tmp_path / "demo"))


def test_an_empty_installation_becomes_a_page_with_ninety_days_of_history(
    folder: Path, now: datetime
) -> None:
    page = catalogue.page()
    assert all(Page.objects.values_list("is_demo", flat=True))
    assert (page.name, page.is_demo) == ("Acme", True)
    components = list(Component.objects.all().in_page_order())
    assert len(components) == 8
    assert len({component.group_id for component in components}) == 4, "three groups and none"
    for component in components:
        changes = list(component.changes.order_by("at", "id"))
        assert changes[0].at == component.created_at == now - timedelta(days=90)
        assert changes[-1].status == component.status
        assert component.status_since == changes[-1].at
        for before, after in pairwise(changes):
            assert after.previous == before.status != after.status
            assert before.at < after.at
        assert all(change.is_demo for change in changes if change.at < now)
    assert not StatusChange.objects.filter(is_demo=True, at__gte=now).exists()
    assert not Sample.objects.exists(), "measurements are never made up"


def test_what_was_said_of_the_past_fits_the_history_and_one_maintenance_is_planned(
    folder: Path, now: datetime
) -> None:
    incidents = list(Incident.objects.past())
    assert [incident.title for incident in incidents] == [
        "Some images do not load",
        "API requests time out",
        "The customer portal is not reachable",
    ]
    assert not Incident.objects.open().exists()
    for incident in incidents:
        component = incident.affected.get().component
        assert component.changes.filter(at=incident.started_at).exists()
        back = component.changes.filter(at__gt=incident.started_at).earliest("at")
        assert (back.at, back.status) == (incident.resolved_at, Status.OPERATIONAL)
    assert incidents[-1].postmortem.is_published
    window = Maintenance.objects.get()
    assert now < window.starts_at < now + timedelta(days=3)


def test_what_is_measured_now_is_unknown_until_the_first_real_check(
    folder: Path, now: datetime
) -> None:
    statuses = dict(Component.objects.values_list("slug", "status"))
    assert statuses.pop("support-desk") == Status.OPERATIONAL
    assert set(statuses.values()) == {Status.UNKNOWN}
    assert set(Replica.objects.values_list("next_probe_at", flat=True)) == {now}
    assert AlertChannel.objects.get().recipients == ["operators@acme.example"]


def test_charts_of_every_range_have_their_response_times(folder: Path, now: datetime) -> None:
    rows = ResponseSummary.objects.filter(component__slug="public-api")
    for span, length, least in (
        (Span.QUARTER, timedelta(minutes=15), 26 * 4),
        (Span.HOUR, timedelta(hours=1), 8 * 24),
        (Span.DAY, timedelta(days=1), 89),
    ):
        starts = set(rows.filter(span=span).values_list("start_at", flat=True))
        assert len(starts) >= least
        assert all(start.timestamp() % length.total_seconds() == 0 for start in starts)
        assert max(starts) + length <= now, "what still runs is summed up from real checks"


def test_a_second_run_changes_nothing_and_keeps_what_people_changed(
    folder: Path, now: datetime
) -> None:
    Component.objects.filter(slug="mail").update(name="Post")
    Replica.objects.filter(address__contains="q=anvil").delete()
    before = [
        list(model.objects.order_by("pk").values())
        for model in (Page, Component, StatusChange, Replica, ResponseSummary)
    ]

    assert seeding.seed(folder=folder, now=now + timedelta(days=1)) == 0

    assert before == [
        list(model.objects.order_by("pk").values())
        for model in (Page, Component, StatusChange, Replica, ResponseSummary)
    ]


def test_a_port_that_was_taken_meanwhile_is_replaced_everywhere(
    folder: Path, now: datetime
) -> None:
    taken = ports.read(folder)["mail"]
    uuid = Replica.objects.get(address=f"tcp://127.0.0.1:{taken}").uuid

    with socket.create_server(("127.0.0.1", taken)):
        assert seeding.seed(folder=folder, now=now) == 1

    moved = ports.read(folder)["mail"]
    assert moved != taken
    assert Replica.objects.get(uuid=uuid).address == f"tcp://127.0.0.1:{moved}"
    assert not StatusChange.objects.filter(is_demo=True, at__gte=now).exists()


def test_ports_stay_while_the_targets_run(folder: Path, now: datetime) -> None:
    known = ports.read(folder)

    with ports.held(folder), socket.create_server(("127.0.0.1", known["mail"])):
        assert seeding.seed(folder=folder, now=now) == 0

    assert ports.read(folder) == known


def test_a_lost_ports_file_is_made_again_and_the_replicas_follow(
    folder: Path, now: datetime
) -> None:
    with socket.create_server(("127.0.0.1", ports.read(folder)["portal"])):
        (folder / "ports.json").unlink()
        assert seeding.seed(folder=folder, now=now) == 1

    portal = ports.read(folder)["portal"]
    assert Replica.objects.filter(address=f"http://127.0.0.1:{portal}/").count() == 1
