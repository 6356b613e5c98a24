"""Publish 20,000 incidents with 6 updates each: `bin/bench archive [incidents]`.

Seeds a throw-away SQLite file, then times what a publisher does: the home page again, a month of
history again, a change of one incident until all its files are there, and the whole archive in the
background. Every figure is given with its number of statements.
"""

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

INCIDENTS, UPDATES, COMPONENTS = 20_000, 6, 50
YEARS = float(os.environ.get("BENCH_YEARS", "5"))
NOW = datetime(2026, 11, 19, 14, 0, tzinfo=UTC)
TICK = timedelta(milliseconds=250)
_STATES = ("investigating", "identified", "identified", "monitoring", "monitoring", "resolved")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else INCIDENTS
    with tempfile.TemporaryDirectory(prefix="candor-bench-") as folder:
        os.environ.update(
            DJANGO_SETTINGS_MODULE="statuspage.settings", SECRET_KEY="bench", CANDOR_DATA=folder
        )
        os.environ.pop("DATABASE_URL", None)
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        seed(count)
        _measure(Path(folder) / "published", count)


def seed(count: int) -> None:
    """Store so many incidents, spread over five years, with their updates and what these showed."""
    from components import catalogue
    from components.models import Component
    from incidents.models import AffectedComponent, Incident, IncidentUpdate, UpdateComponent

    components = [
        Component(name=f"Component {number}", slug=f"component-{number}")
        for number in range(COMPONENTS)
    ]
    for component in components:
        catalogue.register(component=component, now=NOW - timedelta(days=YEARS * 365))
    chance = random.Random(4)
    revision = catalogue.page().revision
    rows = []
    for number in range(count):
        started_at = NOW - timedelta(days=YEARS * 365) * (number + 1) / count
        rows.append(
            Incident(
                title=f"Number {number}: {_words(chance, 5)}",
                state="resolved",
                impact="major",
                started_at=started_at,
                resolved_at=started_at + timedelta(minutes=50),
                published_at=started_at,
                created_at=started_at,
                changed_at=started_at,
                page_revision=revision,
            )
        )
    incidents = Incident.objects.bulk_create(rows, batch_size=500)
    for begin in range(0, count, 1000):
        some = incidents[begin : begin + 1000]
        touched = {row.pk: chance.sample(components, 2) for row in some}
        AffectedComponent.objects.bulk_create(
            AffectedComponent(incident=row, component=component, status="partial_outage")
            for row in some
            for component in touched[row.pk]
        )
        updates = IncidentUpdate.objects.bulk_create(
            _update(row, step, chance) for row in some for step in range(UPDATES)
        )
        UpdateComponent.objects.bulk_create(
            UpdateComponent(
                update=update,
                component=component,
                name=component.name,
                previous="partial_outage",
                status="operational" if update.state == "resolved" else "partial_outage",
            )
            for update in updates
            for component in touched[update.incident_id]
        )


def _update(row: Any, step: int, chance: random.Random) -> Any:
    from incidents.models import IncidentUpdate

    at = row.started_at + timedelta(minutes=10 * step)
    words = _words(chance, 30)
    return IncidentUpdate(
        incident=row,
        previous_state=_STATES[step - 1] if step else "",
        state=_STATES[step],
        text=words,
        html=f"<p>{words}</p>",
        at=at,
        created_at=at,
    )


def _words(chance: random.Random, count: int) -> str:
    return " ".join("".join(chance.choices("abcdefghij", k=6)) for _ in range(count))


def _measure(folder: Path, count: int) -> None:
    from incidents import publishing
    from incidents.models import Incident
    from public_pages.archive_writing import ArchiveWriter
    from public_pages.event_days import parse
    from public_pages.publishing import Publisher

    publisher = Publisher(folder, full_every_s=10**9, slice_s=0)
    first_s, _ = _timed(lambda: publisher.publish_if_due(now=NOW))
    home_s, home_statements = _timed(lambda: publisher._look(NOW + TICK, is_full=False))
    writer, bounds = publisher._main._archive._writer, publisher._main._archive._bounds
    assert isinstance(writer, ArchiveWriter)
    assert bounds is not None
    month_s, month_statements = _timed(lambda: writer.current_month(bounds=bounds))
    last = parse("2026-10")
    filters_s, filter_statements = _timed(lambda: writer.month(last, bounds=bounds))
    size = (folder / "history/2026-10.html.gz").stat().st_size
    print(
        f"archive of {count:,} incidents × {UPDATES} updates, {COMPONENTS} components, CPU time: "
        f"home page {home_s * 1000:.0f} ms ({home_statements} statements), "
        f"history page {month_s * 1000:.0f} ms ({month_statements}), target < 300 ms each; "
        f"a month with its filters {filters_s * 1000:.0f} ms ({filter_statements}), "
        f"{size / 1000:.0f} kB gzip",
        flush=True,
    )
    at = NOW + TICK
    started = time.process_time()
    while publisher.is_behind:
        at += TICK
        publisher.publish_if_due(now=at)
    whole_s = first_s + time.process_time() - started

    def again() -> None:
        publisher.publish_if_due(now=at + TICK)
        while publisher._main._archive.is_changed:
            publisher.publish_if_due(now=at + TICK)

    incident = Incident.objects.order_by("started_at")[count // 2]
    publishing.revise(incident=incident, title="Changed", started_at=incident.started_at, now=at)
    at += TICK
    change_s, change_statements = _timed(again)
    publishing.delete_incident(incident=incident, now=at)
    at += TICK
    delete_s, delete_statements = _timed(again)
    files = sum(1 for _ in (folder / "incidents").glob("*.html"))
    print(
        f"one changed {change_s * 1000:.0f} ms ({change_statements} statements), "
        f"one deleted {delete_s * 1000:.0f} ms ({delete_statements}), target < 2 s each; "
        f"first home page {first_s:.1f} s, all {files:,} pages in {whole_s:.0f} s"
    )


def _timed(work: Callable[[], object]) -> tuple[float, int]:
    """How much CPU time something takes, in s, and how many statements it runs.

    Not the time on the clock: the machine may be busy with other work.
    """
    from django.db import connection

    statements = 0

    def count(execute: Any, *args: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(*args)

    with connection.execute_wrapper(count):
        started = time.process_time()
        work()
        return time.process_time() - started, statements


if __name__ == "__main__":
    main()
