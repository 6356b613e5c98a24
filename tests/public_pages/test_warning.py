"""The warning for other places: the rule, the published files, and the script in a browser."""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Page, expect

from components import catalogue
from components.status import Status
from monitoring import page_health
from monitoring.models import AlertSettings, Node, PageHealthChange, Replica
from public_pages.warning import NOT_DEAD, Watch
from tests import build
from tests.public_pages import world
from tests.public_pages.foreign import complaints_of, elsewhere, served
from tests.public_pages.world import Site

LIMIT = timedelta(seconds=180)
TICK = timedelta(milliseconds=250)
SVG = "{http://www.w3.org/2000/svg}"


# ---- the rule ----------------------------------------------------------------------------------


@pytest.mark.req("U1", "U3")
@pytest.mark.parametrize(
    ("dead_for", "is_due", "reason"),
    [
        (timedelta(), False, "it has just died"),
        (LIMIT - timedelta.resolution, False, "not yet three minutes"),
        (LIMIT, False, "three minutes, and not longer"),
        (LIMIT + timedelta.resolution, True, "longer than three minutes"),
        (timedelta(days=400), True, "still dead"),
    ],
)
def test_it_warns_after_more_than_the_limit(
    now: datetime, dead_for: timedelta, is_due: bool, reason: str
) -> None:
    watch = Watch(dead_since=now - dead_for, after_s=180)

    assert watch.is_due(now=now) is is_due, reason
    assert watch.due_at is not None
    assert (now >= watch.due_at) is is_due


def test_it_never_warns_while_not_dead_or_switched_off(now: datetime) -> None:
    off = Watch(dead_since=now - timedelta(days=1), after_s=180, is_on=False)

    for watch in (NOT_DEAD, off):
        assert watch.due_at is None
        assert not watch.is_due(now=now)


@pytest.mark.req("U3")
def test_the_limit_is_a_setting(now: datetime) -> None:
    assert Watch(dead_since=now, after_s=0).due_at == now + timedelta.resolution
    assert not Watch(dead_since=now, after_s=600).is_due(now=now + LIMIT * 3)


# ---- what is published -------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "published"


def warning(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "status/warning.json").read_bytes())
    return found


def title(body: bytes) -> str:
    """The title of an image, which is its name for screen readers."""
    root = ElementTree.fromstring(body)
    found = root.find(f"{SVG}title")
    return "" if found is None or found.text is None else found.text


class Life:
    """Two replicas whose healths a test sets; the page's health follows."""

    def __init__(self, now: datetime) -> None:
        component = world.watched(now=now, healths=("healthy", "healthy"))
        self.replicas = list(Node.objects.get(component=component).replicas.order_by("position"))

    def be(self, *healths: str, at: datetime) -> None:
        for replica, health in zip(self.replicas, healths, strict=True):
            Replica.objects.filter(id=replica.id).update(health=health)
        page_health.note(now=at)


@pytest.mark.django_db
@pytest.mark.req("U1", "U3", "U4", "AMB-20")
def test_time_alone_turns_the_warning_on_and_a_recovery_starts_the_clock_anew(
    folder: Path, now: datetime
) -> None:
    life = Life(now)
    publisher = world.publish(folder, now=now)

    def warns(at: datetime) -> bool:
        assert publisher.publish_if_due(now=at)
        return bool(warning(folder)["warn"])

    life.be("dead", "healthy", at=now)
    assert not warns(now + TICK)
    life.be("healthy", "dead", at=now + LIMIT / 2)  # another replica: the page stays dead
    assert not warns(now + LIMIT - TICK)
    assert not warns(now + LIMIT)
    assert warns(now + LIMIT + timedelta.resolution)
    assert warning(folder)["since"] == "2026-11-19T14:32:00Z"

    recovered = now + 2 * LIMIT
    life.be("healthy", "sick", at=recovered)
    assert not warns(recovered + TICK)
    assert warning(folder)["since"] is None

    again = recovered + timedelta(seconds=10)
    life.be("dead", "sick", at=again)
    assert not warns(again + LIMIT)
    assert warns(again + LIMIT + TICK)


@pytest.mark.django_db
def test_a_death_that_ends_in_time_is_never_warned_of(folder: Path, now: datetime) -> None:
    life = Life(now)
    publisher = world.publish(folder, now=now)
    life.be("dead", "dead", at=now)
    publisher.publish_if_due(now=now + LIMIT)
    life.be("healthy", "healthy", at=now + LIMIT)

    for seconds in (0, 1, 60, 600):
        publisher.publish_if_due(now=now + LIMIT + timedelta(seconds=seconds))
        assert warning(folder)["warn"] is False


@pytest.mark.django_db
@pytest.mark.req("U3")
def test_it_can_be_changed_and_switched_off(folder: Path, now: datetime) -> None:
    PageHealthChange.objects.create(health="dead", at=now - timedelta(seconds=61))
    settings = AlertSettings.objects.create(warns_after_s=60)
    publisher = world.publish(folder, now=now)
    assert (warning(folder)["warn"], warning(folder)["after_s"]) == (True, 60)

    settings.warns = False
    settings.save(update_fields=["warns"])
    catalogue.mark_dirty()
    publisher.publish_if_due(now=now + TICK)
    assert warning(folder)["warn"] is False


def published(folder: Path, *, now: datetime, is_dead: bool = True) -> None:
    world.main_page(name='A & <b>"B"--</b>')
    build.component(slug="shop")
    if is_dead:
        PageHealthChange.objects.create(health="dead", at=now - timedelta(hours=1))
    world.publish(folder, now=now)


@pytest.mark.parametrize("path", ["/status/warning.json", "/warning.js", "/warning.svg"])
def test_other_sites_may_read_it_and_have_to_ask_anew(
    standing: Callable[[Status], Path], now: datetime, path: str
) -> None:
    site = Site(standing(Status.MAJOR_OUTAGE), now)

    reply = site.get(path)

    assert reply.status == 200
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert reply.headers["Cache-Control"] == "no-cache"
    assert site.get(path, IF_NONE_MATCH=reply.headers["ETag"]).status == 304


def test_an_old_warning_says_that_it_is_old(
    standing: Callable[[Status], Path], now: datetime
) -> None:
    folder = standing(Status.MAJOR_OUTAGE)

    assert json.loads(Site(folder, now).get("/status/warning.json").body)["stale"] is False
    late = Site(folder, now + timedelta(minutes=4)).get("/status/warning.json")
    assert json.loads(late.body)["stale"] is True


@pytest.mark.django_db
def test_the_image_is_a_clear_pixel_or_a_bar_with_a_title(folder: Path, now: datetime) -> None:
    published(folder, now=now)
    bar = (folder / "warning.svg").read_bytes()
    assert title(bar) == 'A & <b>"B"--</b> has an outage at the moment.'
    assert ElementTree.fromstring(bar).get("role") == "img"

    PageHealthChange.objects.create(health="healthy", at=now)
    world.publish(folder, now=now)
    pixel = ElementTree.fromstring((folder / "warning.svg").read_bytes())
    assert (pixel.get("width"), pixel.get("height"), len(pixel)) == ("1", "1", 0)


# ---- the script --------------------------------------------------------------------------------


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        opened = context.new_page()
        opened.clock.install()
        yield opened


@pytest.mark.browser
@pytest.mark.django_db
@pytest.mark.req("U1", "U2", "U4")
def test_the_script_warns_on_another_site_under_a_strict_policy(page: Page, tmp_path: Path) -> None:
    moment = datetime.now().astimezone()
    folder, fine = tmp_path / "published", tmp_path / "fine"
    world.publish(fine, now=moment)
    published(folder, now=moment)
    complaints = complaints_of(page)

    with served(folder) as status_page:
        script = f'<script src="{status_page}/warning.js" defer></script>'
        with elsewhere(status_page, script) as site:
            page.goto(site)
            bar = page.locator("[data-candor-warning]")
            expect(bar).to_contain_text("has an outage at the moment.")
            box = bar.locator("section")
            expect(box).to_have_css("background-color", "rgb(168, 28, 46)")
            expect(box).to_have_css("position", "fixed")
            expect(bar.get_by_role("link")).to_have_text("See the status page")

            bar.get_by_role("button", name="Dismiss").click()
            expect(bar).to_have_count(0)
            page.clock.run_for(31_000)
            expect(bar).to_have_count(0)

            # Another visit, whatever was dismissed before.
            page.evaluate("sessionStorage.clear()")
            page.reload()
            expect(bar).to_have_count(1)
            for name in ("status/warning.json", "status/warning.json.gz", "status/warning.json.br"):
                (folder / name).unlink(missing_ok=True)
            shutil.copy2(fine / "status/warning.json", folder / "status/warning.json")
            page.clock.run_for(31_000)
            expect(bar).to_have_count(0)
    assert complaints == []


@pytest.mark.browser
@pytest.mark.django_db
def test_the_script_draws_nothing_while_all_is_well(page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    published(folder, now=datetime.now().astimezone(), is_dead=False)
    complaints = complaints_of(page)

    with served(folder) as status_page:
        script = f'<script src="{status_page}/warning.js"></script>'
        with elsewhere(status_page, script) as site:
            with page.expect_response("**/status/warning.json"):
                page.goto(site)
            expect(page.locator("body > *")).to_have_count(1)
    assert complaints == []
