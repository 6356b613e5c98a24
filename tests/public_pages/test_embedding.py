"""What other sites embed: the widget's data, its script in a browser, and the pages for frames."""

import json
import re
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from components.status import Status
from incidents import publishing
from incidents.lifecycle import State
from public_pages import assets, badge_drawing
from tests import build
from tests.browsing import STANDARDS, WATCH_POLICY
from tests.public_pages import world
from tests.public_pages.foreign import complaints_of, elsewhere, served
from tests.public_pages.world import Site

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
TICK = timedelta(milliseconds=250)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "published"


def data(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "embed/status.json").read_bytes())
    return found


# ---- the data ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "warns", "is_maintained"),
    [
        (Status.OPERATIONAL, False, False),
        (Status.UNKNOWN, False, False),
        (Status.UNDER_MAINTENANCE, False, True),
        (Status.DEGRADED_PERFORMANCE, True, False),
        (Status.PARTIAL_OUTAGE, True, False),
        (Status.MAJOR_OUTAGE, True, False),
    ],
)
def test_the_widget_is_told_when_something_is_wrong(
    standing: Callable[[Status], Path], status: Status, warns: bool, is_maintained: bool
) -> None:
    found = data(standing(status))

    assert (found["warn"], found["maintenance"]) == (warns, is_maintained)
    assert bool(found["since"]) is (warns or is_maintained)
    assert found["message"] == f"{world.NAME} status: {status.label}"
    assert found["url"] == settings.CANDOR_ORIGIN


def test_a_new_incident_is_a_new_notice_and_its_end_is_the_end(folder: Path, now: datetime) -> None:
    build.component()
    first = build.incident(title='Slow <b>"answers"</b>', now=now - HOUR)
    publisher = world.publish(folder, now=now)
    before = data(folder)
    assert before["warn"] is True  # although every component is operational
    assert before["detail"] == 'Slow <b>"answers"</b>'

    second = build.incident(title="No mails", now=now)
    publisher.publish_if_due(now=now + TICK)
    assert data(folder)["detail"].endswith(", and 1 more")
    assert data(folder)["since"] != before["since"]

    for row in (first, second):
        publishing.post_update(
            incident=row, state=State.RESOLVED, text="Over.", notify=False, now=now + TICK
        )
    publisher.publish_if_due(now=now + 2 * TICK)
    assert (data(folder)["warn"], data(folder)["since"], data(folder)["detail"]) == (False, "", "")


def test_data_that_is_old_says_so_and_is_open_to_every_site(
    standing: Callable[[Status], Path], now: datetime
) -> None:
    folder = standing(Status.OPERATIONAL)
    fresh = Site(folder, now).get("/embed/status.json")
    late = Site(folder, now + timedelta(minutes=4)).get("/embed/status.json")

    assert fresh.headers["Access-Control-Allow-Origin"] == "*"
    assert fresh.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert fresh.headers["Cache-Control"] == "public, max-age=30"
    assert json.loads(fresh.body)["stale"] is False
    assert json.loads(late.body)["stale"] is True


def test_read_outs_are_kept_and_read_by_other_sites_as_their_reference_says(
    standing: Callable[[Status], Path], now: datetime
) -> None:
    site = Site(standing(Status.OPERATIONAL), now)
    reference = (settings.BASE_DIR / "docs/reference/read-outs.md").read_text()
    rows = re.findall(r"^\| (`/.*) \| `([^`]*)` \| (.*) \|$", reference, re.MULTILINE)

    assert len(rows) == 5
    for paths, kept, readers in rows:
        for path in re.findall(r"`(/[^`]*)`", paths):
            headers = site.get(path).headers
            assert headers["Cache-Control"] == kept, path
            allowed = "*" if readers == "`*`" else None
            assert headers.get("Access-Control-Allow-Origin") == allowed, path


# ---- frames ------------------------------------------------------------------------------------


def test_only_the_pages_for_frames_may_be_framed(
    standing: Callable[[Status], Path], now: datetime
) -> None:
    site = Site(standing(Status.OPERATIONAL), now)

    for path in ("/embed/frame", "/embed/badge/"):
        headers = site.get(path).headers
        assert headers["Content-Security-Policy"].endswith("frame-ancestors *")
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "X-Frame-Options" not in headers
        assert "Cookie" not in headers["Vary"]
    for path in ("/", "/status.json", "/badge/status.svg", "/embed/script.js", "/nothing", "/live"):
        headers = site.get(path).headers
        if site.entered:
            assert site.entered.pop() == path  # Django says it itself
            continue
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"


def test_a_frame_tells_the_state_and_leads_to_the_page(folder: Path, now: datetime) -> None:
    world.said(build.component(), Status.MAJOR_OUTAGE, now)
    row = build.incident(title="No <mails>", now=now)
    world.publish(folder, now=now)

    page = Site(folder, now).get("/embed/frame").text
    assert re.search(r"Major outage\s*</h1>", page)
    assert f'<a href="{settings.CANDOR_ORIGIN}/incidents/{row.public_id}" target="_blank"' in page
    assert "No &lt;mails&gt;" in page
    assert '<div class="notice">' in Site(folder, now + HOUR).get("/embed/frame").text


# ---- the script --------------------------------------------------------------------------------


def test_the_script_is_small_and_the_same_under_both_names(folder: Path, now: datetime) -> None:
    world.publish(folder, now=now)
    site = Site(folder, now)

    body = site.get("/embed/script.js").body

    assert len(body) < 5_000
    assert site.get("/warning.js").body == body
    assert site.get("/embed/script.js").headers["Content-Type"].startswith("text/javascript")


def test_tones_are_those_of_the_page() -> None:
    tokens = assets.bundle()["status.css"].body.decode()

    light, _, dark = tokens.partition("prefers-color-scheme:dark")
    for code, colour in badge_drawing.COLOURS.items():
        assert f"--{code}-fg:{colour}" in light
        assert f"--{code}-fg:{badge_drawing.DARK_COLOURS[code]}" in dark


def axe(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": STANDARDS}})
    return [f"{each['id']}: {each['nodes']}" for each in found.response["violations"]]


@pytest.mark.browser
def test_another_site_shows_what_is_wrong_under_a_strict_policy_and_nothing_else(
    browser: Browser, tmp_path: Path
) -> None:
    moment = datetime.now().astimezone()
    folder, wrong, works = tmp_path / "published", tmp_path / "wrong", tmp_path / "works"
    world.main_page(name="Acme")
    component = build.component()
    world.publish(folder, now=moment)
    world.said(component, Status.PARTIAL_OUTAGE, moment)
    world.publish(wrong, now=moment)
    world.said(component, Status.UNDER_MAINTENANCE, moment)
    world.publish(works, now=moment)

    def publish(source: Path) -> None:
        for path in (folder / "embed").glob("status.json*"):
            path.unlink()
        shutil.copy2(source / "embed/status.json", folder / "embed/status.json")

    well = tmp_path / "well"
    shutil.copytree(folder, well)
    with browser.new_context() as context, served(folder) as status_page:
        context.add_init_script(WATCH_POLICY)
        page = context.new_page()
        page.clock.install()
        complaints = complaints_of(page)
        script = f'<script src="{status_page}/embed/script.js" defer></script>'
        frame = f'<iframe src="{status_page}/embed/frame" title="Acme status"></iframe>'
        with elsewhere(status_page, script + frame) as site:
            with page.expect_response("**/embed/status.json"):
                page.goto(site)
            note = page.locator("[data-candor-status]")
            expect(page.frame_locator("iframe").get_by_role("heading")).to_have_text(
                "All systems operational"
            )
            expect(note).to_have_count(0)

            publish(wrong)
            page.clock.run_for(61_000)
            expect(note.get_by_role("status")).to_have_text("Acme status: Partial outage")
            expect(note.locator("section")).to_have_css("position", "fixed")
            assert axe(page) == []
            page.emulate_media(color_scheme="dark")
            assert axe(page) == []

            publish(well)
            page.clock.run_for(61_000)
            expect(note).to_have_count(0)

            publish(wrong)
            page.clock.run_for(61_000)
            page.keyboard.press("Tab")
            note.get_by_role("link", name="See the status page").focus()
            page.keyboard.press("Escape")
            expect(note).to_have_count(0)
            with page.expect_response("**/embed/status.json"):
                page.reload()
            page.evaluate("statusEmbedTest()")
            expect(note.get_by_role("status")).to_contain_text("This is a test")
            note.get_by_role("button", name="Dismiss").click()
            expect(note).to_have_count(0)
            assert page.evaluate("violations") == []

        publish(works)
        bar = script.replace(" defer", ' data-look="bar" data-show="maintenance" defer')
        with elsewhere(status_page, bar) as site:
            page.goto(site)
            expect(note.get_by_role("status")).to_have_text("Acme status: Under maintenance")
            expect(note.locator("section")).to_have_css("top", "0px")
            assert axe(page) == []
            assert page.evaluate("violations") == []
        page.goto(f"{status_page}/embed/frame")
        assert axe(page) == []
    assert complaints == []
