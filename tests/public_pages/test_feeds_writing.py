"""The markup of feeds and calendars: what readers, bots and programs take from them, whatever is written."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import feedparser
import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import markdown
from components.page_addresses import PageAddress
from components.status import Status
from components.uptime import Weights
from incidents import lifecycle, windows
from incidents.lifecycle import Impact
from public_pages import calendar_file, feeds_entries, feeds_text, feeds_writing, templating
from public_pages.calendar_file import Source
from public_pages.event_views import IncidentView, MaintenanceView, TouchedView, UpdateView
from public_pages.feeds_entries import Entry
from public_pages.feeds_reading import WorkView
from public_pages.feeds_writing import Channel
from public_pages.page_views import SiteView

NOW = datetime(2026, 11, 19, 14, 32, 7, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
ORIGIN = "http://127.0.0.1:8000"
NASTY = (
    "]]><script>alert(1)</script>",
    "a\x0bb\x00c\x1b[31m\x7f\x85",
    "x\r\nATTACH:http://evil.example\r\nEND:VEVENT",
    "x\nBEGIN:VALARM\u2028y\u2029z",
    "a; b, c: d \\ \\n \"quoted\" 'q' ^n %0d%0a",
    "שלום \u202eevil\u202c عربى",
    "👩‍👩‍👧‍👦🇫🇷" * 40,
    "é" * 10_000,
    "&lt;b&gt; &amp;amp; <![CDATA[x]]> <!-- --> &#0; &nbsp;",
    "half \ud800 non \ufffe\uffff",
    " ",
)
ADDRESS = PageAddress(ORIGIN)
SITE = SiteView(
    name="Acme", time_zone=ZoneInfo("UTC"), weights=Weights(), is_demo=False, address=ADDRESS
)
CHANNEL = Channel(
    title="Acme Status - Incident History",
    description="Incidents",
    author="Acme Status",
    page="/",
    stem="/history",
    tag="/history",
    authority="status.acme.example",
    language="en",
    address=ADDRESS,
)
SOURCE = Source(
    name="Acme Status",
    address=ADDRESS,
    authority="status.acme.example",
    mailbox="Acme <status@acme.example>",
)


def said(state: lifecycle.State, text: str, *, at: datetime, is_change: bool = True) -> UpdateView:
    return UpdateView(
        ident="000000000001",
        state=state,
        is_change=is_change,
        html=markdown.render(text),
        at=at,
        corrected_at=None,
        chips=(),
    )


def step(kind: windows.Kind, state: windows.State, *, at: datetime, text: str = "") -> UpdateView:
    update = said(lifecycle.State.INVESTIGATING, text, at=at)
    return replace(update, state=state, title=kind)


def incident(*updates: UpdateView, title: str = "Card payments failing") -> IncidentView:
    """An incident with these updates, oldest first."""
    return IncidentView(
        ident="k7m2p9qrst0v",
        title=title,
        state=updates[-1].state if updates else lifecycle.State.INVESTIGATING,  # type: ignore[arg-type]
        impact=Impact.MAJOR,
        started_at=NOW - 3 * HOUR,
        ended_at=None,
        next_update_by=None,
        is_retroactive=False,
        is_detected=False,
        touched=(),
        updates=updates[::-1],
        postmortem=None,
    )


def planned(*updates: UpdateView, text: str = "We replace a disk.") -> MaintenanceView:
    return MaintenanceView(
        ident="m7m2p9qrst0v",
        title="Database upgrade",
        html=markdown.render(text),
        state=windows.State.SCHEDULED,
        starts_at=NOW + 48 * HOUR,
        ends_at=NOW + 50 * HOUR,
        started_at=None,
        ended_at=None,
        touched=(),
        updates=updates[::-1],
    )


def work(**fields: object) -> WorkView:
    plain = WorkView(
        ident="m7m2p9qrst0v",
        title="Database upgrade",
        html="<p>We replace a disk.</p>",
        state=windows.State.SCHEDULED,
        starts_at=NOW + 48 * HOUR,
        ends_at=NOW + 50 * HOUR,
        created_at=NOW - HOUR,
        changed_at=NOW,
        sequence=2,
        revision=7,
        touched=(
            TouchedView(id=1, slug="checkout", name="Checkout", status=Status.UNDER_MAINTENANCE),
            TouchedView(id=2, slug="search", name="Search", status=Status.DEGRADED_PERFORMANCE),
        ),
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def made(view: IncidentView | MaintenanceView, zone: str = "UTC") -> Entry:
    site = replace(SITE, time_zone=ZoneInfo(zone))
    with templating.active(site):
        return feeds_entries.made(view, site=site)


def calendar_of(*works: WorkView) -> Any:
    body = calendar_file.written(works, title="Acme Status - Maintenance", source=SOURCE)
    return icalendar.Calendar.from_ical(body)


def first_strong(html: str) -> str:
    found = re.search(r"<strong>(.*?)</strong>", html)
    assert found
    return found[1]


INVESTIGATING = said(lifecycle.State.INVESTIGATING, "We **look**.", at=NOW - 2 * HOUR)


# ---- what is said ------------------------------------------------------------------------------


@pytest.mark.req("N10")
def test_an_update_is_a_paragraph_in_the_markup_that_bots_read() -> None:
    resolved = said(lifecycle.State.RESOLVED, "Over.\n\nAll well.", at=NOW)

    entry = made(incident(INVESTIGATING, resolved), "Europe/Paris")

    day = "Nov <var data-var='date'>19</var>,"
    last = "<br><strong>Resolved</strong> - Over.<br><br>All well."
    first = "<br><strong>Investigating</strong> - We <strong>look</strong>."
    assert entry.html.splitlines() == [
        f"<p><small>{day} <var data-var='time'>15:32</var> CET</small>{last}</p>",
        f"<p><small>{day} <var data-var='time'>13:32</var> CET</small>{first}</p>",
    ]
    assert (entry.published, entry.updated) == (NOW - 2 * HOUR, NOW)


@pytest.mark.req("N10")
@pytest.mark.parametrize(
    ("update", "word"),
    [
        (said(lifecycle.State.INVESTIGATING, "x", at=NOW), "Investigating"),
        (said(lifecycle.State.IDENTIFIED, "x", at=NOW), "Identified"),
        (said(lifecycle.State.MONITORING, "x", at=NOW), "Monitoring"),
        (said(lifecycle.State.RESOLVED, "x", at=NOW), "Resolved"),
        (said(lifecycle.State.POSTMORTEM, "x", at=NOW), "Postmortem"),
        (said(lifecycle.State.IDENTIFIED, "**Look** here", at=NOW, is_change=False), "Update"),
        (step(windows.Kind.SCHEDULED, windows.State.SCHEDULED, at=NOW), "Scheduled"),
        (step(windows.Kind.RESCHEDULED, windows.State.SCHEDULED, at=NOW), "Update"),
        (step(windows.Kind.STARTED, windows.State.IN_PROGRESS, at=NOW), "In progress"),
        (step(windows.Kind.EXTENDED, windows.State.IN_PROGRESS, at=NOW), "Update"),
        (step(windows.Kind.NOTE, windows.State.IN_PROGRESS, at=NOW), "Update"),
        (step(windows.Kind.VERIFICATION, windows.State.VERIFICATION, at=NOW), "Verifying"),
        (step(windows.Kind.COMPLETED, windows.State.COMPLETED, at=NOW), "Completed"),
        (step(windows.Kind.CANCELLED, windows.State.CANCELLED, at=NOW), "Completed"),
    ],
)
def test_the_first_strong_word_is_the_state_in_the_words_that_bots_know(
    update: UpdateView, word: str
) -> None:
    view = planned(update) if update.title else incident(INVESTIGATING, update)

    entry = made(view)

    assert first_strong(entry.html) == word
    assert word in feeds_entries.WORDS
    assert "</strong> - </p>" not in entry.html  # without a text the state is explained


def test_work_without_words_of_its_own_says_what_was_planned_and_what_happened() -> None:
    entry = made(
        planned(
            step(windows.Kind.SCHEDULED, windows.State.SCHEDULED, at=NOW - 2 * HOUR),
            step(windows.Kind.CANCELLED, windows.State.CANCELLED, at=NOW, text="No spare disk."),
        )
    )

    newest, oldest = entry.html.splitlines()
    assert newest.endswith(" - This maintenance was cancelled.<br>No spare disk.</p>")
    assert oldest.endswith(" - We replace a disk.</p>")


# ---- RSS and Atom ------------------------------------------------------------------------------


@pytest.mark.req("N10")
def test_rss_dates_planned_work_by_its_start_and_says_when_it_ends() -> None:
    work_entry = made(planned(step(windows.Kind.SCHEDULED, windows.State.SCHEDULED, at=NOW)))
    body = feeds_writing.rss(CHANNEL, [work_entry, made(incident(INVESTIGATING))])

    item, other = ElementTree.fromstring(body).findall("channel/item")

    assert item.findtext("pubDate") == "Sat, 21 Nov 2026 14:32:07 GMT"
    assert item.findtext("maintenanceEndDate") == "Sat, 21 Nov 2026 16:32:07 GMT"
    assert (item.findtext("description") or "").startswith(
        "<p><strong>THIS IS A SCHEDULED EVENT Nov <var data-var='date'>21</var>, "
        "<var data-var='time'>14:32</var> - <var data-var='time'>16:32</var> UTC</strong></p>"
    )
    assert other.findtext("pubDate") == "Thu, 19 Nov 2026 12:32:07 GMT"
    assert other.find("maintenanceEndDate") is None
    assert item.findtext("guid") == item.findtext("link") == f"{ORIGIN}/maintenance/m7m2p9qrst0v"
    guid = item.find("guid")
    assert guid is not None
    assert guid.get("isPermaLink", "true") == "true"


@pytest.mark.req("N10")
def test_rss_says_what_it_is_and_where() -> None:
    feed = feedparser.parse(feeds_writing.rss(CHANNEL, [made(incident(INVESTIGATING))]))

    assert (feed.bozo, feed.version) == (False, "rss20")
    assert feed.feed.title == "Acme Status - Incident History"
    assert feed.feed.link == f"{ORIGIN}/"
    assert [(link.rel, link.href) for link in feed.feed.links if link.rel == "self"] == [
        ("self", f"{ORIGIN}/history.rss")
    ]
    assert feed.feed.published == "Thu, 19 Nov 2026 12:32:07 GMT"


@pytest.mark.req("N10")
def test_atom_has_ids_that_outlive_a_move_and_is_as_new_as_its_newest_entry() -> None:
    view = incident(INVESTIGATING, said(lifecycle.State.RESOLVED, "Over.", at=NOW))

    feed = feedparser.parse(feeds_writing.atom(CHANNEL, [made(view)]))

    assert (feed.bozo, feed.version) == (False, "atom10")
    assert feed.feed.id == "tag:status.acme.example,2005:/history"
    assert feed.feed.updated == feed.entries[0].updated == "2026-11-19T14:32:07Z"
    assert feed.feed.author == "Acme Status"
    assert feed.feed.title_detail.language == "en"
    (entry,) = feed.entries
    assert entry.id == "tag:status.acme.example,2005:Incident/k7m2p9qrst0v"
    assert entry.link == f"{ORIGIN}/incidents/k7m2p9qrst0v"
    assert entry.published == "2026-11-19T12:32:07Z"
    assert entry.content[0].type == "text/html"
    assert first_strong(entry.content[0].value) == "Resolved"


def test_empty_feeds_are_valid_and_a_deletion_makes_them_newer() -> None:
    for write in (feeds_writing.rss, feeds_writing.atom):
        feed = feedparser.parse(write(CHANNEL, []))
        assert (feed.bozo, feed.entries) == (False, [])

    newer = feedparser.parse(feeds_writing.atom(replace(CHANNEL, changed_at=NOW), []))
    assert newer.feed.updated == "2026-11-19T14:32:07Z"


def rendered(text: str) -> str:
    """As it was stored; half characters cannot be."""
    return markdown.render(text.replace("\ud800", ""))


def check_feeds(text: str) -> None:
    view = incident(replace(INVESTIGATING, html=rendered(text)), title=text)
    channel = replace(CHANNEL, title=text, author=text)
    for write in (feeds_writing.rss, feeds_writing.atom):
        body = write(channel, [made(view)])
        ElementTree.fromstring(body)
        feed = feedparser.parse(body, sanitize_html=False)
        assert not feed.bozo
        (entry,) = feed.entries
        assert first_strong(entry.summary) == "Investigating"
        assert "<script" not in entry.summary
        root = ElementTree.fromstring(body)
        titles = [one.text for one in root.iter() if one.tag.rpartition("}")[2] == "title"]
        assert (titles[1] or "") == feeds_text.line(text)


def check_calendar(text: str) -> None:
    component = TouchedView(id=1, slug="checkout", name=text, status=None)
    nasty = work(title=text, html=rendered(text), touched=(component,))
    source = replace(SOURCE, name=text)

    body = calendar_file.written([nasty], title=text, source=source)

    lines = body.split(b"\r\n")
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert all(len(line) <= 75 and line.decode("utf-8") is not None for line in lines)
    parsed: Any = icalendar.Calendar.from_ical(body)
    (event,) = parsed.subcomponents
    (plain,) = calendar_of(work(touched=(component,))).subcomponents
    assert set(event) == set(plain)
    assert event["summary"] == feeds_text.line(text)
    assert not event.subcomponents


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_nasty_texts_leave_every_format_whole(text: str) -> None:
    check_feeds(text)
    check_calendar(text)


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=120))
def test_whatever_is_written_leaves_every_format_whole(text: str) -> None:
    check_feeds(text)
    check_calendar(text)


# ---- calendar ----------------------------------------------------------------------------------


def test_the_calendar_says_what_it_is_and_how_often_to_look() -> None:
    calendar = calendar_of()

    assert {
        name: str(calendar[name]) for name in ("VERSION", "METHOD", "NAME", "X-WR-CALNAME")
    } == {
        "VERSION": "2.0",
        "METHOD": "PUBLISH",
        "NAME": "Acme Status - Maintenance",
        "X-WR-CALNAME": "Acme Status - Maintenance",
    }
    text = calendar.to_ical().decode()
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in text
    assert "X-PUBLISHED-TTL:PT1H\r\n" in text
    assert calendar["PRODID"]


def test_planned_work_is_an_event_with_a_stable_id_and_its_number_of_changes() -> None:
    (event,) = calendar_of(work()).events

    assert str(event["UID"]) == "m7m2p9qrst0v@status.acme.example"
    assert event["SEQUENCE"] == 2
    whole = NOW.replace(microsecond=0)
    assert {name: event[name].dt for name in ("DTSTAMP", "CREATED", "LAST-MODIFIED")} == {
        "DTSTAMP": whole,
        "CREATED": whole - HOUR,
        "LAST-MODIFIED": whole,
    }
    assert event.to_ical().count(b"DTSTART:20261121T143207Z\r\n") == 1
    assert event.to_ical().count(b"DTEND:20261121T163207Z\r\n") == 1
    assert (str(event["STATUS"]), str(event["TRANSP"])) == ("CONFIRMED", "TRANSPARENT")
    address = f"{ORIGIN}/maintenance/m7m2p9qrst0v"
    assert str(event["URL"]) == address
    assert str(event["DESCRIPTION"]) == f"We replace a disk.\n\n{address}"
    assert [str(name) for name in event["CATEGORIES"].cats] == ["Checkout", "Search"]


@pytest.mark.parametrize(
    ("state", "status", "noted"),
    [
        (windows.State.SCHEDULED, "CONFIRMED", "CONFIRMED"),
        (windows.State.IN_PROGRESS, "CONFIRMED", "IN-PROCESS"),
        (windows.State.VERIFICATION, "CONFIRMED", "IN-PROCESS"),
        (windows.State.COMPLETED, "CONFIRMED", "COMPLETED"),
        (windows.State.CANCELLED, "CANCELLED", "CANCELLED"),
    ],
)
def test_calendars_and_networks_hear_the_state_in_their_words(
    state: windows.State, status: str, noted: str
) -> None:
    (event,) = calendar_of(work(state=state)).events

    assert (str(event["STATUS"]), str(event["X-MAINTNOTE-STATUS"])) == (status, noted)


@pytest.mark.parametrize(
    ("statuses", "each", "whole"),
    [
        ([Status.OPERATIONAL], ["NO-IMPACT"], "NO-IMPACT"),
        ([Status.DEGRADED_PERFORMANCE, Status.OPERATIONAL], ["DEGRADED", "NO-IMPACT"], "DEGRADED"),
        ([Status.PARTIAL_OUTAGE, Status.UNDER_MAINTENANCE], ["DEGRADED", "OUTAGE"], "OUTAGE"),
        ([Status.MAJOR_OUTAGE], ["OUTAGE"], "OUTAGE"),
        ([], [], "NO-IMPACT"),
    ],
)
def test_networks_hear_what_is_touched_and_how_badly(
    statuses: Sequence[Status], each: Sequence[str], whole: str
) -> None:
    touched = tuple(
        TouchedView(id=number, slug=f"part-{number}", name=f"Part {number}", status=status)
        for number, status in enumerate(statuses)
    )

    (event,) = calendar_of(work(touched=touched)).events

    found = event.get("X-MAINTNOTE-OBJECT-ID", [])
    objects = found if isinstance(found, list) else [found]
    assert [str(one) for one in objects] == [f"part-{n}" for n in range(len(statuses))]
    assert [one.params["X-MAINTNOTE-OBJECT-IMPACT"] for one in objects] == each
    assert str(event["X-MAINTNOTE-IMPACT"]) == whole
    assert str(event["X-MAINTNOTE-PROVIDER"]) == "status.acme.example"
    assert str(event["X-MAINTNOTE-ACCOUNT"]) == "Acme Status"
    assert str(event["X-MAINTNOTE-MAINTENANCE-ID"]) == "m7m2p9qrst0v"
    assert str(event["ORGANIZER"]) == "mailto:status@acme.example"
    assert ("CATEGORIES" in event) == bool(statuses)
