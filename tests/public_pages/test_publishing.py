"""From a change in the database to whole files, and what happens when that fails."""

import errno
import gzip
import json
import logging
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import brotli  # type: ignore[import-untyped]  # the package has no types
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from pytest_django import Settings

from components import catalogue
from components.models import Component, ComponentGroup, Page, StatusChange
from components.status import Status
from monitoring import inventory
from monitoring.models import Replica
from public_pages import compression, folder, page_views, reading, readouts, rendering
from public_pages.publishing import Publisher
from tests import build
from tests.public_pages import world

pytestmark = pytest.mark.django_db

TICK = timedelta(milliseconds=250)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tmp_path / "published"


def ages(published: Path) -> dict[str, float]:
    """When each HTML file was published, by its name."""
    return {
        path.relative_to(published).as_posix(): path.stat().st_mtime
        for path in published.rglob("*.html")
    }


def text(published: Path, name: str = "index.html") -> str:
    return (published / name).read_text(encoding="utf-8")


def test_everything_is_published_at_the_start_and_compressed_forms_hold_the_same(
    outage_day: Path,
) -> None:
    names = {path.relative_to(outage_day).as_posix() for path in outage_day.rglob("*.*")}
    assert {
        *("index.html", "live.html", "status.json", "robots.txt", "favicon.svg"),
        *("404.html", "500.html", "503.html"),
        *(f"components/checkout{part}.html" for part in ("", "/7d", "/30d", "/90d")),
    } <= names
    assert text(outage_day, "status/text") == "dead"
    for path in outage_day.rglob("*.html"):
        body = path.read_bytes()
        assert gzip.decompress(path.with_name(path.name + ".gz").read_bytes()) == body
        assert brotli.decompress(path.with_name(path.name + ".br").read_bytes()) == body


def test_nothing_is_written_while_nothing_changes(published: Path, now: datetime) -> None:
    world.watched(now=now)
    publisher = world.publish(published, now=now)

    publisher.publish_if_due(now=now + timedelta(seconds=59))

    assert set(ages(published).values()) == {now.timestamp()}


@pytest.mark.req("B4")
def test_a_new_service_node_and_replica_show_at_the_next_tick(
    published: Path, now: datetime
) -> None:
    publisher = world.publish(published, now=now)
    assert "This page has no components yet" in text(published)

    component = catalogue.add_component(name="Checkout", slug="checkout", now=now)
    publisher.publish_if_due(now=now + TICK)
    assert "Checkout" in text(published)
    assert "no response-time measurement" in text(published, "components/checkout.html")

    node = inventory.add_node(component=component, name="EU gateway", slug="eu", now=now)
    publisher.publish_if_due(now=now + 2 * TICK)
    assert "EU gateway" in text(published, "components/checkout.html")

    for address in ("tcp://127.0.0.1:9", "tcp://127.0.0.1:10"):
        inventory.add_replica(node=node, address=address, now=now)
    publisher.publish_if_due(now=now + 3 * TICK)
    assert 'title="Replica 2: no recent data"' in text(published)
    shown = unquote(text(published, "components/checkout.html")).replace(settings.CANDOR_ORIGIN, "")
    assert "127.0.0.1" not in shown


def test_a_change_rewrites_the_home_page_and_the_pages_of_what_changed_only(
    published: Path, now: datetime
) -> None:
    first, second = world.watched(now=now), world.watched(now=now)
    publisher = world.publish(published, now=now)

    world.said(first, Status.MAJOR_OUTAGE, now)
    later = now + TICK
    publisher.publish_if_due(now=later)

    age = ages(published)
    assert age["index.html"] == age["live.html"] == later.timestamp()
    assert age[f"components/{first.slug}.html"] == later.timestamp()
    assert age[f"components/{first.slug}/90d.html"] == later.timestamp()
    assert age[f"components/{second.slug}.html"] == now.timestamp()


def test_every_host_s_publisher_writes_a_change_into_its_own_folder_at_its_next_tick(
    tmp_path: Path, now: datetime
) -> None:
    component = world.watched(now=now)
    hosts = [tmp_path / "one", tmp_path / "two"]
    publishers = [world.publish(folder, now=now) for folder in hosts]

    world.said(component, Status.MAJOR_OUTAGE, now)
    for publisher in publishers:
        publisher.publish_if_due(now=now + TICK)

    assert ["Major outage" in text(folder) for folder in hosts] == [True, True]


def test_what_every_page_shows_rewrites_every_page(published: Path, now: datetime) -> None:
    world.watched(now=now)
    publisher = world.publish(published, now=now)

    Page.objects.update(name="Initech")
    catalogue.mark_dirty()
    publisher.publish_if_due(now=now + TICK)

    assert set(ages(published).values()) == {(now + TICK).timestamp()}
    assert "Initech" in text(published, "404.html")


def test_everything_is_published_again_each_minute_with_the_new_time(
    published: Path, now: datetime
) -> None:
    component = world.watched(now=now)
    publisher = world.publish(published, now=now)

    later = now + timedelta(seconds=60)
    publisher.publish_if_due(now=later)

    assert set(ages(published).values()) == {later.timestamp()}
    assert "14:33 UTC" in text(published, f"components/{component.slug}.html")


def test_a_clock_that_is_set_back_does_not_stop_publishing(published: Path, now: datetime) -> None:
    publisher = world.publish(published, now=now)
    earlier = now - timedelta(hours=5)

    publisher.publish_if_due(now=earlier)

    assert set(ages(published).values()) == {earlier.timestamp()}


def test_many_component_pages_are_spread_over_ticks_and_none_is_forgotten(
    published: Path, now: datetime
) -> None:
    components = [world.watched(now=now) for _ in range(14)]
    publisher = Publisher(published, slice_s=0)

    publisher.publish_if_due(now=now)
    assert (published / "index.html").exists()
    assert publisher.is_behind
    assert not (published / f"components/{components[-1].slug}.html").exists()

    # A change in the middle goes first, and the ones that wait keep their place.
    world.said(components[0], Status.MAJOR_OUTAGE, now)
    ticks = 1
    while publisher.is_behind:
        publisher.publish_if_due(now=now + ticks * TICK)
        ticks += 1

    for component in components:
        assert (published / f"components/{component.slug}.html").exists()
    assert "Major outage" in text(published, f"components/{components[0].slug}.html")


def test_pages_of_components_that_are_gone_or_hidden_vanish(published: Path, now: datetime) -> None:
    gone, hidden, kept = (world.watched(now=now) for _ in range(3))
    publisher = world.publish(published, now=now)
    (published / "components" / "left-over").mkdir()

    gone.delete()
    Component.objects.filter(id=hidden.id).update(is_visible=False)
    catalogue.mark_dirty()
    publisher.publish_if_due(now=now + TICK)

    left = {path.name.split(".")[0] for path in (published / "components").iterdir()}
    assert left == {kept.slug}
    assert hidden.name not in text(published)


def test_silence_becomes_unknown_on_the_page_by_the_publisher_alone(
    published: Path, now: datetime
) -> None:
    component = world.watched(now=now)
    Replica.objects.update(fresh_until=now + timedelta(seconds=1))
    publisher = world.publish(published, now=now)
    assert "All systems operational" in text(published)

    publisher.publish_if_due(now=now + timedelta(seconds=2))

    assert "We cannot confirm the current status" in text(published)
    assert StatusChange.objects.filter(component=component, status=Status.UNKNOWN).exists()


# ---- failures ----------------------------------------------------------------------------------


def whole(published: Path) -> dict[str, bytes]:
    return {
        path.relative_to(published).as_posix(): path.read_bytes()
        for path in published.rglob("*")
        if path.is_file()
    }


def test_without_a_database_every_file_stays_as_it_is(
    published: Path, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    world.watched(now=now)
    publisher = world.publish(published, now=now)
    before = whole(published)

    def refuse(*_args: object) -> object:
        raise OperationalError("the database is away")

    with connection.execute_wrapper(refuse):
        for second in range(60, 70):
            assert not publisher.publish_if_due(now=now + timedelta(seconds=second))
    assert whole(published) == before
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(told) == 2  # once for the gaps, once for the page: not ten times
    assert all("the database is away" in message for message in told)

    assert publisher.publish_if_due(now=now + timedelta(seconds=71))
    assert text(published) != before["index.html"].decode()
    assert "refreshed again" in caplog.text


def test_on_a_full_disk_every_file_stays_whole_and_is_replaced_once_there_is_space(
    published: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.watched(now=now)
    publisher = world.publish(published, now=now)
    before = whole(published)

    def no_space(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", no_space)
        assert not publisher.publish_if_due(now=now + timedelta(seconds=60))
        assert whole(published) == before  # and no temporary file is left

    assert publisher.publish_if_due(now=now + timedelta(seconds=62))
    assert "14:33 UTC" in text(published)


def test_a_component_whose_page_fails_does_not_hold_up_the_others(
    published: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    bad, good = world.watched(now=now), world.watched(now=now)
    render = rendering.Pages.component

    def fail(
        pages: rendering.Pages, component: page_views.ComponentView, detail: page_views.DetailView
    ) -> Mapping[str, bytes]:
        if component.id == bad.id:
            raise ValueError("template")
        return render(pages, component, detail)

    monkeypatch.setattr(rendering.Pages, "component", fail)
    world.publish(published, now=now)

    assert (published / f"components/{good.slug}.html").exists()
    assert not (published / f"components/{bad.slug}.html").exists()
    assert "template" in caplog.text


def test_a_failed_publish_is_tried_again_after_a_pause_and_not_at_every_tick(
    published: Path, now: datetime
) -> None:
    asked: list[str] = []

    def refuse(_execute: object, sql: str, *_args: object) -> object:
        asked.append(sql)
        raise OperationalError("away")

    publisher = Publisher(published)
    with connection.execute_wrapper(refuse):
        for tick in range(8):
            publisher.publish_if_due(now=now + tick * TICK)

    assert len(asked) <= 2 * 2


def test_what_a_killed_publisher_left_half_written_is_swept(published: Path, now: datetime) -> None:
    published.mkdir()
    left = published / ".index.html.4711.tmp"
    left.write_text("half", encoding="utf-8")

    world.publish(published, now=now)

    assert not left.exists()


def test_a_file_that_became_small_loses_its_compressed_forms(tmp_path: Path, now: datetime) -> None:
    target = folder.Folder(tmp_path)
    target.write("page.html", b"x" * 5000, at=now)
    target.write("page.html", b"short", at=now)

    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_published_files_can_be_read_by_another_user(published: Path, now: datetime) -> None:
    world.publish(published, now=now)

    assert (published / "index.html").stat().st_mode & 0o444 == 0o444


# ---- machines ----------------------------------------------------------------------------------


def test_the_report_names_everything_measured_by_its_label(outage_day: Path) -> None:
    report = json.loads(text(outage_day, "status/report"))

    assert (report["health"], report["stale"], report["is_demo"]) == ("dead", False, False)
    assert report["as_of"] == "2026-11-19T14:32:00Z"
    assert report["page"]["name"] == "Acme"
    checkout = next(member for member in report["components"] if member["slug"] == "checkout")
    assert (checkout["health"], checkout["status"]) == ("dead", "partial_outage")
    assert [replica["health"] for replica in checkout["nodes"][0]["replicas"]] == [
        "healthy",
        "dead",
        "sick",
    ]
    assert [replica["label"] for replica in checkout["nodes"][0]["replicas"]] == ["1", "2", "3"]


@pytest.mark.req("A9", "B8")
def test_the_status_document_says_what_the_home_page_says(outage_day: Path) -> None:
    status = json.loads(text(outage_day, "status.json"))

    assert (status["status"], status["is_demo"]) == ("partial_outage", False)
    assert [group["name"] for group in status["groups"]][:2] == ["Storefront", "Platform"]
    checkout = status["groups"][1]["components"][1]
    assert checkout["uptime_90_days"] == 99.93
    assert checkout["url"].endswith("/components/checkout")
    assert "99.93%" in text(outage_day)


def test_a_demo_says_so_wherever_it_speaks(now: datetime) -> None:
    world.main_page(is_demo=True, set_up_at=now)
    page = reading.page(now=now)

    assert json.loads(readouts.status_json(page, {}))["is_demo"] is True
    assert "made-up history" in rendering.Pages(page).index().decode()


@pytest.mark.req("E6")
def test_an_empty_page_is_healthy_and_claims_no_status(published: Path, now: datetime) -> None:
    world.publish(published, now=now)

    status = json.loads(text(published, "status.json"))

    assert (status["health"], status["status"]) == ("healthy", "unknown")
    assert text(published, "status/text") == "healthy"


def test_no_private_field_reaches_any_published_file(published: Path, now: datetime) -> None:
    canaries = [f"canary{number}x" for number in range(20)]
    left = iter(canaries)
    shown = build.component(name="Shown")
    node = build.node(
        component=shown,
        slug=next(left),
        http_body_contains=next(left),
        http_body_regex=next(left),
        http_headers_sealed=next(left),
    )
    build.replica(
        node=node,
        address=f"https://{next(left)}.example/{next(left)}?token={next(left)}",
        reason=next(left),
        detail=next(left),
        phases={next(left): 1},
    )
    StatusChange.objects.create(
        component=shown,
        status=Status.MAJOR_OUTAGE,
        at=now,
        recorded_at=now,
        cause=next(left)[:16],
        note=next(left),
    )
    hidden = build.component(
        name=next(left), slug=next(left), description=next(left), is_visible=False
    )
    build.replica(
        node=build.node(component=hidden, name=next(left)), address=f"tcp://{next(left)}:1"
    )
    secret_group = build.group(name=next(left))
    build.component(group=secret_group, is_visible=False)

    world.publish(published, now=now)

    everything = b"".join(whole(published).values()).decode(errors="ignore")
    assert "Shown" in everything
    assert [canary for canary in canaries if canary in everything] == []


def test_names_with_markup_arrive_as_text(published: Path, now: datetime) -> None:
    group = build.group(name="<img src=x onerror=alert(1)>")
    evil = '"><script>alert(1)</script>--><b>{{ 7 }}'
    component = build.component(name=evil, slug="evil", description=evil, group=group)
    build.replica(node=build.node(component=component, name=evil))
    world.main_page(name=evil)

    world.publish(published, now=now)

    for name in ("index.html", "live.html", "components/evil.html", "404.html"):
        body = text(published, name)
        assert "<script>alert" not in body
        assert "<img src=x" not in body
    assert json.loads(text(published, "status.json"))["page"]["name"] == evil


def test_the_command_publishes_once(published: Path, settings: Settings, now: datetime) -> None:
    world.main_page(set_up_at=now)
    settings.PUBLISHED_DIR = published

    call_command("publish", "--once")

    assert "no components yet" in text(published)


def test_the_command_says_when_it_could_not_publish(published: Path, settings: Settings) -> None:
    published.write_text("a file in the way", encoding="utf-8")
    settings.PUBLISHED_DIR = published

    with pytest.raises(CommandError, match="could not be published"):
        call_command("publish", "--once")


def test_a_page_of_500_components_stays_small(now: datetime) -> None:
    groups = ComponentGroup.objects.bulk_create(
        ComponentGroup(name=f"Group {number}", position=number) for number in range(84)
    )
    Component.objects.bulk_create(
        Component(
            name=f"Component {number}",
            slug=f"component-{number}",
            group=groups[number // 6],
            position=number,
            created_at=now,
        )
        for number in range(500)
    )
    StatusChange.objects.bulk_create(
        StatusChange(component=component, status=status, at=at, recorded_at=at, cause="monitor")
        for component in Component.objects.all()
        for at, status in (
            (now - timedelta(days=300), Status.OPERATIONAL),
            (now - timedelta(days=component.position % 89, minutes=30), Status.PARTIAL_OUTAGE),
            (now - timedelta(days=component.position % 89), Status.OPERATIONAL),
        )
    )

    body = rendering.Pages(reading.page(now=now)).home()["index.html"]

    assert b"Component 499" in body
    assert len(compression.compress(body, "gzip")) <= 150_000
