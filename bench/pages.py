"""Publish 1,000 sub-pages of 5 of 200 components: `bin/bench pages [pages]`.

Seeds a throw-away SQLite file with history, response times and events, then times what a publisher
does, on the clock: from nothing to every home page with its JSON and error pages, then to everything
else, then a tick with nothing changed and the look of every minute, then a change of one component
until the pages that show it are there.
"""

import os
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

PAGES, COMPONENTS, SHOWN, INCIDENTS = 1000, 200, 5, 300
NOW = datetime(2026, 11, 19, 14, 0, tzinfo=UTC)
TICK = timedelta(milliseconds=250)
_TARGET_S = 60


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else PAGES
    with tempfile.TemporaryDirectory(prefix="candor-bench-") as folder:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="statuspage.settings", SECRET_KEY="bench", CANDOR_DATA=folder
        )
        os.environ.pop("DATABASE_URL", None)
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        components = seed(count)
        _measure(Path(folder) / "published", count, components)


def seed(count: int) -> list[Any]:
    """Store components with 90 days of history and a node each, pages of them, and incidents."""
    from components import catalogue
    from components.models import Component, Page, PageComponent, PageKind, StatusChange
    from monitoring.models import ResponseSummary, Span

    chance = random.Random(6)
    catalogue.page()
    Page.objects.filter(id=1).update(set_up_at=NOW)
    components = [
        Component(name=f"Component {number}", slug=f"component-{number}")
        for number in range(COMPONENTS)
    ]
    for component in components:
        catalogue.register(component=component, now=NOW - timedelta(days=400))
    StatusChange.objects.bulk_create(
        StatusChange(component=component, status=status, at=at, recorded_at=at, cause="monitor")
        for component in components
        for day in chance.sample(range(1, 89), 6)
        for status, at in (
            ("partial_outage", NOW - timedelta(days=day)),
            ("operational", NOW - timedelta(days=day) + timedelta(minutes=chance.randint(2, 90))),
        )
    )
    ResponseSummary.objects.bulk_create(
        (
            ResponseSummary(
                component=component,
                span=span,
                start_at=NOW - length * back,
                answered=30,
                failed=0,
                p50_ms=150 + back % 7,
                p95_ms=340 + back % 11 * 5,
            )
            for component in components
            for span, length, many in (
                (Span.QUARTER, timedelta(minutes=15), 96),
                (Span.HOUR, timedelta(hours=1), 168),
                (Span.DAY, timedelta(days=1), 90),
            )
            for back in range(1, many + 1)
        ),
        batch_size=2000,
    )
    pages = Page.objects.bulk_create(
        Page(kind=PageKind.SUB, name=f"Page {number}", slug=f"p{number}", set_up_at=NOW)
        for number in range(count)
    )
    PageComponent.objects.bulk_create(
        PageComponent(page=page, component=component)
        for page in pages
        for component in chance.sample(components, SHOWN)
    )
    _seed_incidents(components, chance)
    catalogue.mark_dirty()
    return components


def _seed_incidents(components: list[Any], chance: random.Random) -> None:
    from components import catalogue
    from incidents.models import AffectedComponent, Incident, IncidentUpdate

    revision = catalogue.page().revision
    for number in range(INCIDENTS):
        at = NOW - timedelta(days=90) * (number + 1) / INCIDENTS
        row = Incident.objects.create(
            title=f"Number {number}",
            state="resolved",
            impact="major",
            started_at=at,
            resolved_at=at + timedelta(minutes=50),
            published_at=at,
            created_at=at,
            changed_at=at,
            page_revision=revision,
        )
        AffectedComponent.objects.bulk_create(
            AffectedComponent(incident=row, component=component, status="partial_outage")
            for component in chance.sample(components, 2)
        )
        IncidentUpdate.objects.bulk_create(
            IncidentUpdate(
                incident=row,
                state=state,
                text="Words.",
                html="<p>Words.</p>",
                at=at + timedelta(minutes=minutes),
                created_at=at,
            )
            for state, minutes in (("investigating", 0), ("resolved", 50))
        )


def _measure(folder: Path, count: int, components: list[Any]) -> None:
    from components import claims
    from components.status import Status
    from public_pages.publishing import Publisher

    publisher = Publisher(folder)
    at = NOW
    started = time.monotonic()
    cpu = time.process_time()
    publisher.publish_if_due(now=at)
    while publisher._others.is_due:
        publisher.publish_if_due(now=at)
    homes_s, homes_cpu = time.monotonic() - started, time.process_time() - cpu
    homes = sum(1 for _ in folder.glob("pages/*/index.html"))
    print(
        f"{count:,} pages of {SHOWN} of {COMPONENTS} components: {homes:,} home pages with JSON and "
        f"error pages in {homes_s:.1f} s ({homes_cpu:.1f} s of processor time), target < "
        f"{_TARGET_S} s",
        flush=True,
    )
    while publisher.is_behind:
        publisher.publish_if_due(now=at)
    all_s, all_cpu = time.monotonic() - started, time.process_time() - cpu
    files = sum(1 for path in folder.rglob("*") if path.is_file())
    print(
        f"everything, {files:,} files, in {all_s:.1f} s ({all_cpu:.1f} s of processor time)",
        flush=True,
    )
    quiet_s = _timed(lambda: publisher.publish_if_due(now=at + TICK))
    minute_s = _timed(lambda: publisher.publish_if_due(now=at + timedelta(seconds=61)))
    while publisher.is_behind:
        publisher.publish_if_due(now=at + timedelta(seconds=61))
    at += timedelta(seconds=62)
    before = _versions(folder)
    claims.hold_by_hand(component=components[0], held=Status.MAJOR_OUTAGE, now=at)

    def change() -> None:
        publisher.publish_if_due(now=at)
        while publisher._others.is_due:
            publisher.publish_if_due(now=at)

    change_s = _timed(change)
    after = _versions(folder)
    written = sum(before[name] != version for name, version in after.items())
    print(
        f"nothing changed: {quiet_s * 1000:.0f} ms a tick, {minute_s * 1000:.0f} ms once a minute; "
        f"one component changed: {written} of {count:,} pages written in {change_s:.2f} s"
    )


def _versions(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_ino for path in folder.glob("pages/*/index.html")}


def _timed(work: Any) -> float:
    """How long something takes on the clock, in s."""
    started = time.monotonic()
    work()
    return time.monotonic() - started


if __name__ == "__main__":
    main()
