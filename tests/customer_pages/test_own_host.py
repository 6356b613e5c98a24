"""A customer page under a host name of its own, as the web process answers: the front, then Django."""

import re
from collections.abc import Iterable
from datetime import datetime
from http.cookies import SimpleCookie
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError, connection
from pytest_django import Settings

from branding import changing
from branding.changing import Look
from branding.encoded import Encoded
from branding.naming import digest
from components.models import Page, PageHost
from components.status import Status
from customer_pages import database_clock, sessions
from public_pages.front import Front
from public_pages.hosts import AllowedHosts
from tests import build
from tests.customer_pages import people
from tests.public_pages import world
from tests.public_pages.world import Reply, ask

# A request of its own opens and closes the database.
pytestmark = pytest.mark.django_db(transaction=True)
OWN, MAIN = "status.acme.example", "testserver"
LOGO = Encoded(kind="png", width=9, height=9, body=b"ACMEONLY logo")


class Browser:
    """Asks the front, and keeps the cookies of each host apart, as browsers do without Domain."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self.cookies: dict[str, SimpleCookie] = {OWN: SimpleCookie(), MAIN: SimpleCookie()}

    def get(self, path: str, host: str = OWN, **more: Any) -> Reply:
        kept = "; ".join(f"{one.key}={one.value}" for one in self.cookies[host].values())
        path, _, query = path.partition("?")
        environ = {"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": "GET"}
        environ |= {"HTTP_HOST": host, "HTTP_COOKIE": kept, **more}
        setup_testing_defaults(environ)

        def keeping(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
                for name, value in headers:
                    if name == "Set-Cookie":
                        self.cookies[host].load(value)
                return start_response(status, headers, error)

            return self._front(environ, start)

        return ask(keeping, environ)

    def post(self, path: str, form: str, **fields: str) -> Reply:
        """Fill in the form of a page and send it, with the token that is in it."""
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(form).text)
        assert found, form
        body = urlencode(fields | {"csrfmiddlewaretoken": found[1]}).encode()
        sent: dict[str, Any] = {
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "wsgi.input": BytesIO(body),
        }
        return self.get(path, REQUEST_METHOD="POST", CONTENT_LENGTH=str(len(body)), **sent)


class Installation:
    """Two customers, of which one has a host name and a look; and the main page, published."""

    def __init__(self, folder: Path, now: datetime) -> None:
        ours = build.component(name="ACMEONLY cluster", slug="acmeonly")
        theirs = build.component(name="BETAONLY cluster", slug="betaonly")
        self.acme = people.customer_page("acme", components=[ours])
        self.beta = people.customer_page("beta", ["beta.example"], components=[theirs])
        build.incident(title="ACMEONLY trouble", components={ours: Status.MAJOR_OUTAGE})
        PageHost.objects.create(
            page=self.acme, name=OWN, challenge="c", is_active=True, created_at=now
        )
        kept = changing.keep(pictures=[LOGO], now=now)
        changing.save(page=self.acme, look=Look(pictures={"logo": kept}, css=""), now=now)
        world.publish(folder, now=now)
        self.front = Front(WSGIHandler, folder=folder, csp="default-src 'self'", hosts=[MAIN])

    def signed_in(self) -> Browser:
        """A browser that used the link of its mail under the host name."""
        browser = Browser(self.front)
        asked = browser.post("/sign-in", "/sign-in", email="ada@acme.com")
        assert (asked.status, asked.headers["Location"]) == (303, "/sign-in/sent")
        message = people.post_office()[-1]
        assert re.search(rf"http://{OWN}(:\d+)?/enter/", str(message.body))
        link = people.link_in(message)
        entered = browser.post(link, link)
        assert (entered.status, entered.headers["Location"]) == (303, "/")
        return browser


@pytest.fixture
def installation(tmp_path: Path, settings: Settings) -> Installation:
    settings.PUBLISHED_DIR = tmp_path
    settings.MAIN_HOSTS = [MAIN]
    settings.ALLOWED_HOSTS = AllowedHosts([MAIN], root=tmp_path)
    return Installation(tmp_path, database_clock.now())


@pytest.mark.req("A1", "T5", "R5")
def test_a_customer_signs_in_and_reads_under_the_name_of_the_page(
    installation: Installation,
) -> None:
    stranger = Browser(installation.front)
    assert stranger.get("/").headers["Location"] == "/sign-in"
    assert stranger.get("/history.atom").status == 401
    browser = installation.signed_in()

    for path in ("/", "/history.atom", "/status.json", "/components/acmeonly"):
        answer = browser.get(path)
        assert answer.status == 200, path
        assert b"ACMEONLY" in answer.body, path
        assert answer.headers["Cache-Control"] == "private, no-store", path
        assert b"BETAONLY" not in answer.body
    home = browser.get("/").text
    links = re.findall(r' (?:href|src|action)="(/[^"]*)"', home)
    assert not [link for link in links if link.startswith(("/p/", "/s/", "/admin"))]
    assert str(installation.acme.address) not in home

    people.list_only(installation.acme)
    assert browser.get("/").status == 403


@pytest.mark.req("T5")
def test_the_look_of_the_page_is_behind_its_door_there_too(installation: Installation) -> None:
    browser, stranger = installation.signed_in(), Browser(installation.front)
    picture = f"/brand/media/{digest(LOGO.body)}.png"
    assert f'src="{picture}"' in browser.get("/").text
    assert browser.get(picture).body == LOGO.body
    assert stranger.get(picture).status == 302
    for host in (OWN, MAIN):
        assert browser.get(picture.removeprefix("/brand"), host).status == 404


@pytest.mark.req("A1", "R11")
def test_cookies_hold_for_one_host_name(installation: Installation) -> None:
    browser = installation.signed_in()
    name = sessions.cookie_name(installation.acme)
    for cookie in browser.cookies[OWN].values():
        assert (cookie["domain"], cookie["path"]) == ("", "/"), cookie.key
    below = f"/p/{installation.acme.address}/"
    browser.cookies[MAIN][name] = browser.cookies[OWN][name].value

    elsewhere = browser.get(below, MAIN)

    assert elsewhere.status == 302
    assert urlsplit(elsewhere.headers["Location"]).path == f"{below}sign-in"


@pytest.mark.req("A1", "R11")
def test_neither_other_pages_nor_the_console_are_under_the_name(
    installation: Installation,
) -> None:
    browser = installation.signed_in()
    told = {
        browser.get(path).body
        for path in (
            f"/p/{installation.beta.address}/",
            f"/p/{installation.beta.address}/sign-in",
            f"/p/{installation.acme.address}/",
            f"/p/{'A' * 22}/",
        )
    }
    assert len(told) == 1
    for path in (f"/p/{installation.beta.address}/", "/admin/", "/admin/login/", "/setup/x/"):
        answer = browser.get(path)
        assert answer.status == 404, path
        assert b"BETAONLY" not in answer.body
    unknown = browser.get("/", MAIN, HTTP_HOST="status.beta.example")
    assert unknown.status == 421


@pytest.mark.req("A1")
def test_without_the_database_the_customers_page_is_away_and_the_public_one_is_not(
    installation: Installation,
) -> None:
    """Reliability B3, decision 3."""
    browser = installation.signed_in()

    def away(*_: object, **__: object) -> None:
        raise OperationalError("could not connect")

    with connection.execute_wrapper(away):
        for path in ("/", "/status.json", "/history.atom", "/sign-in"):
            answer = browser.get(path)
            assert answer.status == 503, path
            assert b"Error 503" in answer.body
            assert b"ACMEONLY" not in answer.body
        assert browser.get("/", MAIN).status == 200
    assert browser.get("/").status == 200


def test_the_folder_knows_the_name_and_nothing_of_the_page(
    installation: Installation, settings: Settings
) -> None:
    page: Page = installation.acme
    known = (settings.PUBLISHED_DIR / "hosts.json").read_text()
    assert '"dynamic"' in known
    assert str(page.address) not in known
    assert page.name not in known
