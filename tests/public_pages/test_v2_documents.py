"""Statuspage's documents: their schema, their order, their times, and a client that knows them."""

import asyncio
import dataclasses
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from health_check.contrib.atlassian import AtlassianStatusPage
from health_check.exceptions import StatusPageWarning
from jsonschema import Draft202012Validator
from pytest_django import DjangoDbBlocker

from common import statuspage
from components import catalogue
from components.models import Component, PageKind
from components.status import Status
from incidents import postmortems, publishing
from incidents.lifecycle import Impact, State
from incidents.models import Maintenance
from incidents.postmortems import Writing
from public_pages.addresses import V2_NAMES
from tests import build
from tests.public_pages import happened, world
from tests.public_pages.conftest import NOW, Served
from tests.public_pages.world import Site

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SCHEMA = json.loads(Path(__file__).with_name("statuspage-v2.schema.json").read_text())
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ID = re.compile(r"[0-9bcdfghjklmnpqrstvwxyz]{12}")
KINDS = {
    "summary": "doc_summary",
    "status": "doc_status",
    "components": "doc_components",
    "incidents": "doc_incidents",
    "scheduled-maintenances": "doc_scheduled-maintenances",
}


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Site:
    """A page on which every word of the documents occurs once at least, published once."""
    folder = tmp_path_factory.mktemp("v2")
    with django_db_blocker.unblock(), transaction.atomic():
        _make(NOW)
        world.publish(folder, now=NOW)
        transaction.set_rollback(True)
    return Site(folder, NOW)


def _make(now: datetime) -> None:
    group = build.group(name="Payments")
    made = {
        status: build.component(name=f"C {status}", group=group, created_at=now - 90 * DAY)
        for status in Status
    }
    for status, component in made.items():
        if status is not Status.OPERATIONAL:
            world.said(component, status, now - 3 * HOUR)
    loose = build.component(name="Loose", description="By itself", created_at=now - 90 * DAY)
    for hours, state, impact in (
        (5, State.INVESTIGATING, Impact.NONE),
        (4, State.IDENTIFIED, Impact.MINOR),
        (3, State.MONITORING, Impact.CRITICAL),
        (2, State.RESOLVED, Impact.MAJOR),
    ):
        told = {now - hours * HOUR: (State.INVESTIGATING, "First line\nsecond line\n\nA paragraph")}
        if state is not State.INVESTIGATING:
            told[now - hours * HOUR / 2] = (state, f"Now {state}.")
        happened.told(told, title=f"Is {state}", components={loose: None}, impact=impact)
    _with_report(loose, now)
    _works(loose, now)


def _with_report(component: Component, now: datetime) -> None:
    row = happened.told(
        {
            now - 30 * HOUR: (State.INVESTIGATING, "Looking."),
            now - 29 * HOUR: (State.RESOLVED, "Over."),
        },
        title="Has a report",
        components={component: None},
    )
    writing = Writing(
        title="Report", summary="Short.", impact_description="Some.", root_cause="A disk."
    )
    postmortems.save_draft(incident=row, writing=writing, now=now - 20 * HOUR)
    postmortems.publish(incident=row, now=now - 19 * HOUR)


def _works(component: Component, now: datetime) -> None:
    build.maintenance(components=[component], title="Ahead", now=now)
    running, verified, done, cancelled = (
        build.maintenance(components=[component], title=title, now=now - 3 * HOUR)
        for title in ("Runs", "Is verified", "Is done", "Is cancelled")
    )
    # As beat would have left them.
    for row, state in (
        (running, "in_progress"),
        (verified, "verification"),
        (done, "completed"),
        (cancelled, "cancelled"),
    ):
        is_over = state in {"completed", "cancelled"}
        Maintenance.objects.filter(pk=row.pk).update(
            state=state, started_at=now - 2 * HOUR, ended_at=now - HOUR if is_over else None
        )


def document(site: Site, name: str) -> dict[str, Any]:
    answer = site.get(f"/api/v2/{name}.json")
    assert answer.status == 200, name
    found: dict[str, Any] = json.loads(answer.body)
    return found


def every(value: object, key: str) -> Iterator[Any]:
    """All values under a key, wherever it is."""
    if isinstance(value, dict):
        if key in value:
            yield value[key]
        for inner in value.values():
            yield from every(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from every(inner, key)


@pytest.mark.parametrize("name", V2_NAMES)
def test_every_document_is_as_the_schema_says(site: Site, name: str) -> None:
    found = document(site, name)

    kind = KINDS[name.partition("/")[0]]
    schema = {"$ref": f"#/$defs/{kind}", "$defs": SCHEMA["$defs"]}
    errors = [error.message for error in Draft202012Validator(schema).iter_errors(found)]
    assert errors == []
    assert next(iter(found)) == "page"


def test_every_word_that_clients_know_occurs_in_the_fixture(site: Site) -> None:
    summary, incidents = document(site, "summary"), document(site, "incidents")
    works = document(site, "scheduled-maintenances")

    assert {row["status"] for row in summary["components"]} == {
        "operational",
        "degraded_performance",
        "partial_outage",
        "major_outage",
        "under_maintenance",
    }
    assert {row["status"] for row in incidents["incidents"]} == set(State)
    assert {row["impact"] for row in incidents["incidents"]} == set(Impact)
    assert {row["status"] for row in works["scheduled_maintenances"]} == {
        "scheduled",
        "in_progress",
        "verifying",
        "completed",
    }


def test_keys_come_in_the_order_that_clients_have_seen(site: Site) -> None:
    summary = document(site, "summary")

    assert list(summary) == ["page", "components", "incidents", "scheduled_maintenances", "status"]
    assert list(summary["page"]) == ["id", "name", "url", "time_zone", "updated_at"]
    leaf = next(row for row in summary["components"] if not row["group"])
    assert list(leaf) == [
        "id",
        "name",
        "status",
        "created_at",
        "updated_at",
        "position",
        "description",
        "showcase",
        "start_date",
        "group_id",
        "page_id",
        "group",
        "only_show_if_degraded",
    ]
    assert list(summary["incidents"][0]) == [
        "id",
        "name",
        "status",
        "created_at",
        "updated_at",
        "monitoring_at",
        "resolved_at",
        "impact",
        "shortlink",
        "started_at",
        "page_id",
        "incident_updates",
        "components",
        "reminder_intervals",
    ]
    assert list(summary["incidents"][0]["incident_updates"][0]) == [
        "id",
        "status",
        "body",
        "incident_id",
        "created_at",
        "updated_at",
        "display_at",
        "affected_components",
        "deliver_notifications",
        "custom_tweet",
        "tweet_id",
    ]


def test_every_time_has_three_digits_and_every_id_spells_nothing(site: Site) -> None:
    for name in V2_NAMES:
        found = document(site, name)
        for key in ("created_at", "updated_at", "display_at", "started_at", "resolved_at"):
            assert all(at is None or STAMP.fullmatch(at) for at in every(found, key))
        for key in ("id", "page_id", "incident_id", "code"):
            assert all(ID.fullmatch(ident) for ident in every(found, key))


def test_updates_are_newest_first_and_open_incidents_before_all_others(site: Site) -> None:
    incidents = document(site, "incidents")["incidents"]

    for row in incidents:
        times = [entry["display_at"] for entry in row["incident_updates"]]
        assert times == sorted(times, reverse=True)
        assert times
    states = [row["status"] for row in incidents]
    over = [state in {"resolved", "postmortem"} for state in states]
    assert over == sorted(over)
    resolved = [row["resolved_at"] for row in incidents if row["resolved_at"]]
    assert resolved == sorted(resolved, reverse=True)
    assert [row["name"] for row in document(site, "incidents/resolved")["incidents"]] == [
        "Is resolved",
        "Has a report",
    ]
    assert len(document(site, "incidents/unresolved")["incidents"]) == 3


def test_groups_are_rows_with_their_children_and_names_of_affected_ones_begin_with_the_group(
    site: Site,
) -> None:
    rows = document(site, "components")["components"]
    group = next(row for row in rows if row["group"])
    children = [row for row in rows if row["group_id"] == group["id"]]

    assert group["components"] == [row["id"] for row in children]
    assert [row["position"] for row in children] == list(range(1, len(children) + 1))
    assert group["status"] == "major_outage"
    loose = next(row for row in rows if row["name"] == "Loose")
    assert (loose["group_id"], loose["description"], "components" in loose) == (
        None,
        "By itself",
        False,
    )


def test_what_nobody_knows_keeps_its_last_word_and_the_page_says_so(
    tmp_path: Path, now: datetime
) -> None:
    component = build.component(name="API", created_at=now - 9 * DAY)
    world.said(component, Status.UNKNOWN, now - HOUR)
    world.publish(tmp_path, now=now)

    summary = document(Site(tmp_path, now), "summary")

    assert summary["components"][0]["status"] == "operational"
    assert summary["status"] == {
        "indicator": "none",
        "description": "Current Status Cannot Be Confirmed",
    }


def test_a_body_is_one_line_of_html(site: Site) -> None:
    bodies = list(every(document(site, "incidents"), "body"))

    assert "First line<br />second line<br /><br />A paragraph" in bodies
    assert not any("\n" in body or "<p>" in body for body in bodies)
    assert statuspage.body("<p>One</p>\n<p>Two<br />\nthree</p>") == "One<br /><br />Two<br />three"


def test_a_page_may_leave_maintenance_and_incidents_out_of_its_indicator(
    tmp_path: Path, now: datetime
) -> None:
    component = build.component(created_at=now - 9 * DAY)
    world.said(component, Status.UNDER_MAINTENANCE, now - HOUR)
    build.incident(components={}, impact=Impact.CRITICAL, now=now - HOUR)
    publisher = world.publish(tmp_path, now=now)
    for second, (tells, counts, indicator) in enumerate(
        ((True, False, "maintenance"), (False, False, "none"), (True, True, "critical"))
    ):
        catalogue.change_page(
            page=catalogue.page(), v2_tells_maintenance=tells, v2_counts_incidents=counts
        )
        assert publisher.publish_if_due(now=now + timedelta(seconds=second))

        assert document(Site(tmp_path, now), "status")["status"]["indicator"] == indicator


def test_every_indicator_is_in_documents_that_the_schema_accepts(
    tmp_path: Path, now: datetime
) -> None:
    first = build.component(created_at=now - 9 * DAY)
    build.component(created_at=now - 9 * DAY)
    publisher = world.publish(tmp_path, now=now)
    said: list[str] = []
    for minute, status in enumerate(
        (
            Status.OPERATIONAL,
            Status.UNDER_MAINTENANCE,
            Status.PARTIAL_OUTAGE,
            Status.MAJOR_OUTAGE,
        ),
        start=2,
    ):
        world.said(first, status, now + timedelta(minutes=minute))
        publisher.publish_if_due(now=now + timedelta(minutes=minute))
        said.append(_valid_indicator(Site(tmp_path, now)))
    Component.objects.exclude(pk=first.pk).delete()
    catalogue.mark_dirty()
    publisher.publish_if_due(now=now + timedelta(minutes=9))
    said.append(_valid_indicator(Site(tmp_path, now)))

    assert said == ["none", "maintenance", "minor", "major", "critical"]


def _valid_indicator(site: Site) -> str:
    """The indicator, of documents that are as the schema says."""
    for name in ("summary", "status"):
        schema = {"$ref": f"#/$defs/doc_{name}", "$defs": SCHEMA["$defs"]}
        found = document(site, name)
        assert [error.message for error in Draft202012Validator(schema).iter_errors(found)] == []
    return str(found["status"]["indicator"])


def test_a_sub_page_has_documents_of_its_own_part(tmp_path: Path, now: datetime) -> None:
    own, other = build.component(name="Own"), build.component(name="Other")
    build.incident(components={other: None}, title="Elsewhere", now=now)
    page = build.page(components=[own], name="EU", slug="eu")
    world.publish(tmp_path, now=now)

    text = (tmp_path / f"pages/{page.pk}/api/v2/summary.json").read_text()

    found = json.loads(text)
    assert (found["page"]["name"], found["page"]["id"]) == ("EU", page.public_id)
    assert [row["name"] for row in found["components"]] == ["Own"]
    assert "Elsewhere" not in text
    assert "Other" not in text


@pytest.mark.req("R3")
def test_an_update_for_another_page_leaves_no_time_in_the_documents(
    tmp_path: Path, now: datetime
) -> None:
    own = build.component(created_at=now - 90 * DAY)
    customer = build.page(kind=PageKind.CUSTOMER, components=[own])
    incident = build.incident(components={own: None}, now=now - HOUR)
    publishing.post_update(
        incident=incident,
        state=State.INVESTIGATING,
        text="For one customer.",
        notify=False,
        audience=customer,
        now=now,
    )
    world.publish(tmp_path, now=now)

    found = document(Site(tmp_path, now), "incidents")

    at = f"{now - HOUR:%Y-%m-%dT%H:%M:%S}.000Z"
    assert (found["page"]["updated_at"], found["incidents"][0]["updated_at"]) == (at, at)
    publishing.post_update(
        incident=incident, state=State.IDENTIFIED, text="For all.", notify=False, now=now
    )
    world.publish(tmp_path, now=now)
    (row,) = document(Site(tmp_path, now), "incidents")["incidents"]
    assert row["updated_at"] == f"{now:%Y-%m-%dT%H:%M:%S}.000Z"


def test_paths_are_taken_in_any_case_and_answers_may_be_read_and_kept(site: Site) -> None:
    answer = site.get("/api/v2/Incidents.json")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "public, max-age=30, stale-while-revalidate=60"
    again = site.get("/api/v2/incidents.json", if_none_match=answer.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    head = site.get("/api/v2/summary.json", "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["Content-Length"]) > 1000


def test_a_document_is_written_again_only_when_it_says_something_else(
    tmp_path: Path, now: datetime
) -> None:
    component = build.component()
    publisher = world.publish(tmp_path, now=now)
    file = tmp_path / "api/v2/summary.json"
    first = file.stat().st_mtime_ns

    assert publisher.publish_if_due(now=now + timedelta(minutes=2))
    assert file.stat().st_mtime_ns == first
    world.said(component, Status.MAJOR_OUTAGE, now + timedelta(minutes=3))
    assert publisher.publish_if_due(now=now + timedelta(minutes=3))
    assert b"major_outage" in file.read_bytes()


@dataclasses.dataclass
class Ours(AtlassianStatusPage):  # type: ignore[misc]  # it comes without types
    """The check of django-health-check, pointed at us."""

    base_url: str = ""
    component: str = ""
    timeout: timedelta = timedelta(seconds=20)


@pytest.mark.django_db(transaction=True)
def test_the_check_of_django_health_check_reads_us_over_http(served: Served, now: datetime) -> None:
    component = build.component(name="API")
    world.publish(served.folder, now=now)
    check = Ours(base_url=served.origin, component="API")
    asyncio.run(check.run())

    row = build.incident(components={component: None}, title="Payments fail", now=now)
    world.publish(served.folder, now=now)

    with pytest.raises(StatusPageWarning, match=f"Payments fail: .*/incidents/{row.public_id}"):
        asyncio.run(check.run())
