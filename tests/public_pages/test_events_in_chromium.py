"""The pages about events in a real browser: fit for everybody, live, and working without scripts."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from incidents import publishing
from incidents.lifecycle import State
from incidents.models import Incident
from tests import build
from tests.browsing import WATCH_POLICY, faults
from tests.public_pages import happened, world
from tests.public_pages.conftest import NOW, Once, Served, serving

pytestmark = pytest.mark.browser


def _acme() -> tuple[dict[str, Incident], str]:
    """Acme's events, and the id of the first update of the open one."""
    made = happened.acme(now=NOW, components=happened.shop())
    return made, made["open"].updates.earliest("id").public_id


@pytest.fixture
def acme(once: Once, db: None) -> Iterator[Served]:
    """The front over a page about events that nobody changes."""
    with serving(once(_acme)) as server:
        yield server


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context() as opened:
        opened.add_init_script(WATCH_POLICY)
        opened.set_default_timeout(5000)
        yield opened


def test_every_page_about_events_is_accessible_inside_the_policy_and_fits(
    acme: Served, once: Once, context: BrowserContext
) -> None:
    _, (made, _first) = once.both(_acme)
    page = context.new_page()
    for path in (
        "/",
        made["open"].get_absolute_url(),
        f"{made['reported'].get_absolute_url()}/postmortem",
        "/history/2026-11",
        "/maintenance",
    ):
        page.goto(acme.origin + path)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")

        assert faults(page) == [], path
        page.set_viewport_size({"width": 320, "height": 600})
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path


def test_the_history_is_filtered_and_an_update_is_linked_without_scripts(
    acme: Served, once: Once, browser: Browser
) -> None:
    _, (made, first) = once.both(_acme)
    with browser.new_context(base_url=acme.origin, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/history")
        page.get_by_label("Component").select_option("checkout")
        page.get_by_label("Maintenance", exact=True).uncheck()
        page.get_by_role("button", name="Filter").click()

        assert page.url.endswith("/history/2026-11/components/checkout/incidents")
        assert page.get_by_role("article").count() == 1
        expect(page.get_by_label("Component")).to_have_value("checkout")
        page.get_by_role("link", name=made["open"].title).click()
        page.locator(f"#u{first} a.at").click()

        assert page.url.endswith(f"{made['open'].get_absolute_url()}#u{first}")
        expect(page.locator(":target h3")).to_have_text("Investigating")


def test_an_open_page_shows_a_new_update_without_a_reload_and_leaves_the_focus(
    served: Served, context: BrowserContext, db: None, now: datetime
) -> None:
    checkout, webhooks = build.component(name="Checkout"), build.component(name="Webhooks")
    incident = build.incident(
        title="Card payments failing", components={checkout: None, webhooks: None}, now=now
    )
    publisher = world.publish(served.folder, now=now)
    home, page = context.new_page(), context.new_page()
    for each, path in ((home, "/"), (page, incident.get_absolute_url())):
        each.clock.install()
        each.goto(served.origin + path)
        each.wait_for_function("window.htmx !== undefined")
        each.evaluate("window.stayed = true")
    home.get_by_role("link", name=incident.title).first.focus()

    publishing.post_update(
        incident=incident,
        state=State.MONITORING,
        text="All traffic is moved.",
        notify=False,
        now=now,
    )
    publisher.publish_if_due(now=now + timedelta(seconds=1))
    for each in (home, page):
        each.clock.run_for(30_000)

    expect(page.locator(".tl > li").first).to_contain_text("All traffic is moved.")
    expect(page.locator("#now")).to_contain_text("Monitoring")
    expect(page.get_by_role("status")).to_contain_text("Monitoring")
    expect(home.locator("#past")).to_contain_text("Monitoring")
    assert home.evaluate("document.activeElement.textContent") == incident.title
    assert home.evaluate("window.stayed")
    assert page.evaluate("window.stayed")
