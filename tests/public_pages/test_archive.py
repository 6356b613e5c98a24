"""Which event files are written when, and which are not."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from components import catalogue
from components.models import Page
from components.status import Status
from incidents import maintenance, publishing
from incidents.lifecycle import State
from incidents.models import Incident
from public_pages import archive_state, event_rendering
from public_pages.event_views import IncidentView
from public_pages.publishing import Publisher
from tests import build, counting
from tests.public_pages import happened, world
from tests.public_pages.happened import MINUTE

pytestmark = pytest.mark.django_db

TICK = timedelta(milliseconds=250)
DAY = timedelta(days=1)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tmp_path / "published"


def ages(published: Path) -> dict[str, float]:
    """When each event page was written, by its name."""
    return {
        path.relative_to(published).as_posix(): path.stat().st_mtime
        for path in published.rglob("*.html")
        if path.relative_to(published).parts[0] in {"incidents", "history", "maintenance"}
    }


def old(title: str, *, days: int, now: datetime) -> Incident:
    return happened.past(title, started_at=now - days * DAY, minutes=5, now=now - DAY)


def file_of(incident: Incident) -> str:
    return f"incidents/{incident.public_id}.html"


def test_a_change_writes_the_pages_of_its_event_and_its_months_only(
    published: Path, now: datetime
) -> None:
    first, second = old("First", days=40, now=now), old("Second", days=70, now=now)
    publisher = world.publish(published, now=now)
    before = ages(published)

    publishing.revise(incident=first, title="Better words", started_at=first.started_at, now=now)
    later = now + TICK
    publisher.publish_if_due(now=later)

    rewritten = {name for name, age in ages(published).items() if age != before.get(name)}
    assert rewritten == {file_of(first), "history/2026-10.html"}
    assert file_of(second) in before
    assert "Better words" in (published / "history/2026-10.html").read_text("utf-8")


def test_an_incident_that_moves_leaves_its_old_month(published: Path, now: datetime) -> None:
    incident = old("Wanderer", days=40, now=now)
    old("Anchor", days=100, now=now)
    publisher = world.publish(published, now=now)

    publishing.revise(incident=incident, title="Wanderer", started_at=now - 75 * DAY, now=now)
    publisher.publish_if_due(now=now + TICK)

    assert "Wanderer" not in (published / "history/2026-10.html").read_text("utf-8")
    assert "Wanderer" in (published / "history/2026-09.html").read_text("utf-8")


@pytest.mark.req("I16")
@pytest.mark.parametrize("is_running", [True, False], ids=["running", "down meanwhile"])
def test_a_deleted_incident_is_gone_from_every_file_at_the_next_tick(
    published: Path, now: datetime, *, is_running: bool
) -> None:
    component = build.component(name="Checkout")
    gone = happened.told(
        {now - DAY: (State.INVESTIGATING, "Vanish."), now - MINUTE: (State.RESOLVED, "Vanish.")},
        title="Vanishing",
        components={component: None},
    )
    kept = old("Kept", days=40, now=now)
    publisher = world.publish(published, now=now)
    assert "Vanishing" in (published / "index.html").read_text("utf-8")
    name = file_of(gone)

    publishing.delete_incident(incident=gone, now=now)
    if not is_running:
        publisher = Publisher(published, slice_s=3600)
    publisher.publish_if_due(now=now + TICK)

    assert not list(published.glob(f"{name}*"))
    everything = b"".join(path.read_bytes() for path in published.rglob("*") if path.is_file())
    assert b"Vanish" not in everything
    left = (published / f"withdrawn/{gone.public_id}.html").read_text("utf-8")
    assert "This incident was withdrawn on 19 Nov 2026." in left
    assert (published / file_of(kept)).exists()
    assert not (published / "history/2026-11/components/checkout.html").exists()


def test_deleted_maintenance_leaves_the_lists(published: Path, now: datetime) -> None:
    work = build.maintenance(now=now, title="Vanishing")
    publisher = world.publish(published, now=now)
    assert "Vanishing" in (published / "maintenance.html").read_text("utf-8")

    maintenance.delete(maintenance=work, now=now)
    publisher.publish_if_due(now=now + TICK)

    everything = b"".join(path.read_bytes() for path in published.rglob("*.html"))
    assert b"Vanishing" not in everything
    left = (published / f"withdrawn/{work.public_id}.html").read_text("utf-8")
    assert "This maintenance was withdrawn" in left


def test_a_restarted_publisher_writes_no_page_of_the_archive_again(
    published: Path, now: datetime
) -> None:
    incident = old("Old", days=40, now=now)
    world.publish(published, now=now)

    world.publish(published, now=now + 60 * MINUTE)

    assert ages(published)[file_of(incident)] == now.timestamp()
    assert ages(published)["history/2026-10.html"] == now.timestamp()


def test_what_all_pages_share_writes_the_whole_archive_again(
    published: Path, now: datetime
) -> None:
    component = build.component(name="Secret plan")
    incident = happened.past(
        "Old",
        started_at=now - 40 * DAY,
        minutes=5,
        now=now - DAY,
        components={component: Status.MAJOR_OUTAGE},
    )
    publisher = world.publish(published, now=now)
    assert "Secret plan" in (published / file_of(incident)).read_text("utf-8")

    def published_at(at: datetime) -> str:
        publisher.publish_if_due(now=at)
        assert ages(published)[file_of(incident)] == at.timestamp()
        return (published / file_of(incident)).read_text("utf-8")

    catalogue.change_page(page=Page.objects.get(), name="Initech")
    assert "Initech" in published_at(now + TICK)
    catalogue.change_page(page=Page.objects.get(), time_zone="Asia/Tokyo")
    body = published_at(now + 2 * TICK)
    assert "Times in JST" in body
    assert "Secret plan" in body
    catalogue.change_component(component=component, is_visible=False)
    assert "Secret plan" not in published_at(now + 3 * TICK)


def test_the_archive_is_written_in_slices_behind_the_home_page_and_goes_on_after_a_restart(
    published: Path, now: datetime
) -> None:
    world.main_page(set_up_at=now)
    incidents = [old(f"Old {number}", days=10 + 31 * number, now=now) for number in range(4)]
    publisher = Publisher(published, slice_s=0)
    publisher.publish_if_due(now=now)
    assert "No incidents" in (published / "index.html").read_text("utf-8")
    assert publisher.is_behind
    written = [incident for incident in incidents if (published / file_of(incident)).exists()]
    assert len(written) < 4

    urgent = build.incident(title="Urgent", now=now)
    publisher.publish_if_due(now=now + TICK)
    assert "Urgent" in (published / "index.html").read_text("utf-8")
    assert (published / file_of(urgent)).exists()

    for tick in range(2, 5):
        publisher.publish_if_due(now=now + tick * TICK)
    restarted = Publisher(published, slice_s=0)
    tick = 5
    while restarted.is_behind or tick == 5:
        restarted.publish_if_due(now=now + tick * TICK)
        tick += 1
        assert tick < 60

    assert all((published / file_of(incident)).exists() for incident in incidents)
    assert {f"history/2026-{month:02}.html" for month in (8, 9, 10, 11)} <= set(ages(published))


def test_a_page_that_cannot_be_rendered_holds_up_no_other(
    published: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    bad, good = old("Bad", days=40, now=now), old("Good", days=40, now=now)
    render = event_rendering.EventPages.incident

    def fail(pages: event_rendering.EventPages, view: IncidentView) -> Mapping[str, bytes]:
        if view.title == "Bad":
            raise ValueError("template")
        return render(pages, view)

    monkeypatch.setattr(event_rendering.EventPages, "incident", fail)
    world.publish(published, now=now)

    assert (published / file_of(good)).exists()
    assert not (published / file_of(bad)).exists()
    assert "template" in caplog.text


def test_a_state_file_that_cannot_be_read_starts_anew_and_removes_strangers(
    published: Path, now: datetime
) -> None:
    incident = old("Old", days=40, now=now)
    world.publish(published, now=now)
    (published / archive_state.NAME).write_text("{not json", encoding="utf-8")
    stranger = published / "incidents/000000000000.html"
    stranger.write_text("left over", encoding="utf-8")

    world.publish(published, now=now + MINUTE)

    assert not stranger.exists()
    assert (published / file_of(incident)).exists()


def test_a_new_month_gets_its_page_and_the_last_one_a_link_to_it(
    published: Path, now: datetime
) -> None:
    old("Old", days=3, now=now)
    publisher = world.publish(published, now=now)
    december = datetime.fromisoformat("2026-12-01T00:00:10+00:00")

    publisher.publish_if_due(now=december)

    assert 'href="/history/2026-12"' in (published / "history/2026-11.html").read_text("utf-8")
    assert "No incidents in December 2026." in (published / "history/2026-12.html").read_text(
        "utf-8"
    )
    assert "December" in (published / "history/index.html").read_text("utf-8")


def test_a_history_that_gets_shorter_loses_its_months(published: Path, now: datetime) -> None:
    oldest = old("Oldest", days=70, now=now)
    old("Old", days=40, now=now)
    publisher = world.publish(published, now=now)

    publishing.delete_incident(incident=oldest, now=now)
    publisher.publish_if_due(now=now + TICK)

    assert not (published / "history/2026-09.html").exists()
    assert 'href="/history/2026-09"' not in (published / "history/2026-10.html").read_text("utf-8")


def test_twice_the_incidents_cost_the_same_number_of_statements(
    published: Path, now: datetime
) -> None:
    components = [build.component(), build.component()]

    def add_some() -> None:
        for number in range(3):
            happened.told(
                {
                    now - (number * 5 + 1) * DAY: (State.INVESTIGATING, "Looking."),
                    now - number * 5 * DAY: (State.RESOLVED, "Over."),
                },
                components=dict.fromkeys(components),
            )
            build.maintenance(now=now, components=components)

    def cost(publisher: Publisher, at: datetime) -> tuple[int, int]:
        """Statements for the home page with this month, and for a change of one incident."""
        with counting.statements() as for_home:
            publisher.publish_if_due(now=at + timedelta(seconds=61))
        incident = Incident.objects.latest("id")
        publishing.revise(incident=incident, title="Again", started_at=incident.started_at, now=at)
        with counting.statements() as for_change:
            publisher.publish_if_due(now=at + timedelta(seconds=62))
        return len(for_home), len(for_change)

    add_some()
    before = cost(world.publish(published, now=now), now)
    add_some()
    second = now + 5 * MINUTE
    after = cost(world.publish(published, now=second), second)

    assert after == before
    assert sum(before) < 190


def test_the_cursor_is_in_the_folder(published: Path, now: datetime) -> None:
    old("Old", days=40, now=now)
    world.publish(published, now=now)

    state = json.loads((published / archive_state.NAME).read_text("utf-8"))

    assert state["cursor"] == Page.objects.get().revision
    assert (state["months"], state["backfill"]) == ([], "")
    assert (state["first"], state["last"]) == ("2026-10", "2026-11")
    assert re.fullmatch("[0-9a-f]{16}", state["chrome"])


def test_a_filter_of_this_month_is_not_written_by_the_clock_and_never_looks_old(
    published: Path, now: datetime
) -> None:
    component = build.component(slug="checkout")
    build.incident(now=now - DAY, components={component: None})
    publisher = world.publish(published, now=now)
    name = "history/2026-11/components/checkout.html"

    publisher.publish_if_due(now=now + MINUTE)

    age = ages(published)
    assert age["history/2026-11.html"] == (now + MINUTE).timestamp()
    assert age[name] == now.timestamp()
    assert "<!--stale" not in (published / name).read_text("utf-8")
    assert "<!--stale" in (published / "history/2026-11.html").read_text("utf-8")
