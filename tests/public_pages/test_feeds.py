"""Which feeds are written when, what is in them, and how the front answers them."""

import gzip
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]  # the package has no types
import feedparser
import icalendar
import pytest
from pytest_django import Settings

from components import catalogue
from components.models import Component, Page
from components.status import Status
from incidents import maintenance, maintenance_changes, maintenance_plans, publishing, windows
from incidents.lifecycle import State
from incidents.models import AffectedComponent, Incident, Maintenance
from incidents.publishing import Report
from public_pages import feeds_entries, feeds_reading, reading
from public_pages.event_source import EventSource
from public_pages.event_views import IncidentView
from public_pages.feeds import Feeds
from public_pages.feeds_entries import Entry
from public_pages.folder import Folder
from public_pages.page_views import SiteView
from public_pages.troubles import Troubles
from tests import build, counting
from tests.public_pages import happened, world
from tests.public_pages.happened import MINUTE
from tests.public_pages.world import Site

pytestmark = pytest.mark.django_db

TICK = timedelta(milliseconds=250)
DAY = timedelta(days=1)
FEEDS = ("history.rss", "history.atom", "maintenance.ics")
OF_PARTS = ("rss", "atom", "ics")


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tmp_path / "published"


def titles(published: Path, name: str = "history.atom") -> list[str]:
    feed = feedparser.parse((published / name).read_bytes())
    assert not feed.bozo
    return [entry.title for entry in feed.entries]


def works(published: Path, name: str = "maintenance.ics") -> dict[str, Any]:
    """The events of a calendar, by their titles."""
    calendar: Any = icalendar.Calendar.from_ical((published / name).read_bytes())
    return {str(event["SUMMARY"]): event for event in calendar.events}


def feeds_of(published: Path) -> dict[str, float]:
    """When each feed was written, by its name."""
    return {
        path.relative_to(published).as_posix(): path.stat().st_mtime
        for suffix in OF_PARTS
        for path in published.rglob(f"*.{suffix}")
    }


class Host:
    """The feeds of one host, without its pages."""

    def __init__(self, folder: Path) -> None:
        catalogue.keep_feed_authority("status.acme.example")
        self.feeds = Feeds(Folder(folder), Troubles())

    def publish(self, now: datetime) -> None:
        """Write everything that is due."""
        self.feeds.look(reading.page(now=now), EventSource())
        self.feeds.write_waiting(until=float("inf"))


def hosted(folder: Path, now: datetime) -> Host:
    host = Host(folder)
    host.publish(now)
    return host


@pytest.mark.req("N10")
def test_feeds_tell_incidents_and_maintenance_of_the_page_and_of_each_component(
    published: Path, now: datetime
) -> None:
    happened.acme(now=now, components=happened.shop())

    hosted(published, now)

    every = [
        "TLS certificate rotation",
        "Database upgrade for reports and exports",
        "Card payments failing for some customers in the EU",
        "Webhook deliveries delayed",
        "Storage migration for exports",
        "Search results up to 2 hours old",
    ]
    assert titles(published) == titles(published, "history.rss") == every
    assert titles(published, "components/search.rss") == [every[3], every[5]]
    assert titles(published, "components/checkout.atom") == [every[2]]
    assert set(works(published)) == {every[0], every[1], every[4]}
    assert set(works(published, "components/reports-and-exports.ics")) == set(works(published))
    assert works(published, "components/checkout.ics") == {}
    for name in FEEDS:
        body = (published / name).read_bytes()
        assert gzip.decompress((published / f"{name}.gz").read_bytes()) == body
        assert brotli.decompress((published / f"{name}.br").read_bytes()) == body


@pytest.mark.req("N10", "M4")
def test_drafts_and_hidden_components_are_in_no_feed(published: Path, now: datetime) -> None:
    shown, hidden = build.component(name="Shown"), build.component(name="Canary")
    slug = hidden.slug
    happened.told(
        {now - DAY: (State.INVESTIGATING, "Looking.")},
        title="Both",
        components={shown: None, hidden: Status.MAJOR_OUTAGE},
    )
    build.maintenance(now=now, title="Work on both", components=[shown, hidden])
    publishing.save_draft(report=Report(title="Canary of a draft"), notify=False, now=now)
    host = hosted(published, now)
    assert f"components/{slug}.rss" in feeds_of(published)
    assert "CATEGORIES:Canary" in (published / f"components/{slug}.ics").read_text("utf-8")

    catalogue.change_component(component=hidden, is_visible=False)
    host.publish(now + TICK)

    assert {name.partition(".")[0] for name in feeds_of(published)} == {
        *("history", "maintenance", f"components/{shown.slug}")
    }
    everything = b"".join((published / name).read_bytes() for name in feeds_of(published))
    assert b"Canary" not in everything
    assert titles(published) == ["Work on both", "Both"]

    catalogue.change_component(component=hidden, is_visible=True)
    host.publish(now + 2 * TICK)
    assert titles(published, f"components/{slug}.rss") == ["Work on both", "Both"]


@pytest.mark.req("AMB-18", "I16")
@pytest.mark.parametrize("is_running", [True, False], ids=["running", "down meanwhile"])
def test_what_is_deleted_leaves_every_feed_at_the_next_tick(
    published: Path, now: datetime, *, is_running: bool
) -> None:
    component = build.component(slug="checkout")
    gone = happened.told(
        {now - DAY: (State.INVESTIGATING, "Vanish.")},
        title="Vanishing",
        components={component: None},
    )
    work = build.maintenance(now=now - DAY, title="Vanishing work", components=[component])
    build.maintenance(now=now - DAY, title="Staying", components=[component])
    host = hosted(published, now)
    before = feedparser.parse((published / "history.atom").read_bytes()).feed.updated

    publishing.delete_incident(incident=gone, now=now + MINUTE)
    maintenance.delete(maintenance=work, now=now + MINUTE)
    if not is_running:
        host = Host(published)
    host.publish(now + MINUTE + TICK)

    everything = b"".join((published / name).read_bytes() for name in feeds_of(published))
    assert b"Vanish" not in everything
    assert titles(published) == titles(published, "components/checkout.rss") == ["Staying"]
    assert feedparser.parse((published / "history.atom").read_bytes()).feed.updated > before


def test_only_feeds_in_which_something_changed_are_written(published: Path, now: datetime) -> None:
    first, second = build.component(slug="first"), build.component(slug="second")
    for component in (first, second):
        happened.told({now - DAY: (State.INVESTIGATING, "Looking.")}, components={component: None})
    host = hosted(published, now)

    world.said(first, Status.MAJOR_OUTAGE, now)  # monitors are no events
    host.publish(now + TICK)
    host.publish(now + 2 * MINUTE)
    assert set(feeds_of(published).values()) == {now.timestamp()}

    publishing.post_update(
        incident=Incident.objects.get(affected__component=first),
        state=State.IDENTIFIED,
        text="Found.",
        notify=False,
        now=now + 3 * MINUTE,
    )
    later = now + 3 * MINUTE + TICK
    host.publish(later)

    written = {name for name, at in feeds_of(published).items() if at == later.timestamp()}
    assert written == {
        "history.rss",
        "history.atom",
        "components/first.rss",
        "components/first.atom",
    }


def test_a_restarted_publisher_writes_no_feed_again(published: Path, now: datetime) -> None:
    happened.acme(now=now, components=happened.shop())
    hosted(published, now)

    hosted(published, now + 10 * MINUTE)

    assert set(feeds_of(published).values()) == {now.timestamp()}


def test_a_new_name_is_in_every_feed_and_the_old_slug_s_feeds_are_gone(
    published: Path, now: datetime
) -> None:
    component = build.component(slug="old", name="Old name")
    build.maintenance(now=now, components=[component])
    host = hosted(published, now)

    catalogue.change_component(component=component, slug="new", name="New name")
    catalogue.change_page(page=Page.objects.get(), name="Initech")
    host.publish(now + TICK)

    assert not [name for name in feeds_of(published) if "old" in name]
    everything = b"".join((published / name).read_bytes() for name in feeds_of(published))
    assert b"Old name" not in everything
    feed = feedparser.parse((published / "components/new.atom").read_bytes()).feed
    assert feed.title == "Initech Status - New name - Incident History"
    assert "CATEGORIES:New name" in (published / "maintenance.ics").read_text("utf-8")


def test_a_feed_holds_the_newest_fifty_and_everything_that_is_going_on(
    published: Path, now: datetime
) -> None:
    old_but_open = happened.told(
        {now - 300 * DAY: (State.INVESTIGATING, "Looking.")}, title="Still open"
    )
    component = build.component()
    over = Incident.objects.bulk_create(
        Incident(
            title=f"Over {number}",
            state=State.RESOLVED,
            started_at=now - number * DAY,
            resolved_at=now - number * DAY,
            published_at=now,
            created_at=now,
            changed_at=now,
            page_revision=2,
        )
        for number in range(60)
    )
    AffectedComponent.objects.bulk_create(
        AffectedComponent(incident=incident, component=component) for incident in over
    )

    hosted(published, now)

    assert len(titles(published)) == feeds_reading.ENTRIES == 50
    assert old_but_open.title in titles(published)
    assert "Over 48" in titles(published)
    assert "Over 49" not in titles(published)
    assert len(titles(published, f"components/{component.slug}.rss")) == feeds_reading.PER_COMPONENT


def test_cancelled_work_stays_in_calendars_for_90_days(published: Path, now: datetime) -> None:
    work = build.maintenance(now=now, title="Cancelled")
    maintenance.post_update(
        maintenance=work, state=windows.State.CANCELLED, notify=False, now=now + MINUTE
    )
    host = hosted(published, now + 2 * MINUTE)
    event = works(published)["Cancelled"]
    assert (str(event["STATUS"]), event["SEQUENCE"]) == ("CANCELLED", 1)

    host.publish(now + 89 * DAY)
    assert set(works(published)) == {"Cancelled"}
    host.publish(now + 91 * DAY)
    assert works(published) == {}


def test_the_calendar_s_number_rises_with_title_time_and_state(
    published: Path, now: datetime
) -> None:
    work = build.maintenance(now=now, title="Work")
    host = hosted(published, now)
    at = now

    def sequence() -> int:
        host.publish(at + TICK)
        (event,) = works(published).values()
        return int(event["SEQUENCE"])

    found = [sequence()]
    plan = maintenance_plans.of(work)
    for changed in (
        replace(plan, text="Other words."),
        replace(plan, title="Other work"),
        replace(plan, title="Other work", wall_start=plan.wall_start + 2 * 60 * MINUTE),
    ):
        at += MINUTE
        maintenance_changes.change(maintenance=work, plan=changed, notify=False, now=at)
        found.append(sequence())
    for state in (windows.State.IN_PROGRESS, windows.State.VERIFICATION, windows.State.COMPLETED):
        at += MINUTE
        maintenance.post_update(maintenance=work, state=state, notify=False, now=at)
        found.append(sequence())

    assert found == [0, 0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("hosts", "kept"),
    [
        (["status.acme.example", "status.initech.example"], "status.acme.example"),
        (["localhost", "status.acme.example", "localhost"], "status.acme.example"),
        (["127.0.0.1", "localhost", "::1"], "127.0.0.1"),
        (["192.0.2.7", "status.acme.example"], "status.acme.example"),
    ],
)
def test_ids_keep_the_first_real_name_of_the_page(hosts: Iterable[str], kept: str) -> None:
    for host in hosts:
        catalogue.keep_feed_authority(host)

    assert Page.objects.get().feed_authority == kept


def test_ids_stay_when_the_page_moves(published: Path, now: datetime, settings: Settings) -> None:
    settings.CANDOR_ORIGIN = "https://status.acme.example"
    build.maintenance(now=now, title="Work")
    hosted(published, now)
    before = feedparser.parse((published / "history.atom").read_bytes())

    settings.CANDOR_ORIGIN = "https://status.initech.example"
    hosted(published, now + MINUTE)

    after = feedparser.parse((published / "history.atom").read_bytes())
    assert after.entries[0].link.startswith("https://status.initech.example/maintenance/")
    assert after.entries[0].id == before.entries[0].id
    assert after.feed.id == before.feed.id == "tag:status.acme.example,2005:/history"
    (event,) = works(published).values()
    assert str(event["UID"]).endswith("@status.acme.example")


def test_an_event_that_cannot_be_told_does_not_end_the_feed(
    published: Path,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for title in ("Bad", "Good"):
        happened.told({now - DAY: (State.INVESTIGATING, "Looking.")}, title=title)
    make = feeds_entries.made

    def fail(view: IncidentView, *, site: SiteView) -> Entry:
        if view.title == "Bad":
            raise ValueError("markup")
        return make(view, site=site)

    monkeypatch.setattr(feeds_entries, "made", fail)
    hosted(published, now)

    assert titles(published) == ["Good"]
    assert "markup" in caplog.text


def test_feeds_of_many_components_are_spread_over_ticks(published: Path, now: datetime) -> None:
    components = [build.component() for _ in range(7)]
    host = Host(published)

    host.feeds.look(reading.page(now=now), EventSource())
    assert set(feeds_of(published)) == set(FEEDS)
    host.feeds.write_waiting(until=0)
    assert host.feeds.is_behind
    assert len(feeds_of(published)) == len(FEEDS) + 3 * 5

    host.feeds.write_waiting(until=0)
    assert not host.feeds.is_behind
    assert len(feeds_of(published)) == len(FEEDS) + 3 * len(components)


def test_twice_the_events_and_components_cost_the_same_number_of_statements(
    published: Path, now: datetime
) -> None:
    def add(components: list[Component]) -> None:
        for number in range(4):
            happened.told(
                {
                    now - (number + 1) * DAY: (State.INVESTIGATING, "Looking."),
                    now - number * DAY: (State.RESOLVED, "Over."),
                },
                components=dict.fromkeys(components),
            )
            build.maintenance(now=now, components=components)

    def cost(host: Host, at: datetime) -> int:
        work = Maintenance.objects.latest("id")
        maintenance.post_update(
            maintenance=work, state=windows.State.SCHEDULED, text="Still.", notify=False, now=at
        )
        with counting.statements() as found:
            host.publish(at + TICK)
        return len(found)

    add([build.component()])
    first = cost(hosted(published, now), now + MINUTE)
    add([build.component(), build.component()])
    second = cost(hosted(published, now + 2 * MINUTE), now + 3 * MINUTE)

    assert second == first


# ---- the front ---------------------------------------------------------------------------------


@pytest.fixture
def site(published: Path, now: datetime) -> Site:
    folder = Folder(published)
    for name in (*FEEDS, *(f"components/checkout.{kind}" for kind in OF_PARTS)):
        folder.write(name, f"{name}\n".encode() * 100, at=now)
    for name in ("404.html", "index.html"):
        folder.write(name, b"page", at=now)
    return Site(published, now + MINUTE)


@pytest.mark.req("N10")
@pytest.mark.parametrize(
    ("path", "content_type", "name"),
    [
        ("/feed", "application/rss+xml", "history.rss"),
        ("/feed/", "application/rss+xml", "history.rss"),
        ("/history.rss", "application/rss+xml", "history.rss"),
        ("/history.atom", "application/atom+xml", "history.atom"),
        ("/maintenance.ics", "text/calendar", "maintenance.ics"),
        ("/components/checkout.rss", "application/rss+xml", "components/checkout.rss"),
        ("/components/checkout.atom", "application/atom+xml", "components/checkout.atom"),
        ("/components/checkout.ics", "text/calendar", "components/checkout.ics"),
    ],
)
def test_feeds_are_files_with_their_types(
    site: Site, path: str, content_type: str, name: str
) -> None:
    reply = site.get(path)

    assert (reply.status, site.entered) == (200, [])
    assert reply.headers["Content-Type"] == f"{content_type}; charset=utf-8"
    assert reply.headers["Cache-Control"] == "public, max-age=60"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert reply.text.startswith(f"{name}\n")
    assert site.get(path, "HEAD").body == b""
    assert site.get(path, "POST").status == 405


def test_who_has_a_feed_already_is_told_so_in_either_way(site: Site) -> None:
    first = site.get("/history.rss")
    date = first.headers["Last-Modified"]
    assert date == "Thu, 19 Nov 2026 14:32:00 GMT"

    by_tag = site.get("/history.rss", if_none_match=first.headers["ETag"])
    by_date = site.get("/history.rss", if_modified_since=date)
    changed = site.get("/history.rss", if_none_match='"other"', if_modified_since=date)

    assert [reply.status for reply in (by_tag, by_date, changed)] == [304, 304, 200]
    assert by_date.body == b""
    assert by_date.headers["ETag"] == first.headers["ETag"]


def test_a_date_is_given_only_once_it_tells_two_versions_apart(site: Site, now: datetime) -> None:
    site.at = now + timedelta(seconds=1)

    assert "Last-Modified" not in site.get("/history.rss").headers
    assert "Last-Modified" not in site.get("/").headers


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_feeds_are_sent_compressed(site: Site, encoding: str) -> None:
    reply = site.get("/history.atom", accept_encoding=encoding)

    assert reply.headers["Content-Encoding"] == encoding
    unpack = gzip.decompress if encoding == "gzip" else brotli.decompress
    assert unpack(reply.body) == site.get("/history.atom").body


@pytest.mark.parametrize(
    "path", ["/components/nothing.rss", "/components/../history.rss", "/x.ics"]
)
def test_there_is_no_feed_of_what_is_not_there(site: Site, path: str) -> None:
    reply = site.get(path)

    assert reply.status == 404 or site.entered == [path]


@pytest.mark.req("N10", "AMB-18")
def test_the_publisher_keeps_feeds_with_the_pages_that_name_them(
    published: Path, now: datetime
) -> None:
    component = build.component(slug="checkout")
    work = build.maintenance(now=now, title="Vanishing", components=[component])
    publisher = world.publish(published, now=now)
    home, part, plans = (
        (published / f"{name}.html").read_text("utf-8")
        for name in ("index", "components/checkout", "maintenance")
    )
    for page in (home, part, plans):
        assert 'type="application/rss+xml"' in page
        assert 'href="/history.rss"' in page
        assert 'href="/history.atom"' in page
    assert 'href="/components/checkout.rss"' in part
    assert 'href="/components/checkout.ics"' in part
    assert '<a class="btn" href="/maintenance.ics"' in plans
    assert titles(published) == ["Vanishing"]
    assert Page.objects.get().feed_authority == "127.0.0.1"

    maintenance.delete(maintenance=work, now=now + MINUTE)
    publisher.publish_if_due(now=now + MINUTE)

    assert titles(published, "components/checkout.rss") == titles(published) == []
    assert works(published) == {}
