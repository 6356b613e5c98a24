"""The console in a real Chromium: accessible, inside its policy, on a phone, without JavaScript."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts import setting_up
from accounts.models import User
from components import by_hand, catalogue, pages
from components.models import Component
from components.status import Status
from monitoring.models import HealthChange, Replica
from probing.health import Health
from tests import build
from tests.browsing import OpenPage, check_screen, faults

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SCREENS = [
    "/admin/",
    "/admin/monitors/",
    "/admin/monitors/services/add/",
    "/admin/monitors/nodes/{node}/",
    "/admin/monitors/services/{component}/remove/",
    "/admin/alerts/",
    "/admin/components/component/",
    "/admin/components/component/{component}/change/",
    "/admin/monitoring/healthchange/",
    "/admin/pages/",
    "/admin/pages/set-up/",
    "/admin/pages/1/",
    "/admin/pages/add/",
]


@pytest.fixture
def world() -> dict[str, int]:
    """A service with a dead, a sick, a healthy and a new replica, one held by hand, one empty."""
    now = timezone.now()
    catalogue.change_page(page=catalogue.page(), name="Acme and Partners Status")
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


def test_every_screen_is_accessible_inside_the_policy_and_fits(
    open_page: OpenPage, world: dict[str, int]
) -> None:
    page = open_page()
    for screen in SCREENS:
        check_screen(page, screen.format(**world))


def test_the_check_itself_finds_seeded_faults(open_page: OpenPage) -> None:
    names = {"name": "Acme", "slug": "acme", "time_zone": "UTC", "language": "en"}
    pages.set_up(**names, now=timezone.now())  # without the notice the screen fits the window
    page = open_page()
    page.goto("/admin/")
    page.evaluate(
        """document.querySelector("main").insertAdjacentHTML("beforeend",
        '<table width="900"><tr><td><img src="data:,"></table><p style="color: red">red</p>')"""
    )
    # Set by script, which the policy allows: small when narrow, and faint in one scheme only.
    page.evaluate(
        """document.querySelector("main").insertAdjacentHTML("beforeend",
        '<p id="pale">light</p><p id="dim">dark</p><p id="ghost">narrow</p>' +
        '<a class="tiny" href="/1">.</a><a class="tiny" href="/2">.</a>');
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(`
            @media (prefers-color-scheme: light) { #pale { color: #ddd } }
            @media (prefers-color-scheme: dark) { #dim { color: #333 } }
            @media (prefers-color-scheme: dark) and (max-width: 400px) { #ghost { color: #333 } }
            .tiny { display: inline-block; padding: 1rem }
            @media (max-width: 400px) { .tiny { padding: 0; font-size: 6px } }`);
        document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]"""
    )
    found = "\n".join(faults(page))
    for fault in (
        "policy: style-src",
        "dark, 375 px: scrolls sideways",
        "light, 1440 px: axe image-alt",
        'light, 1440 px: axe color-contrast: <p id="pale">',
        'dark, 375 px: axe color-contrast: <p id="dim">',
        'dark, 375 px: axe color-contrast: <p id="ghost">',
        'dark, 375 px: axe target-size: <a class="tiny"',
    ):
        assert fault in found, found
    for fine in (
        "1440 px: scrolls sideways",
        'dark, 375 px: axe color-contrast: <p id="pale">',
        'light, 1440 px: axe color-contrast: <p id="ghost">',
        "1440 px: axe target-size",
    ):
        assert fine not in found, found


def test_one_word_as_long_as_a_name_may_be_breaks_on_a_phone(open_page: OpenPage) -> None:
    word = "Donaudampfschifffahrtsgesellschaftskapitaensmuetzenfabrikationsbetriebsleiterin"
    build.replica(node=build.node(component=build.component(name=word), name=word))
    page = open_page()
    page.set_viewport_size({"width": 375, "height": 800})
    for screen, named in (
        ("/admin/", "table.cards th"),
        ("/admin/monitors/", ".node .label"),
        ("/admin/incidents/report/", ".affected th"),
    ):
        page.goto(screen)
        spare = "all => Math.min(...all.map(one => 375 - one.getBoundingClientRect().left - one.scrollWidth))"
        assert page.locator(named, has_text=word).evaluate_all(spare) >= 0, screen


def test_the_button_that_closes_a_screen_is_as_high_as_its_word(
    open_page: OpenPage, world: dict[str, int]
) -> None:
    change = HealthChange.objects.create(
        replica=Replica.objects.filter(node=world["node"])[0],
        health=Health.DEAD,
        at=timezone.now(),
        recorded_at=timezone.now(),
    )
    page = open_page()
    page.goto(f"/admin/monitoring/healthchange/{change.pk}/change/")
    box = "button => [button.scrollHeight, button.clientHeight]"
    needed, given = page.locator("a.closelink").evaluate(box)
    assert given >= needed


def test_sign_in_and_set_up_are_accessible_inside_the_policy_and_fit(open_page: OpenPage) -> None:
    page = open_page(signed_in=False)
    check_screen(page, "/admin/login/")
    check_screen(page, f"/setup/{setting_up.ensure_link(now=timezone.now())}/")


@pytest.mark.req("A14")
def test_the_set_up_link_works_in_a_browser_that_sends_an_origin(
    open_page: OpenPage,
) -> None:
    page = open_page(signed_in=False)
    page.goto(f"/setup/{setting_up.ensure_link(now=timezone.now())}/")
    page.fill("[name=username]", "grace")
    page.fill("[name=password]", "short")
    page.fill("[name=repeated]", "short")
    page.click("button[type=submit]")
    expect(page.locator("[name=password]")).to_be_focused()
    page.fill("[name=password]", "a long enough secret")
    page.fill("[name=repeated]", "a long enough secret")
    page.click("button[type=submit]")
    expect(page.locator("h1")).to_have_text("Set up the status page")
    assert User.objects.get().username == "grace"
    page.fill("[name=name]", "Acme")
    page.fill("[name=slug]", "acme")
    page.click("main button[type=submit]")
    expect(page.locator("h1")).to_have_text("Dashboard")
    assert catalogue.page().set_up_at is not None


@pytest.mark.req("A14")
def test_a_select_saves_itself_and_its_row_and_the_answer_follow(
    open_page: OpenPage, world: dict[str, int]
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
    open_page: OpenPage, world: dict[str, int], answer: str
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
    open_page: OpenPage, world: dict[str, int], target: str
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
    open_page: OpenPage, world: dict[str, int]
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
    open_page: OpenPage, world: dict[str, int], target: str
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
    open_page: OpenPage, world: dict[str, int]
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
