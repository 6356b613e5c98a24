"""The pages in a real browser: policy, layout, assistive technology, live refresh."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from components import catalogue
from components.models import Component
from components.status import Status
from public_pages.publishing import Publisher
from tests import build
from tests.browsing import WATCH_POLICY, faults
from tests.public_pages import world
from tests.public_pages.conftest import NOW, Once, Served, serving

pytestmark = pytest.mark.browser

HOME, CHECKOUT = "/", "/components/checkout"
PAGES = (HOME, CHECKOUT, f"{CHECKOUT}/7d", "/components/website", "/components/unknown-thing")
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
}


NARROW: dict[str, Any] = {"viewport": {"width": 375, "height": 800}}


@dataclass(frozen=True)
class Few:
    """Three components on a published page: enough for what changes on it, and quickly published."""

    components: Mapping[str, Component]
    publisher: Publisher


@pytest.fixture
def few(served: Served, db: None, now: datetime) -> Few:
    made = {
        name: world.watched(now=now, name=name, slug=name.lower().replace(" ", "-"))
        for name in ("Website", "REST API", "Checkout")
    }
    return Few(made, world.publish(served.folder, now=now))


def _with_a_long_name() -> None:
    world.acme(now=NOW)
    build.component(name="Averyveryverylongnamewithoutanyplacetobreakatall" * 2, slug="long")


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    options = getattr(request, "param", LOOKS["light"])
    with browser.new_context(**options) as opened:
        opened.add_init_script(WATCH_POLICY)
        yield opened


class Watch:
    """What a page complained about, and whom it asked."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _request(self, request: Request) -> None:
        self.requests.append(request.url)


def test_the_policy_is_never_violated_and_no_other_host_is_asked(
    outage: Served, context: BrowserContext
) -> None:
    page = context.new_page()
    watch = Watch(page)

    for path in (HOME, CHECKOUT, f"{CHECKOUT}/90d"):
        page.goto(outage.origin + path)
        page.wait_for_function("window.htmx !== undefined")

    assert watch.complaints == []
    assert {url[: len(outage.origin)] for url in watch.requests} == {outage.origin}
    assert len(set(watch.requests)) <= 3 + 3 + 1  # pages, style and scripts, icon


def test_every_page_is_accessible_inside_the_policy_and_fits(
    outage: Served, context: BrowserContext
) -> None:
    page = context.new_page()
    for path in PAGES:
        page.goto(outage.origin + path)
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")

        assert faults(page) == [], path


def test_axe_would_find_a_fault(outage: Served, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(outage.origin)
    page.evaluate("document.querySelector('.now p').style.color = '#eee0d6'")

    assert any("axe color-contrast" in fault for fault in faults(page))


@pytest.mark.parametrize(
    "context", [{"viewport": {"width": 320, "height": 600}}], ids=["320"], indirect=True
)
@pytest.mark.django_db
def test_320_pixels_need_no_sideways_scrolling(once: Once, context: BrowserContext) -> None:
    page = context.new_page()

    with serving(once(_with_a_long_name)) as served:
        for path in (*PAGES, "/components/long"):
            page.goto(served.origin + path)
            assert page.evaluate("document.documentElement.scrollWidth") == 320, path


def _a_long_group() -> None:
    group = build.group(name="Everything that our customers in the north see of us each day")
    for _ in range(12):
        build.component(group=group)


def test_the_state_of_a_group_with_a_long_name_is_not_cut_into_letters(
    once: Once, browser: Browser
) -> None:
    with serving(once(_a_long_group)) as served, browser.new_context(**NARROW) as context:
        page = context.new_page()
        page.goto(served.origin)
        rows = "st => st.getBoundingClientRect().height / parseFloat(getComputedStyle(st).fontSize)"
        assert page.locator(".group > summary .st").evaluate(rows) < 2.5


def test_hovering_the_history_moves_nothing_and_shows_the_day(
    outage: Served, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(outage.origin)
    places = "[...document.querySelectorAll('main *')].map(e => JSON.stringify(e.getBoundingClientRect()))"
    row = page.locator("li", has=page.locator("#st-checkout"))
    bars = row.locator(".bars i")
    bars.last.scroll_into_view_if_needed()
    before = page.evaluate(places)

    for bar in (bars.nth(18), bars.last):
        bar.hover()
        assert page.evaluate(places) == before
        shown = bar.evaluate("e => getComputedStyle(e, '::after').content")
        assert "outage" in shown or "downtime" in shown


def test_without_script_the_page_looks_the_same(outage: Served, browser: Browser) -> None:
    def look(path: str, *, has_script: bool) -> bytes:
        with browser.new_context(**LOOKS["light"], java_script_enabled=has_script) as opened:
            page = opened.new_page()
            page.goto(outage.origin + path)
            return page.screenshot(full_page=True)

    for path in (HOME, CHECKOUT):
        assert look(path, has_script=True) == look(path, has_script=False)


def test_the_first_tab_stop_skips_to_the_content_and_there_are_few(
    outage: Served, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(outage.origin)

    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.className")
    stops = 1
    while stops < 100:
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        stops += 1

    assert first == "skip"
    assert stops <= 30


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_chosen_theme_wins_over_the_system(
    outage: Served, browser: Browser, theme: str
) -> None:
    opposite = LOOKS[{"light": "dark", "dark": "light"}[theme]]
    with browser.new_context(**opposite) as opened:
        opened.add_cookies([{"name": "theme", "value": theme, "url": outage.origin}])
        page = opened.new_page()
        page.goto(outage.origin)
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        chosen = page.locator("select[name=theme]").input_value()

    assert ground == {"light": "rgb(250, 250, 248)", "dark": "rgb(15, 17, 19)"}[theme]
    assert chosen == theme


def test_an_old_page_shows_the_warning_above_everything(
    outage: Served, context: BrowserContext, now: datetime
) -> None:
    page = context.new_page()
    page.goto(outage.origin)
    assert not page.locator("#stale").is_visible()

    outage.site.at = now + timedelta(minutes=9)
    page.reload()

    bar = page.locator("#stale")
    assert bar.inner_text().strip() == (
        "Not refreshed since 19 Nov 2026, 14:32 UTC. What you see may be out of date."
    )
    box, headline = bar.bounding_box(), page.locator("#now").bounding_box()
    assert box is not None
    assert headline is not None
    assert box["y"] < headline["y"]


# ---- live refresh ------------------------------------------------------------------------------

OBSERVE = """
window.touched = 0;
new MutationObserver(found => {
  window.touched += found.filter(change => change.target.id !== 'live').length;  // htmx marks the asker
})
  .observe(document.documentElement, {subtree: true, childList: true, attributes: true, characterData: true});
"""


def open_live(context: BrowserContext, address: str) -> Page:
    """Open a page whose clock is ours."""
    page = context.new_page()
    page.clock.install()
    page.goto(address)
    page.wait_for_function("window.htmx !== undefined")
    return page


def poll(page: Page, path: str = "/live") -> None:
    """Let 30 seconds pass and wait for the refresh they bring."""
    with page.expect_response(lambda response: response.url.endswith(path)):
        page.clock.run_for(30_000)
    page.clock.run_for(100)  # htmx settles


def test_live_refresh_changes_what_changed_and_says_so_once(
    served: Served, few: Few, context: BrowserContext, now: datetime
) -> None:
    page = open_live(context, served.origin)
    watch = Watch(page)
    page.locator("a", has_text="REST API").focus()

    world.said(few.components["Website"], Status.MAJOR_OUTAGE, now)
    few.publisher.publish_if_due(now=now + timedelta(seconds=1))
    poll(page)

    page.wait_for_function("document.title.startsWith('Major outage')")
    assert page.locator("#now h1").inner_text() == "Major outage"
    assert page.locator("#st-website").inner_text().strip() == "Major outage"
    assert page.locator("#favicon").get_attribute("href") == "/favicon-ma.svg"
    assert "Website" in page.locator("#say").inner_text()
    assert page.evaluate("document.activeElement.textContent") == "REST API"
    assert watch.complaints == []


def test_live_refresh_that_brings_nothing_new_touches_nothing(
    outage: Served, context: BrowserContext
) -> None:
    page = open_live(context, outage.origin)
    poll(page)
    page.evaluate(OBSERVE)

    poll(page)
    poll(page)

    assert page.evaluate("window.touched") == 0
    assert page.locator("#say").inner_text() == ""


def test_a_minute_that_passes_is_no_news(
    served: Served, few: Few, context: BrowserContext, now: datetime
) -> None:
    page = open_live(context, served.origin)

    few.publisher.publish_if_due(now=now + timedelta(minutes=1))
    poll(page)

    page.wait_for_function("document.querySelector('#asof').textContent.includes('14:33')")
    assert page.locator("#say").inner_text() == ""


@pytest.mark.req("B4")
def test_a_new_component_appears_on_a_page_that_is_open(
    served: Served, few: Few, context: BrowserContext, now: datetime
) -> None:
    page = open_live(context, served.origin)

    catalogue.add_component(name="Brand new", slug="brand-new", now=now)
    few.publisher.publish_if_due(now=now + timedelta(seconds=1))
    poll(page)

    page.locator("#st-brand-new").wait_for()
    assert page.locator("#components").count() == 1


@pytest.mark.django_db
def test_the_first_component_appears_on_an_empty_page_that_is_open(
    served: Served, context: BrowserContext, now: datetime
) -> None:
    publisher = world.publish(served.folder, now=now)
    page = open_live(context, served.origin)

    catalogue.add_component(name="Brand new", slug="brand-new", now=now)
    publisher.publish_if_due(now=now + timedelta(seconds=1))
    poll(page)

    page.locator("#st-brand-new").wait_for()
    assert page.locator("h1").inner_text() == "All systems operational"


def test_the_page_of_a_component_refreshes_itself(
    served: Served, few: Few, context: BrowserContext, now: datetime
) -> None:
    page = open_live(context, served.origin + CHECKOUT)
    watch = Watch(page)

    world.said(few.components["Checkout"], Status.MAJOR_OUTAGE, now)
    few.publisher.publish_if_due(now=now + timedelta(seconds=1))
    poll(page, CHECKOUT)

    page.wait_for_function("document.title.startsWith('Checkout: Major outage')")
    assert page.locator("#st-checkout").inner_text().strip() == "Major outage"
    assert page.locator("#now").count() == 1
    assert "Major outage" in page.locator("#say").inner_text()
    assert watch.complaints == []


def test_a_page_that_cannot_refresh_says_so_after_two_minutes(
    outage: Served, context: BrowserContext
) -> None:
    page = open_live(context, outage.origin)
    poll(page)
    outage.stop()

    page.clock.run_for(90_000)
    assert not page.locator("#offline").is_visible()

    page.clock.run_for(60_000)
    bar = page.locator("#offline")
    assert bar.is_visible()
    assert "Not refreshed since 19 Nov 2026, 14:32 UTC." in bar.inner_text()
