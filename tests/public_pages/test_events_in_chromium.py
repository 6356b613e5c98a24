"""The pages about events in a real browser: fit for everybody, live, and working without scripts."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from incidents import publishing
from incidents.lifecycle import State
from incidents.models import Incident
from tests.browsing import WATCH_POLICY, faults
from tests.public_pages import happened, world
from tests.public_pages.conftest import Served

pytestmark = pytest.mark.browser


@pytest.fixture
def made(served: Served, db: None, now: datetime) -> dict[str, Incident]:
    made = happened.acme(now=now, components=happened.shop())
    world.publish(served.folder, now=now)
    return made


@pytest.fixture
def context(browser: Browser, served: Served) -> Iterator[BrowserContext]:
    with browser.new_context(base_url=served.origin) as opened:
        opened.add_init_script(WATCH_POLICY)
        opened.set_default_timeout(5000)
        yield opened


def test_every_page_about_events_is_accessible_inside_the_policy_and_fits(
    made: dict[str, Incident], context: BrowserContext
) -> None:
    page = context.new_page()
    for path in (
        "/",
        made["open"].get_absolute_url(),
        f"{made['reported'].get_absolute_url()}/postmortem",
        "/history/2026-11",
        "/maintenance",
    ):
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")

        assert faults(page) == [], path
        page.set_viewport_size({"width": 320, "height": 600})
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path


def test_the_history_is_filtered_and_an_update_is_linked_without_scripts(
    made: dict[str, Incident], browser: Browser, served: Served
) -> None:
    with browser.new_context(base_url=served.origin, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/history")
        page.get_by_label("Component").select_option("checkout")
        page.get_by_label("Maintenance", exact=True).uncheck()
        page.get_by_role("button", name="Filter").click()

        assert page.url.endswith("/history/2026-11/components/checkout/incidents")
        assert page.get_by_role("article").count() == 1
        expect(page.get_by_label("Component")).to_have_value("checkout")
        page.get_by_role("link", name=made["open"].title).click()
        update = made["open"].updates.earliest("id")
        page.locator(f"#u{update.public_id} a.at").click()

        assert page.url.endswith(f"{made['open'].get_absolute_url()}#u{update.public_id}")
        expect(page.locator(":target h3")).to_have_text("Investigating")


def test_an_open_page_shows_a_new_update_without_a_reload_and_leaves_the_focus(
    made: dict[str, Incident], context: BrowserContext, served: Served, now: datetime
) -> None:
    home, page = context.new_page(), context.new_page()
    for opened, path in ((home, "/"), (page, made["open"].get_absolute_url())):
        opened.clock.install()
        opened.goto(path)
        opened.wait_for_function("window.htmx !== undefined")
        opened.evaluate("window.stayed = true")
    home.get_by_role("link", name=made["open"].title).first.focus()

    publishing.post_update(
        incident=made["open"],
        state=State.MONITORING,
        text="All traffic is moved.",
        notify=False,
        now=now,
    )
    world.publish(served.folder, now=now + timedelta(seconds=1))
    for opened in (home, page):
        opened.clock.run_for(30_000)

    expect(page.locator(".tl > li").first).to_contain_text("All traffic is moved.")
    expect(page.locator("#now")).to_contain_text("Monitoring")
    expect(page.get_by_role("status")).to_contain_text("Monitoring")
    expect(home.locator("#past")).to_contain_text("Monitoring")
    assert home.evaluate("document.activeElement.textContent") == made["open"].title
    assert home.evaluate("window.stayed")
    assert page.evaluate("window.stayed")
