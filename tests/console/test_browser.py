"""The console in a real Chromium: accessible, inside its policy, on a phone, without JavaScript."""

from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts import setting_up
from accounts.models import SetUp, User
from components import by_hand, catalogue
from components.models import Component
from components.status import Status
from monitoring.models import Replica
from probing.health import Health
from tests import build

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WATCH_POLICY = """
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (event) =>
    window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
Scheme = Literal["light", "dark"]
MODES = [("light", 1440), ("dark", 1440), ("light", 375), ("dark", 375)]
SCREENS = [
    "/admin/",
    "/admin/monitors/",
    "/admin/monitors/services/add/",
    "/admin/monitors/nodes/{node}/",
    "/admin/monitors/services/{component}/remove/",
    "/admin/alerts/",
    "/admin/components/component/",
    "/admin/components/component/{component}/change/",
    "/admin/accounts/user/add/",
    "/admin/monitoring/healthchange/",
]


@pytest.fixture
def world() -> dict[str, int]:
    """A service with a dead, a sick, a healthy and a new replica, one held by hand, one empty."""
    now = timezone.now()
    component = build.component(name="Checkout", group=build.group(name="Platform"))
    node = build.node(component=component, name="EU card gateway", sick_after_s=0.8)
    for health in (Health.DEAD, Health.SICK, Health.HEALTHY, None):
        build.replica(
            node=node,
            health=health,
            health_since=now if health else None,
            checks_in_health=54,
            last_outcome_at=now if health else None,
            fresh_until=None if health else now,
            latency_ms=None if health in {Health.DEAD, None} else 182.0,
            phases={"dns_ms": 1.2, "connect_ms": 12.0} if health else {},
            detail="Connection refused." if health else "",
        )
    held = build.component(name="Search")
    build.replica(node=build.node(component=held), health=Health.SICK, health_since=now)
    by_hand.choose(choices={held.pk: Status.OPERATIONAL}, now=now, by="ada")
    build.component(name="Reports")
    return {"component": component.pk, "node": node.pk}


@pytest.fixture
def open_page(
    browser: Browser, live_server: LiveServer, client: Client
) -> Iterator[Callable[..., Page]]:
    """Make a page of a signed-in operator, in a browser of the given kind."""
    user = build.operator(username="ada", email="ada@acme.example")
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    contexts: list[BrowserContext] = []

    def make(
        *, signed_in: bool = True, scheme: Scheme = "light", width: int = 1440, **options: Any
    ) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            color_scheme=scheme,
            viewport={"width": width, "height": 900},
            **options,
        )
        contexts.append(context)
        context.add_init_script(WATCH_POLICY)
        if signed_in:
            context.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
            )
        page = context.new_page()
        page.set_default_timeout(10_000)
        return page

    yield make
    for context in contexts:
        context.close()


def faults(page: Page, width: int) -> list[str]:
    """What is wrong with the screen that is open."""
    found = [f"policy: {violation}" for violation in page.evaluate("window.violations")]
    if (needed := page.evaluate("document.documentElement.scrollWidth")) > width:
        found.append(f"scrolls sideways: {needed} px")
    result = Axe().run(page, options={"runOnly": STANDARDS})
    found += [
        f"axe {violation['id']}: {node['html'][:120]}"
        for violation in result.response["violations"]
        for node in violation["nodes"]
    ]
    return found


@pytest.mark.parametrize(("scheme", "width"), MODES)
def test_every_screen_is_accessible_inside_the_policy_and_fits(
    open_page: Callable[..., Page], world: dict[str, int], scheme: Scheme, width: int
) -> None:
    page = open_page(scheme=scheme, width=width)
    found = {}
    for screen in SCREENS:
        url = screen.format(**world)
        page.goto(url)
        if wrong := faults(page, width):
            found[url] = wrong
    assert found == {}


def test_the_check_itself_finds_a_seeded_fault(open_page: Callable[..., Page]) -> None:
    page = open_page(width=375)
    page.goto("/admin/")
    page.evaluate(
        """document.querySelector("main").insertAdjacentHTML("beforeend",
        '<table width="900"><tr><td><img src="data:,"></table><p style="color: red">red</p>')"""
    )
    found = " ".join(faults(page, 375))
    for fault in ("policy: style-src", "scrolls sideways", "axe image-alt"):
        assert fault in found


@pytest.mark.parametrize(("scheme", "width"), MODES)
def test_sign_in_and_set_up_are_accessible_inside_the_policy_and_fit(
    open_page: Callable[..., Page], scheme: Scheme, width: int
) -> None:
    page = open_page(signed_in=False, scheme=scheme, width=width)
    page.goto("/admin/login/")
    assert faults(page, width) == []
    User.objects.all().delete()
    SetUp.objects.update(completed_at=None)
    page.goto(f"/setup/{setting_up.ensure_link(now=timezone.now())}/")
    assert faults(page, width) == []


@pytest.mark.req("A14")
def test_the_set_up_link_works_in_a_browser_that_sends_an_origin(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(signed_in=False)
    User.objects.all().delete()
    SetUp.objects.update(completed_at=None)
    page.goto(f"/setup/{setting_up.ensure_link(now=timezone.now())}/")
    page.fill("[name=username]", "grace")
    page.fill("[name=password]", "short")
    page.fill("[name=repeated]", "short")
    page.click("button[type=submit]")
    expect(page.locator("[name=password]")).to_be_focused()
    page.fill("[name=password]", "a long enough secret")
    page.fill("[name=repeated]", "a long enough secret")
    page.click("button[type=submit]")
    expect(page.locator("h1")).to_have_text("Dashboard")
    assert User.objects.get().username == "grace"


@pytest.mark.req("A14")
def test_a_select_saves_itself_and_its_row_and_the_answer_follow(
    open_page: Callable[..., Page], world: dict[str, int]
) -> None:
    page = open_page()
    page.goto("/admin/")
    select = page.locator(f"#status-{world['component']}")
    select.focus()
    select.select_option("major_outage")
    expect(page.locator(f"#said-{world['component']}")).to_contain_text("Saved")
    expect(page.locator("#answer")).to_contain_text("Major outage")
    expect(select).to_be_focused()
    assert Component.objects.get(pk=world["component"]).shown_status == Status.MAJOR_OUTAGE
    assert page.evaluate("window.violations") == []


@pytest.mark.parametrize("answer", ["a server error", "no answer at all"])
def test_a_select_that_was_not_saved_keeps_its_choice_and_says_so(
    open_page: Callable[..., Page], world: dict[str, int], answer: str
) -> None:
    page = open_page()
    page.goto("/admin/")
    if answer == "a server error":
        page.route("**/statuses/**", lambda route: route.fulfill(status=500))
    else:
        page.route("**/statuses/**", lambda route: route.abort())
    select = page.locator(f"#status-{world['component']}")
    select.select_option("major_outage")
    expect(page.locator(f"#said-{world['component']}")).to_contain_text("Not saved")
    expect(select).to_have_value("major_outage")


def test_a_node_is_opened_tested_extended_and_judged_in_place(
    open_page: Callable[..., Page], world: dict[str, int], target: str
) -> None:
    page = open_page()
    page.goto("/admin/monitors/?health=&q=")
    other = Replica.objects.exclude(node=world["node"]).get().node
    page.click(f"#summary-{other.pk}")
    expect(page.locator(f"#body-{other.pk}")).to_be_visible()
    expect(page.locator(f"[id='node-{other.pk}']")).to_have_count(1)
    expect(page.locator(f"#summary-{other.pk}")).to_be_focused()
    address = page.locator(f"#new-{other.pk}-address")
    address.fill("tcp://db")
    page.click(f"#add-{other.pk}")
    expect(page.locator(f"#node-{other.pk} .errorlist")).to_contain_text("has no port")
    expect(address).to_be_focused()
    expect(address).to_have_value("tcp://db")
    address.fill(target)
    page.click(f"#test-{other.pk}")
    expect(page.locator(f"#result-{other.pk}")).to_contain_text("It answered in time.")
    page.click(f"#add-{other.pk}")
    expect(page.locator(f"#boxes-{other.pk} .box")).to_have_count(2)
    expect(page.locator(f"#node-{other.pk} .said")).to_contain_text("Added.")
    page.fill(f"#node-{other.pk}-retries", "4")
    page.click(f"#save-{other.pk}")
    expect(page.locator(f"#node-{other.pk} .said")).to_contain_text("Saved")
    other.refresh_from_db()
    assert other.retries == 4
    assert page.evaluate("window.violations") == []


def test_an_open_screen_follows_the_probes_and_leaves_what_is_typed(
    open_page: Callable[..., Page], world: dict[str, int]
) -> None:
    page = open_page()
    page.clock.install()
    page.goto("/admin/monitors/")
    address = page.locator(f"#new-{world['node']}-address")
    address.fill("https://half-typ")
    replica = Replica.objects.filter(node=world["node"], health=Health.DEAD).get()
    Replica.objects.filter(pk=replica.pk).update(health=Health.HEALTHY)
    page.clock.run_for(6_000)
    expect(page.locator(f"#health-{replica.pk}")).to_have_text("Healthy")
    expect(page.locator("#totals")).not_to_contain_text("dead")
    expect(page.locator("h2:has-text('Platform') + .acts")).not_to_contain_text("dead")
    expect(address).to_have_value("https://half-typ")
    expect(address).to_be_focused()


def test_everything_works_without_javascript(
    open_page: Callable[..., Page], world: dict[str, int], target: str
) -> None:
    page = open_page(java_script_enabled=False)
    page.goto("/admin/")
    page.select_option(f"#status-{world['component']}", "partial_outage")
    page.click("text=Save")
    expect(page.locator(".messagelist")).to_contain_text("1 service saved.")
    assert Component.objects.get(pk=world["component"]).is_manual

    page.goto("/admin/monitors/services/add/")
    page.fill("[name=name]", "Landing page")
    page.fill("[name=address]", target)
    page.click("button:has-text('Add service')")
    expect(page.locator(".messagelist")).to_contain_text("is on the page")

    page.goto(f"/admin/monitors/?open={world['node']}")
    page.fill(f"#new-{world['node']}-address", target)
    page.click(f"#test-{world['node']}")
    expect(page.locator(f"#result-{world['node']}")).to_contain_text("It answered in time.")
    page.click(f"#add-{world['node']}")
    expect(page.locator(f"#boxes-{world['node']} .box")).to_have_count(5)


def test_the_theme_is_chosen_by_the_operator_and_kept(
    open_page: Callable[..., Page], world: dict[str, int]
) -> None:
    page = open_page()
    page.goto("/admin/")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    for _ in range(3):
        page.click(".theme-toggle")
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    assert page.evaluate(background) != light
    page.goto("/admin/monitors/")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert catalogue.page().name
