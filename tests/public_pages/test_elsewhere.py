"""Announcements on the page and in JSON, the badges, and Vigil's report."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from components.status import Status
from incidents import announcements
from tests.public_pages import world
from tests.public_pages.world import Site

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
TICK = timedelta(milliseconds=250)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "published"


def text(folder: Path, name: str = "index.html") -> str:
    return (folder / name).read_text(encoding="utf-8")


def data(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text(folder, name))
    return found


# ---- announcements -----------------------------------------------------------------------------


@pytest.mark.req("H2")
def test_an_announcement_is_on_the_page_at_the_next_tick_and_gone_when_retracted(
    folder: Path, now: datetime
) -> None:
    publisher = world.publish(folder, now=now)
    assert '<div class="announces"\nid="announcements" hidden>' in text(folder)

    row = announcements.publish(title="Late <i>", text="**Soon** <img src=x>", now=now)
    publisher.publish_if_due(now=now + TICK)
    for name in ("index.html", "live.html"):
        page = text(folder, name)
        assert "<strong>Late &lt;i&gt;</strong>" in page
        assert 'aria-label="Announcement: Late &lt;i&gt;"' in page
        assert "<strong>Soon</strong> &lt;img src=x&gt;" in page
        assert 'Since <time datetime="2026-11-19T14:32Z">19 Nov 2026, 14:32 UTC</time>' in page
    assert data(folder, "status.json")["announcements"] == [
        {
            "id": str(row.uuid),
            "title": "Late <i>",
            "text": "**Soon** <img src=x>",
            "starts_at": "2026-11-19T14:32:00Z",
            "ends_at": None,
        }
    ]

    announcements.retract(announcement=row)
    publisher.publish_if_due(now=now + 2 * TICK)
    assert "Late" not in text(folder)
    assert data(folder, "status.json")["announcements"] == []


def test_it_starts_and_ends_by_itself_to_the_tick(folder: Path, now: datetime) -> None:
    announcements.publish(
        title="Moving house",
        text="x",
        now=now,
        starts_at=now + timedelta(seconds=10),
        ends_at=now + timedelta(seconds=20),
    )
    publisher = world.publish(folder, now=now)

    seen = {}
    for quarters in (0, 1, 39, 40, 41, 79, 80, 81, 99):
        publisher.publish_if_due(now=now + quarters * TICK)
        seen[quarters] = "Moving house" in text(folder)

    assert seen == {quarters: 40 <= quarters < 80 for quarters in seen}


def test_the_page_has_room_for_the_two_newest(folder: Path, now: datetime) -> None:
    for hours, title in ((3, "Oldest"), (1, "Newest"), (2, "Middle")):
        announcements.publish(title=title, text="x", now=now, starts_at=now - hours * HOUR)

    world.publish(folder, now=now)

    page = text(folder)
    assert page.index("Newest") < page.index("Middle")
    assert "Oldest" not in page
    titles = [said["title"] for said in data(folder, "status.json")["announcements"]]
    assert titles == ["Newest", "Middle", "Oldest"]


# ---- badges ------------------------------------------------------------------------------------


def shown(reply: world.Reply) -> str:
    """The name of a badge for screen readers: its first title."""
    root = ElementTree.fromstring(reply.body)
    assert root.get("role") == "img"
    found = root.find(f"{SVG}title")
    return "" if found is None or found.text is None else found.text


@pytest.mark.parametrize("kind", ["icon", "color"])
@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.OPERATIONAL, "Operational"),
        (Status.DEGRADED_PERFORMANCE, "Degraded performance"),
        (Status.PARTIAL_OUTAGE, "Partial outage"),
        (Status.MAJOR_OUTAGE, "Major outage"),
        (Status.UNDER_MAINTENANCE, "Under maintenance"),
        (Status.UNKNOWN, "Unknown"),
    ],
)
def test_a_badge_says_the_status_and_when_old_that_nothing_is_known(
    standing: Callable[[Status], Path], now: datetime, kind: str, status: Status, words: str
) -> None:
    folder = standing(status)

    reply = Site(folder, now).get(f"/badge/{kind}")

    assert reply.headers["Content-Type"] == "image/svg+xml"
    assert reply.headers["Cache-Control"] == "no-cache"
    assert "Last-Modified" not in reply.headers
    assert shown(reply) == f"{world.NAME} status: {words}"
    old = Site(folder, now + timedelta(minutes=4)).get(f"/badge/{kind}/")
    assert shown(old).replace("–", "--") == f"{world.NAME} status: Unknown"


@pytest.mark.parametrize("path", ["/badge/icons", "/badge/", "/badge/icon.svg"])
def test_there_are_no_other_badges(folder: Path, now: datetime, path: str) -> None:
    site = Site(folder, now)

    site.get(path)

    assert site.entered == [path]  # left to Django, which knows no such address


# ---- Vigil's report ----------------------------------------------------------------------------


def test_the_report_has_vigils_keys_too(folder: Path, now: datetime) -> None:
    shop = world.watched(now=now, healths=("healthy", "dead"), name="Shop")
    world.add_node(shop, now=now, healths=("sick", None), name="Workers", position=2)
    world.publish(folder, now=now)

    report = data(folder, "status/report")

    assert report["health"] == "dead"
    assert {"name", "url"} <= set(report["page"])
    (probe,) = report["probes"]
    assert (probe["name"], probe["status"]) == ("Shop", "dead")
    assert [(node["status"], node["replicas"]) for node in probe["nodes"]] == [
        ("dead", ["healthy", "dead"]),
        # Vigil has three words; what is not known is told as such under "components".
        ("sick", ["sick", "healthy"]),
    ]
    assert report["components"][0]["nodes"][1]["replicas"][1]["health"] == "unknown"
