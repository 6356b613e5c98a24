"""What one installation publishes and another imports: ids, words, times and uptime stay."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from accounts import access_tokens
from components import uptime
from components.models import Component, ComponentGroup
from components.status import Status
from components.uptime import Weights
from importing import applying, reading_apis, statuspage_v1, statuspage_v2
from importing.fetching import Asker
from importing.models import ImportedRow
from incidents import due_steps, postmortems
from incidents.lifecycle import Impact, State
from incidents.models import Incident, Maintenance, WithdrawnEvent
from incidents.postmortems import Writing
from subscribers.models import Subscriber
from tests import build
from tests.public_pages import happened, world

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# When a row was written and whether people were told of it, which is not the same there and here.
WRITTEN = {"created_at", "updated_at", "deliver_notifications"}


def make(now: datetime) -> None:
    """Services with a past, incidents of every kind, and maintenance before, now and ahead."""
    group = build.group(name="Payments")
    api = build.component(name="API", group=group, created_at=now - 30 * DAY)
    web = build.component(name="Web", description="For people", created_at=now - 30 * DAY)
    report = happened.told(
        {
            now - 9 * DAY: (State.IDENTIFIED, "A disk."),
            now - 9 * DAY + HOUR: (State.RESOLVED, "Over."),
        },
        title="Has a report",
        components={web: Status.PARTIAL_OUTAGE},
    )
    writing = Writing(title="Report", summary="Short.", root_cause="A disk.")
    postmortems.save_draft(incident=report, writing=writing, now=now - 8 * DAY)
    postmortems.publish(incident=report, now=now - 8 * DAY)
    happened.told(
        {
            now - 5 * DAY: (State.INVESTIGATING, "First *line*\nsecond <b>line</b>\n\n- a\n- b"),
            now - 5 * DAY + 2 * HOUR: (State.RESOLVED, "Over: see [it](https://a.example/x_y)."),
        },
        title="Cards fail",
        components={api: Status.MAJOR_OUTAGE, web: None},
        impact=Impact.CRITICAL,
    )
    build.maintenance(components=[api], title="Done", now=now - 3 * DAY)
    for hours in (1, 2):
        due_steps.take(now=now - 3 * DAY + hours * HOUR)
    happened.told(
        {now - HOUR: (State.MONITORING, "We watch.")},
        title="Slow",
        components={web: Status.DEGRADED_PERFORMANCE},
        impact=Impact.MINOR,
    )
    build.maintenance(components=[api], title="Ahead", now=now)


def documents(folder: Path, now: datetime) -> dict[str, Any]:
    """The public documents that the main page publishes."""
    world.publish(folder, now=now)
    return {
        name: json.loads((folder / f"api/v2/{name}.json").read_bytes())
        for name in statuspage_v2.NAMES
    }


def forget_all() -> None:
    """Have the installation be a new one."""
    for model in (Incident, Maintenance, Component, ComponentGroup, WithdrawnEvent):
        model.objects.all().delete()


def without_written(value: object) -> object:
    """A document without the times at which its rows were written."""
    if isinstance(value, dict):
        return {key: without_written(one) for key, one in value.items() if key not in WRITTEN}
    return [without_written(one) for one in value] if isinstance(value, list) else value


def down_s(now: datetime) -> dict[str, tuple[float, float]]:
    """Seconds down and known of the last month, by component."""
    found = {}
    for row in Component.objects.all():
        changes = [
            uptime.Change(at=one.at, status=Status(one.status))
            for one in row.changes.order_by("at", "id")
        ]
        spent = uptime.tally(changes, start=now - 29 * DAY, end=now)
        found[row.name] = (float(uptime.percent(spent, Weights()) or 0), spent.known_us / 1e6)
    return found


def test_another_installation_tells_the_same_after_it_imported_our_documents(
    tmp_path: Path, now: datetime
) -> None:
    make(now)
    before = documents(tmp_path / "before", now)
    uptime_before = down_s(now)
    forget_all()

    outcome = applying.apply(statuspage_v2.plan(before), now=now, dry_run=False)
    after = documents(tmp_path / "after", now)

    assert outcome.refused == ()
    for name in statuspage_v2.NAMES:
        assert without_written(after[name]) == without_written(before[name]), name
    assert down_s(now) == uptime_before
    again = applying.apply(statuspage_v2.plan(before), now=now, dry_run=False)
    assert (again.created, again.refused) == ((), ())
    assert ImportedRow.objects.filter(source="statuspage").count() == 2 + 1 + 3 + 2


@pytest.mark.django_db(transaction=True)
def test_all_of_it_comes_across_over_our_own_management_api(
    tmp_path: Path, now: datetime, live_server: LiveServer
) -> None:
    make(now)
    build.subscriber(address="reader@example.com")
    before = documents(tmp_path / "before", now)
    _row, secret = access_tokens.create(
        owner=build.operator(),
        label="Move",
        scopes=("*:read",),
        expires_at=None,
        now=timezone.now(),
    )
    asker = Asker(
        now=now, allows_private=True, headers={"Authorization": f"OAuth {secret}"}, wait=print
    )
    export = reading_apis.statuspage_export(asker, f"{live_server.url}/v1", page_id="")
    forget_all()
    Subscriber.objects.all().delete()

    outcome = applying.apply(statuspage_v1.plan(export), now=now, dry_run=False)
    after = documents(tmp_path / "after", now)

    assert outcome.refused == ()
    for name in statuspage_v2.NAMES:
        assert without_written(after[name]) == without_written(before[name]), name
    assert Subscriber.objects.get().address == "reader@example.com"
