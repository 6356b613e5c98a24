"""An operator says what is going on, and a visitor whose page is open sees it without a reload."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests import chromium
from tests.stories.world import Product, wait_for

pytestmark = [pytest.mark.story, pytest.mark.xdist_group("shared product")]

CONFIG = """
components:
  - {name: Basket, slug: basket}
  - {name: Finder, slug: finder}
"""
PASSWORD = "correct horse battery staple"
# A second try of the story finds ada there.
SET_UP = """
from django.core.management import call_command
from accounts.models import User
call_command("apply", "-")
if not User.objects.filter(username="ada").exists():
    User.objects.create_superuser("ada", "ada@acme.example", "{password}")
"""
# Moves one end of the one scheduled window to now, so that nobody waits for the next full minute.
MOVE = """
from django.utils import timezone
from incidents.models import Maintenance
row = Maintenance.objects.get(title="Database upgrade")
row.{moved} = timezone.now()
row.next_step_at = row.planned_step
row.save(update_fields=["{moved}", "next_step_at"])
"""


@pytest.fixture
def browsing() -> Iterator[Callable[[], BrowserContext]]:
    """Browsers of two people; ended with the test, for asynchronous tests follow on this worker."""
    with chromium.launched() as browser:
        yield browser.new_context


@pytest.fixture
def product(shared_product: Product) -> Product:
    """The running product with two components and the account of ada."""
    shared_product.shell(SET_UP.format(password=PASSWORD), text=CONFIG)
    return shared_product


class Visitor:
    """Somebody whose status page stays open; it asks for news every 30 seconds."""

    def __init__(self, context: BrowserContext, product: Product) -> None:
        self.page = context.new_page()
        self.page.clock.install()
        self.page.goto(product.origin)
        self.page.wait_for_function("window.htmx !== undefined")
        self.page.evaluate("window.stayed = true")
        self._product = product

    def sees(self, text: str, *, where: str = "body") -> None:
        """The open page asks for news, half a minute at a time, until it shows the text."""
        place = self.page.locator(where)

        def is_shown() -> bool:
            self.page.clock.run_for(30_000)
            self.page.wait_for_load_state("networkidle")
            return text in (place.text_content() or "")

        wait_for(is_shown, 30, self._product.log)
        assert self.page.evaluate("window.stayed")


def row(slug: str) -> str:
    """Where the page says how a component is."""
    return f'.row:has(a[href="/components/{slug}"])'


def sign_in(context: BrowserContext, product: Product) -> Page:
    page = context.new_page()
    page.goto(f"{product.origin}/admin/")
    page.fill("#id_username", "ada")
    page.fill("#id_password", PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    return page


def post(page: Page, product: Product, public_id: str, state: str, text: str) -> None:
    page.goto(f"{product.origin}/admin/incidents/{public_id}/update/")
    page.locator("label", has_text=state).first.click()
    page.get_by_label("Message").fill(text)
    with page.expect_navigation():
        page.get_by_role("button", name="Post update").click()
    assert page.url.endswith(f"/admin/incidents/{public_id}/"), page.inner_text("main")


def move(product: Product, moved: str) -> None:
    """Have the maintenance start, or end, now."""
    product.shell(MOVE.format(moved=moved))


@pytest.mark.req("I3", "I5", "I6", "I7", "I10", "I13", "I19", "L2", "M1", "M5", "M6", "M7", "M8")
@pytest.mark.req("A14", "K1", "K6")
def test_an_incident_a_postmortem_a_maintenance_and_a_status_reach_an_open_page(
    product: Product, browsing: Callable[[], BrowserContext]
) -> None:
    visitor = Visitor(browsing(), product)
    page = sign_in(browsing(), product)

    # An incident from a template, its updates and its end.
    page.goto(f"{product.origin}/admin/incidents/report/")
    page.get_by_role("checkbox", name="Basket").check()
    page.get_by_label("Template").select_option("Slow performance")
    page.get_by_role("button", name="Use").click()
    expect(page.get_by_label("Title")).to_have_value("Basket is slow")
    # Another story may have left a component dead, which a report begins with.
    for other in page.get_by_role("checkbox", name="Landing page").all():
        other.uncheck()
    page.locator("label", has_text="Minor").click()
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url(re.compile(r"/admin/incidents/[0-9a-z]{12}/$"))
    public_id = page.url.rstrip("/").rpartition("/")[2]
    visitor.sees("Basket is slow", where="#open")
    visitor.sees("Degraded performance", where=row("basket"))

    post(page, product, public_id, "Identified", "A query is slow.")
    visitor.sees("A query is slow.", where="#open")
    post(page, product, public_id, "Resolved", "The query is quick again.")
    visitor.sees("Resolved", where="#past")
    visitor.sees("Operational", where=row("basket"))
    expect(visitor.page.locator("#open")).not_to_contain_text("Basket is slow")

    # Its postmortem: hidden as a draft, then linked.
    page.goto(f"{product.origin}/admin/incidents/{public_id}/postmortem/")
    page.get_by_label("Summary").fill("An index was missing.")
    page.get_by_label("Root cause").fill("A migration had dropped it.")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("body")).to_contain_text("Postmortem")
    report = f"/incidents/{public_id}/postmortem"
    assert product.get(report).status_code == 404
    page.goto(f"{product.origin}/admin{report}/")
    expect(page.get_by_label("Root cause")).to_have_value("A migration had dropped it.")
    page.get_by_role("button", name="Save and publish").click()
    wait_for(lambda: product.get(report).status_code == 200, 20, product.log)
    assert "A migration had dropped it." in product.get(report).text
    wait_for(lambda: report in product.get(f"/incidents/{public_id}").text, 20, product.log)

    # A status by hand, and back.
    page.goto(f"{product.origin}/admin/")
    page.get_by_label("Status of Finder shown to visitors").select_option("Major outage")
    visitor.sees("Major outage", where=row("finder"))
    page.get_by_label("Status of Finder shown to visitors").select_option("Operational")
    visitor.sees("Operational", where=row("finder"))

    # A maintenance that starts and ends by itself.
    page.goto(f"{product.origin}/admin/maintenance/add/")
    page.get_by_label("Title").fill("Database upgrade")
    page.get_by_label("Basket").check()
    page.get_by_role("button", name="Plan maintenance").click()
    visitor.sees("Database upgrade")
    move(product, "starts_at")
    visitor.sees("Under maintenance", where=row("basket"))
    move(product, "ends_at")
    visitor.sees("Operational", where=row("basket"))
    listed = product.get("/maintenance").text
    (address,) = set(
        re.findall(r'href="(/maintenance/[0-9a-z]{12})"[^>]*>Database upgrade', listed)
    )
    wait_for(lambda: "Completed" in product.get(address).text, 20, product.log)
