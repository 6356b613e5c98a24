"""What is wrong with a screen in a real Chromium, in every look, found from one load.

The fixtures that go with it are `browser` and `open_page` in `tests/conftest.py`. Loading a screen
and letting axe look at all of it are what costs, so each happens as rarely as it can:

    def test_the_screens_of_incidents_are_fit_to_use(open_page: OpenPage) -> None:
        page = open_page()
        for address in ("/admin/incidents/", "/admin/incidents/add/"):
            check_screen(page, address)
"""

from typing import Any, Protocol
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route

from accounts.models import User
from public_pages import assets

WIDE, NARROW = 1440, 375
HEIGHT = 900
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What a narrow or a dark screen can spoil; everything else is the same document.
OF_LOOKS = {
    "type": "rule",
    "values": ["color-contrast", "target-size", "scrollable-region-focusable"],
}
LOOKS: tuple[tuple[str, int, Any], ...] = (
    ("light", WIDE, STANDARDS),
    ("dark", NARROW, OF_LOOKS),
)
# To be a script of the context, before a page loads.
WATCH_POLICY = """
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (event) =>
    window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
_AXE = Axe()


class OpenPage(Protocol):
    """The fixture `open_page`: a page in a browser of its own, 1440 px wide and light.

    An administrator is signed in: `user`, or a new "ada"; nobody with `signed_in=False`. `options`
    are Playwright's for a new context.
    """

    def __call__(
        self, *, signed_in: bool = True, user: User | None = None, **options: Any
    ) -> Page: ...


def with_assets(page: Page) -> Page:
    """The page with style and scripts of the public pages, which the front serves and Django does not."""
    bodies = {asset.url: asset.body for asset in assets.bundle().values()}

    def serve(route: Route) -> None:
        path = urlsplit(route.request.url).path
        kind = "text/css" if path.endswith(".css") else "text/javascript"
        route.fulfill(body=bodies[path], content_type=kind)

    page.route("**/assets/**", serve)
    return page


def check_screen(page: Page, address: str) -> None:
    """Open a screen and fail with everything that is wrong with it; leaves it open, wide and light."""
    page.goto(address)
    found = faults(page)
    assert found == [], f"{address}\n" + "\n".join(found)


def faults(page: Page) -> list[str]:
    """What is wrong with the screen that is open, light at 1440 pixels and dark at 375.

    Violations of its policy, sideways scrolling, and what axe finds: every rule wide and light, and
    those again that a look can spoil. The page has to come from `open_page`,
    or from a context with the script WATCH_POLICY.
    """
    # Asked first, because axe itself violates the policy.
    found = [f"policy: {one}" for one in page.evaluate("window.violations")]
    for scheme, width, rules in LOOKS:
        look(page, scheme, width)
        found += _faults_now(page, f"{scheme}, {width} px", rules)
    look(page, "light", WIDE)
    return found


def look(page: Page, scheme: Any, width: int) -> None:
    """Let the open page look so; colours do not fade into place, which axe would measure half-way."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": HEIGHT})


def _faults_now(page: Page, name: str, rules: Any) -> list[str]:
    found = []
    if (needed := page.evaluate("document.documentElement.scrollWidth")) > page.evaluate(
        "window.innerWidth"
    ):
        found.append(f"{name}: scrolls sideways, {needed} px")
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.axe_script)
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    result = page.evaluate("options => axe.run(options)", options)
    return found + [
        f"{name}: axe {violation['id']}: {node['html'][:120]}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]
