"""The badges of a page and of its components: images, and the documents for shields."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from components import catalogue
from components.status import Status
from public_pages import badges
from tests import build
from tests.public_pages import world
from tests.public_pages.world import Site

pytestmark = pytest.mark.django_db

SVG = "{http://www.w3.org/2000/svg}"
DAY = timedelta(days=1)
TICK = timedelta(milliseconds=250)
# Every key that shields' endpoint badge knows; it refuses a document with any other.
KEYS = {
    "schemaVersion",
    "label",
    "message",
    "color",
    "labelColor",
    "isError",
    "namedLogo",
    "logoSvg",
    "logoColor",
    "logoWidth",
    "logoPosition",
    "style",
    "cacheSeconds",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "published"


def title(body: bytes) -> str:
    """What a screen reader says of an image."""
    root = ElementTree.fromstring(body)
    assert root.get("role") == "img"
    return root.findtext(f"{SVG}title", "")


def shield(body: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body)
    assert set(found) <= KEYS
    assert found["schemaVersion"] == 1
    assert isinstance(found["label"], str)
    assert isinstance(found["message"], str)
    assert found["message"]
    assert type(found["cacheSeconds"]) is int
    return found


@pytest.mark.parametrize(
    ("status", "words", "colour"),
    [
        (Status.OPERATIONAL, "Operational", "brightgreen"),
        (Status.DEGRADED_PERFORMANCE, "Degraded performance", "yellow"),
        (Status.PARTIAL_OUTAGE, "Partial outage", "orange"),
        (Status.MAJOR_OUTAGE, "Major outage", "red"),
        (Status.UNDER_MAINTENANCE, "Under maintenance", "blue"),
    ],
)
def test_a_badge_says_the_status_of_the_page_and_of_a_component(
    standing: Callable[[Status], Path], now: datetime, status: Status, words: str, colour: str
) -> None:
    folder = standing(status)

    for path, label in (
        ("/badge/status", f"{world.NAME} status"),
        ("/badge/shop/status", "Shop <1>"),
    ):
        image = Site(folder, now).get(f"{path}.svg")
        document = Site(folder, now).get(f"{path}.json")
        assert title(image.body) == f"{label}: {words}"
        assert image.headers["Content-Type"] == "image/svg+xml"
        found = shield(document.body)
        assert (found["label"], found["message"], found["color"]) == (label, words, colour)
        for reply in (image, document):
            assert reply.headers["Cache-Control"] == "public, max-age=60"
            assert reply.headers["Access-Control-Allow-Origin"] == "*"
            assert "ETag" in reply.headers


def test_what_nobody_knows_is_no_data_and_never_a_figure(folder: Path, now: datetime) -> None:
    shop = build.component(slug="shop", created_at=now - 100 * DAY)
    world.said(shop, Status.UNKNOWN, now - 100 * DAY)
    world.publish(folder, now=now)

    site = Site(folder, now)
    for path in ("/badge/shop/uptime/24h", "/badge/uptime/90d"):
        found = shield(site.get(f"{path}.json").body)
        assert (found["message"], found["color"]) == ("no data", "lightgrey")
        assert title(site.get(f"{path}.svg").body).endswith(": no data")
    assert shield(site.get("/badge/shop/status.json").body)["color"] == "lightgrey"


def test_an_uptime_is_rounded_down_and_never_100_when_anything_was_down(
    folder: Path, now: datetime
) -> None:
    """Decision 9."""
    shop = build.component(slug="shop", name="Shop", created_at=now - 100 * DAY)
    fine = build.component(slug="mail", name="Mail", created_at=now - 100 * DAY)
    for one in (shop, fine):
        world.said(one, Status.OPERATIONAL, now - 100 * DAY)
    down_at = now - 10 * DAY
    world.said(shop, Status.MAJOR_OUTAGE, down_at)
    world.said(shop, Status.OPERATIONAL, down_at + timedelta(seconds=1))
    world.publish(folder, now=now)

    def words(name: str) -> str:
        return str(shield((folder / f"badge/{name}.json").read_bytes())["message"])

    assert [words(f"shop/uptime/{period}") for period in badges.PERIODS] == [
        "100%",
        "100%",
        "99.99%",
        "99.99%",
    ]
    assert words("mail/uptime/90d") == "100%"
    assert words("uptime/90d") == "99.99%"  # of all components together
    assert title((folder / "badge/shop/uptime/30d.svg").read_bytes()) == (
        "Shop uptime, 30 days: 99.99%"
    )


def test_maintenance_and_unknown_time_are_in_no_figure(folder: Path, now: datetime) -> None:
    shop = build.component(slug="shop", created_at=now - 100 * DAY)
    for status, hours in (
        (Status.OPERATIONAL, 2400),
        (Status.UNDER_MAINTENANCE, 20),
        (Status.UNKNOWN, 15),
        (Status.MAJOR_OUTAGE, 10),
        (Status.OPERATIONAL, 9),
    ):
        world.said(shop, status, now - timedelta(hours=hours))
    world.publish(folder, now=now)

    # 24 h, 5 of them unknown, 1 down: 18/19.
    found = shield((folder / "badge/shop/uptime/24h.json").read_bytes())
    assert (found["message"], found["color"]) == ("94.73%", "red")


def test_once_the_page_is_old_its_badges_say_that_nothing_is_known(
    folder: Path, now: datetime
) -> None:
    paths = ("/badge/status", "/badge/shop/status", "/badge/shop/uptime/30d")
    world.main_page(name="Acme")
    shop = build.component(slug="shop", created_at=now - DAY)
    world.said(shop, Status.OPERATIONAL, now - DAY)
    publisher = world.publish(folder, now=now)
    late = now + timedelta(minutes=4)

    def written() -> list[tuple[int, int]]:
        found = [(folder / f"{path[1:]}.svg").stat() for path in paths]
        return [(file.st_ino, file.st_mtime_ns) for file in found]

    old = Site(folder, late)
    for path in paths:
        assert title(old.get(f"{path}.svg").body).endswith(": Unknown")
        found = shield(old.get(f"{path}.json").body)
        assert (found["label"], found["message"]) == ("Acme status", "Unknown")
        assert found["color"] == "lightgrey"

    before = written()
    publisher.publish_if_due(now=late)
    assert written() == before
    for path in paths:
        assert not title(Site(folder, late).get(f"{path}.svg").body).endswith(": Unknown")


def test_a_component_that_is_gone_leaves_no_badge(folder: Path, now: datetime) -> None:
    rows = [build.component(slug=slug) for slug in ("shop", "uptime")]
    publisher = world.publish(folder, now=now)
    names = [name for slug in ("shop", "uptime") for name in badges.names_of(slug)]
    assert all((folder / name).is_file() for name in names)

    for row in rows:
        catalogue.change_component(component=row, is_visible=False)
    publisher.publish_if_due(now=now + TICK)

    assert not any((folder / name).exists() for name in names)
    assert all((folder / name).is_file() for name in badges.names_of(""))
    assert Site(folder, now).get("/badge/shop/status.json").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/badge/nothing/status.svg",
        "/badge/shop/uptime/31d.svg",
        "/badge/stale.json",
        "/badge/../status.json",
    ],
)
def test_there_are_no_other_badges(
    standing: Callable[[Status], Path], now: datetime, path: str
) -> None:
    site = Site(standing(Status.OPERATIONAL), now)

    assert site.get(path).status == 404 or site.entered == [path]
