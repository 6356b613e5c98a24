"""What visitors read about incidents and maintenance, on the published files."""

import html
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from components import catalogue
from components.status import Status
from incidents import maintenance, postmortems, publishing, timeline, windows
from incidents.lifecycle import Impact, State
from incidents.models import Incident
from incidents.postmortems import Writing
from incidents.publishing import Report
from public_pages.publishing import Publisher
from tests import build
from tests.public_pages import happened, world
from tests.public_pages.conftest import NOW, Once
from tests.public_pages.happened import MINUTE

pytestmark = pytest.mark.django_db

TICK = timedelta(milliseconds=250)
DAY = timedelta(days=1)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tmp_path / "published"


def words(published: Path, name: str) -> str:
    """The text of a page's main part as a reader has it."""
    body = (published / name).read_text(encoding="utf-8")
    main = re.sub(r"<!--.*?-->", "", body[body.index("<main") : body.index("</main>")], flags=re.S)
    main = re.sub(r"</?(?:time|strong|em|code)\b[^>]*>", "", main)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def entries(published: Path, incident: Incident) -> list[str]:
    """The headings of a timeline with their times, as they stand on the page."""
    body = (published / f"incidents/{incident.public_id}.html").read_text(encoding="utf-8")
    found = re.findall(r"<h3>(.*?)</h3> <a[^>]*><time[^>]*>(.*?)</time>", body, flags=re.S)
    return [f"{at} {title}" for title, at in found]


def _events_of_acme() -> Mapping[str, Incident]:
    made = happened.acme(now=NOW)
    happened.past("Long ago", started_at=NOW - 40 * DAY, minutes=5, now=NOW)
    return made


@pytest.mark.req("I5", "I6", "I7", "I10", "I13")
def test_the_guide_s_example_2_05_investigating_2_22_identified_2_45_monitoring_3_00_resolved(
    published: Path, now: datetime
) -> None:
    day = datetime(2026, 11, 19, tzinfo=UTC)
    incident = happened.told(
        {
            day.replace(hour=2, minute=5): (State.INVESTIGATING, "Logins fail. We are looking."),
            day.replace(hour=2, minute=22): (State.IDENTIFIED, "A cache is full."),
            day.replace(hour=2, minute=45): (State.MONITORING, "The cache is cleared."),
            day.replace(hour=3, minute=0): (State.RESOLVED, "Logins work again."),
        },
        components={build.component(name="Website"): None},
    )

    world.publish(published, now=now)

    assert entries(published, incident) == [
        "03:00 Resolved",
        "02:45 Monitoring",
        "02:22 Identified",
        "02:05 Investigating",
    ]
    page = words(published, f"incidents/{incident.public_id}.html")
    assert "Resolved Partial outage 19 Nov 2026, 02:05 to 03:00 UTC 55 min" in page
    assert "What was affected Website · 55 min (Partial outage)" in page
    assert "Newest first. Times in UTC." in page
    for sentence in ("Logins fail.", "A cache is full.", "The cache is cleared.", "Logins work"):
        assert sentence in page


@pytest.mark.req("I3", "I13", "I19")
def test_an_incident_moves_from_the_top_of_the_page_to_the_history_when_it_is_resolved(
    published: Path, now: datetime
) -> None:
    component = build.component(name="Checkout")
    publisher = world.publish(published, now=now)
    incident = build.incident(
        title="Payments fail", now=now, components={component: None}, text="Cards are refused."
    )
    address = f"/incidents/{incident.public_id}"

    publisher.publish_if_due(now=now + TICK)
    home = words(published, "index.html")
    assert "Payments fail Investigating Started 14:32 UTC" in home
    assert "Cards are refused." in home
    assert home.index("Payments fail") < home.index("Components")
    assert "Today Payments fail Investigating Partial outage ongoing" in home
    assert address in (published / "live.html").read_text("utf-8")
    component_page = words(published, f"components/{component.slug}.html")
    assert "Open incident: Payments fail" in component_page

    publishing.post_update(
        incident=incident, state=State.RESOLVED, text="Over.", notify=True, now=now + 20 * MINUTE
    )
    publisher.publish_if_due(now=now + 20 * MINUTE + TICK)

    home = words(published, "index.html")
    assert home.index("Components") < home.index("Payments fail")
    assert "All systems operational" in home
    assert "Payments fail Resolved Partial outage 20 min Over." in home
    assert "Payments fail Resolved Partial outage 20 min" in words(
        published, "history/2026-11.html"
    )
    assert "Open incident" not in words(published, f"components/{component.slug}.html")
    assert "Payments fail" in words(published, f"components/{component.slug}.html")


def test_open_incidents_are_told_worst_first_and_with_the_present_state_of_their_components(
    published: Path, now: datetime
) -> None:
    slow, down = build.component(name="Search"), build.component(name="Checkout")
    build.incident(title="Worse", impact=Impact.CRITICAL, now=now - MINUTE, components={down: None})
    build.incident(title="Mild", impact=Impact.MINOR, now=now, components={slow: None})

    world.publish(published, now=now)

    home = words(published, "index.html")
    assert home.index("Worse") < home.index("Mild")
    assert "Checkout (Major outage)" in home
    status = json.loads((published / "status.json").read_text("utf-8"))
    assert [(row["title"], row["impact"]) for row in status["incidents"]] == [
        ("Worse", "major_outage"),
        ("Mild", "degraded_performance"),
    ]
    assert status["incidents"][0]["components"] == [down.slug]


def test_the_page_is_never_green_while_an_incident_is_open(published: Path, now: datetime) -> None:
    world.watched(now=now)
    publisher = world.publish(published, now=now)
    incident = build.incident(title="Odd", impact=Impact.NONE, now=now)

    publisher.publish_if_due(now=now + TICK)

    body = (published / "index.html").read_text("utf-8")
    assert "<title>Watching a fix – " in body
    assert re.search(r'id="now"\s+data-s="mt"', body)
    assert "All components are operational, and an incident is still open." in body
    assert "All systems operational" not in body
    icon = (published / "favicon.svg").read_bytes()
    assert icon == (published / "favicon-mt.svg").read_bytes()
    assert b"Watching a fix" in (published / "badge/color.svg").read_bytes()

    publishing.post_update(
        incident=incident, state=State.RESOLVED, text="Over.", notify=False, now=now
    )
    publisher.publish_if_due(now=now + 2 * TICK)
    assert "All systems operational" in words(published, "index.html")


def test_a_promise_that_passed_is_told_as_one_at_that_moment(
    published: Path, now: datetime
) -> None:
    incident = build.incident(now=now, next_update_by=now + 10 * MINUTE)
    publisher = Publisher(published, slice_s=3600, full_every_s=3600)
    publisher.publish_if_due(now=now)
    name = f"incidents/{incident.public_id}.html"
    for page in (name, "index.html"):
        assert "Next update by 14:42 UTC" in words(published, page)

    publisher.publish_if_due(now=now + 10 * MINUTE)

    for page in (name, "index.html"):
        assert "Next update by" not in words(published, page)
        assert "An update was promised by 14:42 UTC" in words(published, page)


def test_a_correction_is_marked_with_its_time_and_updates_have_their_own_links(
    published: Path, now: datetime
) -> None:
    incident = happened.told(
        {
            now - 30 * MINUTE: (State.INVESTIGATING, "About 1 in 3 fails."),
            now - 10 * MINUTE: (State.INVESTIGATING, "Still looking."),
        }
    )
    first = incident.updates.earliest("id")
    timeline.correct(update=first, text="About 1 in 5 fails.", author=None, now=now - 5 * MINUTE)

    world.publish(published, now=now)

    name = f"incidents/{incident.public_id}.html"
    page, body = words(published, name), (published / name).read_text("utf-8")
    assert "About 1 in 5 fails. Corrected 19 Nov 2026, 14:27 UTC" in page
    assert "1 in 3" not in page
    assert entries(published, incident) == ["14:22 Update", "14:02 Investigating"]
    for update in incident.updates.all():
        assert f'id="u{update.public_id}"' in body
        assert f'href="/incidents/{incident.public_id}#u{update.public_id}"' in body


def test_what_monitors_found_says_so_also_before_a_person_wrote(
    published: Path, now: datetime
) -> None:
    incident = build.incident(now=now, text="", origin="monitor")

    world.publish(published, now=now)

    page = words(published, f"incidents/{incident.public_id}.html")
    assert "What we know Detected automatically at 14:32 UTC. A person is looking at it." in page


@pytest.mark.req("I8")
def test_visitors_read_what_the_states_mean(published: Path, now: datetime) -> None:
    incident = build.incident(now=now)

    world.publish(published, now=now)

    page = words(published, f"incidents/{incident.public_id}.html")
    for state in State:
        assert f"{state.label} {state.meaning}" in page


@pytest.mark.req("I15")
def test_a_past_incident_is_in_the_history_and_counts_for_its_own_time(
    published: Path, now: datetime
) -> None:
    component = build.component(name="Search", slug="search")
    publisher = world.publish(published, now=now)
    incident = happened.past(
        "Old results",
        started_at=now - 3 * DAY,
        minutes=140,
        now=now,
        components={component: Status.MAJOR_OUTAGE},
    )

    publisher.publish_if_due(now=now + TICK)

    page = words(published, f"incidents/{incident.public_id}.html")
    assert "Resolved Major outage 16 Nov 2026, 14:32 to 16:52 UTC 2 h 20 min" in page
    assert "Search · 2 h 20 min (Major outage)" in page
    assert "All systems operational" in words(published, "index.html")
    assert "Major outage, 2 h 20 min" in (published / "index.html").read_text("utf-8")  # its bar
    component_page = words(published, "components/search.html")
    assert "Mon 16 Nov Old results" in component_page
    assert "16 Nov 2026 Major outage 2 h 20 min" in component_page
    status = json.loads((published / "status.json").read_text("utf-8"))
    assert status["groups"][0]["components"][0]["uptime_90_days"] == 99.89


@pytest.mark.req("M4", "M5", "M7", "M8")
def test_a_postmortem_is_public_from_publishing_until_it_is_withdrawn(
    published: Path, now: datetime
) -> None:
    incident = happened.told(
        {
            now - 60 * MINUTE: (State.INVESTIGATING, "Looking."),
            now - 20 * MINUTE: (State.RESOLVED, "It works again."),
        },
        started_at=now - 62 * MINUTE,
    )
    writing = Writing(title="The full story", summary="A *lock* was held.", root_cause="A deploy.")
    postmortems.save_draft(incident=incident, writing=writing, now=now)
    publisher = world.publish(published, now=now)
    report = f"incidents/{incident.public_id}/postmortem.html"
    name = f"incidents/{incident.public_id}.html"
    assert not (published / report).exists()
    assert "ostmortem" not in words(published, name).partition("What the states mean")[0]

    postmortems.publish(incident=incident, now=now)
    publisher.publish_if_due(now=now + TICK)

    text = words(published, report)
    assert "Postmortem: The full story Published 19 Nov 2026, 14:32 UTC" in text
    assert "Duration 42 min Time to first update 2 min" in text
    assert "Summary A lock was held." in text
    assert "Root cause A deploy." in text
    assert entries(published, incident)[0] == "14:32 Postmortem published"
    link = f'href="/incidents/{incident.public_id}/postmortem"'
    for page in (name, "index.html", "history/2026-11.html"):
        assert link in (published / page).read_text("utf-8")

    postmortems.unpublish(incident=incident, now=now)
    publisher.publish_if_due(now=now + 2 * TICK)
    assert not (published / report).exists()
    for page in (name, "index.html", "history/2026-11.html"):
        assert link not in (published / page).read_text("utf-8")


@pytest.mark.req("I19")
def test_a_month_has_neighbours_a_calendar_and_pages_for_what_can_be_filtered(
    once: Once,
) -> None:
    published, made = once.both(_events_of_acme)

    month = words(published, "history/2026-11.html")
    assert "November 2026 October 2026 November 2026 Events by day Today" in month
    assert "4 – 7 Nov No incidents" in month
    body = (published / "history/2026-11.html").read_text("utf-8")
    assert '<a href="#d2026-11-12" data-s="pa">12' in body
    assert (published / "history/index.html").read_text("utf-8") == body
    assert words(published, "history/2026-10.html").startswith("October 2026")
    assert not (published / "history/2026-09.html").exists()
    assert not (published / "history/2026-12.html").exists()
    of_search = words(published, "history/2026-11/components/search.html")
    assert "Only what touches Search: 2 events." in of_search
    assert "Webhook deliveries delayed" in of_search
    assert "Card payments" not in of_search.partition("Component All components")[0]
    planned = words(published, "history/2026-11/maintenance.html")
    assert "Storage migration" in planned
    assert "No maintenance" in planned
    assert made["past"].title not in planned


def test_a_month_without_events_says_so(published: Path, now: datetime) -> None:
    happened.past("Long ago", started_at=now - 75 * DAY, minutes=5, now=now)

    world.publish(published, now=now)

    assert "No incidents in October 2026." in words(published, "history/2026-10.html")
    assert "No incidents in the past 14 days." in words(published, "index.html")


@pytest.mark.req("K1", "K2")
def test_maintenance_is_told_before_while_and_after(published: Path, now: datetime) -> None:
    component = build.component(name="Exports")
    publisher = world.publish(published, now=now)
    assert "Nothing is scheduled." in words(published, "maintenance.html")
    work = build.maintenance(now=now, title="New disks", components=[component])
    later = build.maintenance(
        now=now, title="Far away", wall_start=(now + 9 * DAY).replace(tzinfo=None)
    )
    name = f"maintenance/{work.public_id}.html"

    publisher.publish_if_due(now=now + TICK)
    listed = words(published, "maintenance.html")
    assert listed.index("New disks") < listed.index("Far away")
    assert "Scheduled Thu 19 Nov, 15:32 to 16:32 UTC starts in 59 minutes" in listed
    home = words(published, "index.html")
    assert "New disks" in home  # within seven days
    assert "Far away" not in home
    assert "Scheduled Sat 28 Nov" in words(published, f"maintenance/{later.public_id}.html")

    started = now + 60 * MINUTE
    maintenance.post_update(
        maintenance=work, state=windows.State.IN_PROGRESS, notify=False, now=started
    )
    publisher.publish_if_due(now=started + 80 * MINUTE)
    for page in (name, "index.html", "maintenance.html"):
        assert "Running 20 minutes longer than planned." in words(published, page)
    assert "Under maintenance" in words(published, "index.html")

    maintenance.post_update(
        maintenance=work,
        state=windows.State.COMPLETED,
        notify=False,
        now=started + 90 * MINUTE,
    )
    publisher.publish_if_due(now=started + 90 * MINUTE + TICK)
    assert "1 h 30 min, 30 min longer than planned" in words(published, name)
    assert "New disks Completed Maintenance 1 h 30 min" in words(published, "history/2026-11.html")


def test_the_zone_of_the_page_is_named_and_cuts_its_days(published: Path, now: datetime) -> None:
    world.main_page(time_zone="Asia/Kathmandu")
    incident = happened.told(
        {datetime(2026, 11, 18, 20, tzinfo=UTC): (State.INVESTIGATING, "Night shift.")}
    )

    world.publish(published, now=now)

    page = words(published, f"incidents/{incident.public_id}.html")
    assert "Times in UTC+05:45" in page
    assert entries(published, incident) == ["01:45 Investigating"]
    assert "Today Card payments failing" in words(published, "index.html")


CORPUS: dict[str, Any] = {
    "title": "\"'><script>alert(1)</script>--><img src=x onerror=alert(2)>{{ 7*7 }}",
    "text": (
        "<script>alert(1)</script> <img src=x onerror=alert(2)> [a](javascript:alert(3)) "
        '![b](x" onerror="alert(4)) <svg/onload=alert(5)> `</pre><script>alert(6)</script>` '
        "--><script>alert(7)</script> [c](data:text/html;base64,x) &lt;script&gt;alert(8)&lt;/script&gt;"
    ),
}


class Found(HTMLParser):
    """The tags and attributes that a browser would see."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def test_markup_in_titles_and_texts_is_inert_in_every_file(published: Path, now: datetime) -> None:
    component = build.component(name="<b>Checkout</b>")
    incident = build.incident(now=now - DAY, components={component: None}, **CORPUS)
    publishing.post_update(
        incident=incident, state=State.RESOLVED, text=CORPUS["text"], notify=False, now=now
    )
    writing = Writing(
        title=CORPUS["title"],
        summary=CORPUS["text"],
        impact_description=CORPUS["text"],
        entries=[postmortems.Entry(at=now, text=CORPUS["title"])],
        actions=[postmortems.Action(text=CORPUS["title"], owner=CORPUS["title"][:90])],
    )
    postmortems.save_draft(incident=incident, writing=writing, now=now)
    postmortems.publish(incident=incident, now=now)
    build.incident(now=now, components={component: None}, **CORPUS)
    build.maintenance(now=now, components=[component], **CORPUS)

    world.publish(published, now=now)

    pages = [*published.rglob("*.html")]
    assert len(pages) > 10
    for path in pages:
        body = path.read_text("utf-8")
        found = Found(body)
        assert not [name for name, _ in found.attributes if name.startswith("on")], path
        assert not [
            value
            for name, value in found.attributes
            if name in {"href", "src"} and not re.match(r"/|#|https?://|$", value)
        ], path
        assert body.count("<script") == len(re.findall(r'<script src="/assets/[^"]+" defer>', body))
        assert "img" not in found.tags
        assert "<b>Checkout" not in body
        assert "{{" not in body.replace("{{ 7*7 }}", "")
    home = (published / "index.html").read_text("utf-8")
    assert "&lt;script&gt;alert(1)" in home


def test_no_draft_reaches_any_published_file(published: Path, now: datetime) -> None:
    canaries = [f"canary{number}x" for number in range(12)]
    left = iter(canaries)
    hidden = build.component(name=next(left), slug=next(left), is_visible=False)
    publishing.save_draft(report=Report(title=next(left), text=next(left)), notify=True, now=now)
    shown = build.incident(
        title="Shown",
        now=now - 60 * MINUTE,
        components={hidden: None},
        author_name=next(left),
    )
    Incident.objects.filter(pk=shown.pk).update(
        evidence=[next(left)], proposed_text=next(left), draft_text=next(left)
    )
    publishing.post_update(
        incident=shown, state=State.RESOLVED, text="Over.", notify=False, now=now
    )
    writing = Writing(title=next(left), summary=next(left), root_cause=next(left))
    postmortems.save_draft(incident=shown, writing=writing, now=now)

    world.publish(published, now=now)

    everything = "".join(
        path.read_bytes().decode(errors="ignore") for path in published.rglob("*") if path.is_file()
    )
    assert "Shown" in everything
    assert [canary for canary in canaries if canary in everything] == []


def test_a_removed_component_keeps_its_name_in_the_history_only_if_visitors_knew_it(
    published: Path, now: datetime
) -> None:
    seen, hidden = build.component(name="Checkout"), build.component(name="Skunkworks")
    catalogue.change_component(component=hidden, is_visible=False)
    incident = happened.told(
        {now: (State.INVESTIGATING, "Looking.")}, components={seen: None, hidden: None}
    )
    catalogue.remove_component(component=seen)
    catalogue.remove_component(component=hidden)
    publishing.post_update(
        incident=incident, state=State.RESOLVED, text="Done.", notify=False, now=now + MINUTE
    )

    world.publish(published, now=now + 2 * MINUTE)

    page = words(published, f"incidents/{incident.public_id}.html")
    assert "Checkout" in page
    assert "Skunkworks" not in page


def test_every_page_about_events_stays_small(once: Once) -> None:
    published, made = once.both(_events_of_acme)

    sizes = {path.name: path.stat().st_size for path in published.rglob("*.html.gz")}
    assert f"{made['open'].public_id}.html.gz" in sizes
    assert max(sizes.values()) <= 30_000
