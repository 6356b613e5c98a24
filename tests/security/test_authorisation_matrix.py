"""Every address, asked by every kind of caller, against the table that stands beside this file.

`authorisation.txt` is the expected table: a route, and for GET and POST one letter for each actor of
`cast.ACTORS`:

    Y  served: an answer that is not a refusal (also a form with errors, or a redirect after a change)
    .  refused: 401, 403, 404, or a redirect to a sign-in
    -  there is no such method here
    *  not asked: what an owner's POST does is for the tests of that screen

A new address without a line fails, with the line that it would have. Whoever adds it has read it.
"""

import base64
import logging
import re
from collections.abc import Iterator
from datetime import datetime
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from components.models import Page, PageHost
from customer_pages import host_urls, sessions
from monitoring import tokens
from monitoring.models import TokenKind
from tests.customer_pages import people
from tests.security import cast
from tests.security.cast import ACTORS, Cast

pytestmark = [pytest.mark.django_db, pytest.mark.req("R1", "R3", "A12")]

TABLE = Path(__file__).with_name("authorisation.txt")
_PLACE = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
_REFUSALS = frozenset({401, 403, 404})
_SIGN_INS = ("/admin/login/", "/sign-in", "/admin/security/second-step/")


@pytest.fixture(autouse=True)
def cheaper(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Thousands of refusals are warnings with a traceback each; errors still show why one is 500."""
    people.keep_the_world(settings, monkeypatch)
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def routes() -> list[str]:
    """Every address of Django's map."""

    def below(entries: list[Any], prefix: str) -> Iterator[str]:
        for entry in entries:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                yield from below(entry.url_patterns, route)
            elif isinstance(entry, URLPattern):
                yield route

    return sorted(set(below(get_resolver().url_patterns, "")))


def address(route: str, played: Cast) -> str:
    """A path that the route matches, with an object of customer A wherever it names one."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        assert name in played.values, f"tests/security/cast.py has no value for <{name}> of {route}"
        return played.values[name](route)

    path = _PLACE.sub(value, route)
    return "/" + re.sub(r"\^\(\?:/\*\)|[\^$?]|/\*|(?<=/)\+|\+(?=/)", "", path).replace("//", "/")


def letter(answer: HttpResponse) -> str:
    """What an answer means in the table."""
    # Readiness says of this very test that nothing is published.
    assert answer.status_code < 500 or "problems" in answer.content.decode(), answer.status_code
    if answer.status_code == 405:
        return "-"
    leads_to = answer.headers.get("Location", "")
    if answer.status_code in _REFUSALS or any(part in leads_to for part in _SIGN_INS):
        return "."
    return "Y"


def asked(browser: Client, method: str, path: str) -> str:
    """Ask, and undo whatever it did."""
    kept, browser.cookies = browser.cookies, SimpleCookie(browser.cookies)
    with transaction.atomic():
        answer = getattr(browser, method)(path)
        transaction.set_rollback(True)
    browser.cookies = kept
    return letter(answer)


def row(route: str, played: Cast) -> str:
    """The line of a route, by asking."""
    path = address(route, played)
    get = "".join(asked(played.browsers[actor], "get", path) for actor in ACTORS)
    post = "".join(asked(played.browsers[actor], "post", path) for actor in ACTORS[:-1])
    return f"{get} {post}*  {route}"


def expected() -> dict[str, str]:
    """The lines of the table by route."""
    lines = (line for line in TABLE.read_text().splitlines() if line and not line.startswith("#"))
    return {line.split("  ", 1)[1]: line for line in lines}


def test_every_address_answers_every_caller_as_the_table_says(now: datetime) -> None:
    played, table = cast.play(now), expected()

    found = {route: row(route, played) for route in routes()}

    wrong = [line for route, line in found.items() if table.get(route) != line]
    assert not wrong, "Not as authorisation.txt says:\n" + "\n".join(wrong)
    assert set(table) == set(found), "Lines without an address: " + str(set(table) - set(found))


def test_no_other_token_opens_more_than_a_stranger_gets(now: datetime) -> None:
    """A token of another kind is worth something at its own addresses alone."""
    played, table = cast.play(now), expected()
    for kind, header, own in (
        (TokenKind.MANAGER, "Basic", "^(?:/*)manager"),
        (TokenKind.LOCAL, "Basic", "-"),
        (TokenKind.API, "Authorization-Token", "admin/api/v1/"),
    ):
        _, secret = tokens.create(kind=kind, now=now)
        basic = base64.b64encode(f":{secret}".encode()).decode()
        told = {"Authorization": f"Basic {basic}"} if header == "Basic" else {header: secret}
        browser = Client(raise_request_exception=False, headers=told)
        for route in routes():
            if not route.startswith(own):
                found = asked(browser, "get", address(route, played))
                assert found == table[route][0], f"{kind} at {route}"


def test_a_host_name_of_a_customer_serves_only_who_is_let_in(
    now: datetime, settings: Settings
) -> None:
    """The same addresses at the root of the page's own host name."""
    settings.ALLOWED_HOSTS = ["testserver", cast.OWN_HOST]
    played = cast.play(now)
    host = PageHost.objects.get(name=cast.OWN_HOST)
    PageHost.objects.filter(pk=host.pk).update(is_active=True)
    stranger, own, other = (
        Client(raise_request_exception=False, headers={"host": host.name}) for _ in range(3)
    )
    for name, mailbox, browser in (("Acme", "ada@acme.com", own), ("Beta", "bob@beta.com", other)):
        page = Page.objects.get(name=name)
        opened = sessions.open_session(
            page=page, mailbox=mailbox, host=host.name, earlier_key="", now=people.clock()
        )
        browser.cookies[sessions.cookie_name(page)] = opened.key
    assert asked(own, "get", "/") == "Y"
    for pattern in host_urls.urlpatterns:
        route = str(pattern.pattern)
        if "sign-in" in route or "enter/" in route or "read/" in route or "subscriptions" in route:
            continue  # for everybody who knows the address, or for who holds a secret
        for browser in (stranger, other):
            assert asked(browser, "get", address(route, played)) != "Y", route
            assert asked(browser, "post", address(route, played)) != "Y", route


def test_only_who_is_let_in_is_served_anything_of_a_customer() -> None:
    """The table itself: nobody's letter but A's own (and the sign-in) is Y below a customer's page."""
    for route, line in expected().items():
        if not route.startswith("p/<str:address>/") or "sign-in" in route or "enter/" in route:
            continue
        letters = dict(zip(ACTORS, line, strict=False))
        if "read/" in route or "subscriptions" in route:
            continue  # a secret in the address, or the cookie of the subscription, lets in
        assert {actor for actor, one in letters.items() if one == "Y"} <= {"customer of A"}, line


def test_nothing_of_the_console_is_served_to_anybody_outside() -> None:
    """The table itself: of the console only the sign-in is open to those without a role."""
    open_to_all = {
        route
        for route, line in expected().items()
        if route.startswith("admin/") and "Y" in line[:5] + line[10:15]
    }

    assert open_to_all <= {"admin/login/", "admin/jsi18n/", "admin/logout/"} | {
        route for route in open_to_all if route.startswith("admin/security/")
    }
