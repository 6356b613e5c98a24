"""Django on the host names of pages: the console stays on the main host, forms work on each."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.conf import settings as django_settings
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client

from common import host_names
from components import pages
from components.models import Page, PageHost, PageKind
from public_pages import host_map, hosts
from public_pages.front import Front
from public_pages.hosts import HostMap
from tests import build
from tests.public_pages.world import Reply, ask

pytestmark = pytest.mark.django_db
OWN = "status.customer.example"


@pytest.fixture
def eu(now: datetime) -> Iterator[Page]:
    page = pages.add(kind=PageKind.SUB, name="EU", slug="eu", now=now)
    PageHost.objects.create(page=page, name=OWN, challenge="c", is_active=True, created_at=now)
    hosts.write(django_settings.PUBLISHED_DIR, host_map.current())
    yield page
    hosts.write(django_settings.PUBLISHED_DIR, HostMap())


@pytest.mark.req("A1")
@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/setup/x/", "/join/x/"])
def test_the_console_answers_on_the_main_host_only(eu: Page, path: str) -> None:
    member = Client()
    member.force_login(build.operator(username="ada"))

    assert member.get(path, headers={"Host": OWN}).status_code == 404
    below: dict[str, Any] = {"SCRIPT_NAME": "/s/eu", host_names.PAGE_KEY: eu.pk}
    assert member.get(path, **below).status_code == 404
    assert member.get("/admin/", headers={"Host": "localhost"}).status_code == 200


@pytest.mark.req("A1")
@pytest.mark.parametrize("host", ["evil.test", f"{OWN}.evil.test", f"{OWN}:80@evil.test"])
def test_a_host_that_is_not_verified_is_refused(eu: Page, host: str) -> None:
    visitor = Client(headers={"Host": host, "X-Forwarded-Host": "testserver"})
    answer = visitor.get("/subscribe")
    assert answer.status_code == 400
    assert "EU" not in answer.text


def test_a_form_of_a_page_is_taken_on_its_own_host_and_from_no_other(eu: Page) -> None:
    visitor = Client(enforce_csrf_checks=True, headers={"Host": OWN})
    form = visitor.get("/subscribe")
    cookie = visitor.cookies["csrftoken"]
    assert cookie["domain"] == "", "the cookie is this host's alone"
    data = {"csrfmiddlewaretoken": form.context["csrf_token"], "channel": "email", "email": "x"}

    own = visitor.post("/subscribe", data, headers={"Origin": f"http://{OWN}"})
    other = visitor.post("/subscribe", data, headers={"Origin": "http://eu.evil.test"})

    assert own.status_code != 403
    assert other.status_code == 403


@pytest.mark.req("A1")
def test_cookies_are_of_one_host_and_secure_where_the_page_is(settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = True
    member = build.operator(username="ada", password="a long password of hers")
    visitor = Client()
    visitor.post(
        "/admin/login/", {"username": member.username, "password": "a long password of hers"}
    )

    cookie = visitor.cookies[django_settings.SESSION_COOKIE_NAME]
    assert (cookie["domain"], bool(cookie["secure"]), bool(cookie["httponly"])) == ("", True, True)


@pytest.mark.req("A1", "T5")
@pytest.mark.django_db(transaction=True)  # a request of its own opens and closes the database
def test_a_customer_page_on_its_own_name_is_behind_sign_in_and_is_alone_there(
    now: datetime,
) -> None:
    page = pages.add(kind=PageKind.CUSTOMER, name="Acme", slug="acme", now=now)
    PageHost.objects.create(page=page, name=OWN, challenge="c", is_active=True, created_at=now)
    hosts.write(django_settings.PUBLISHED_DIR, host_map.current())
    front = Front(
        WSGIHandler, folder=django_settings.PUBLISHED_DIR, csp="", hosts=["status.ours.test"]
    )

    def get(path: str) -> Reply:
        environ = {"PATH_INFO": path, "REQUEST_METHOD": "GET", "HTTP_HOST": OWN}
        setup_testing_defaults(environ)
        return ask(front, environ)

    try:
        home = get("/")
        assert (home.status, home.headers["Location"]) == (302, "/sign-in")
        gate = get("/sign-in")
        assert gate.status == 200
        assert 'type="email"' in gate.text
        for answer in (home, gate):
            assert "no-store" in answer.headers["Cache-Control"]
        for path in ("/admin/", "/s/acme/", "/p/x/", "/metrics", "/readyz"):
            assert get(path).status in {404, 503}, path  # 503 before the error page is published
    finally:
        hosts.write(django_settings.PUBLISHED_DIR, HostMap())
