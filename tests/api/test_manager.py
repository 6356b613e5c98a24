"""Vigil's manager API (protocols M1-M6): codes, bodies, both slash forms, and what a restart keeps."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from components import catalogue
from incidents.models import Announcement
from monitoring import muting, tokens
from monitoring.models import AlertSettings, Token, TokenKind
from tests import build
from tests.api.callers import basic

pytestmark = [pytest.mark.django_db, pytest.mark.req("H1", "H2", "H3")]

LIST, ADD = "/manager/announcements", "/manager/announcement"
ALERTS, IGNORED = "/manager/prober/alerts", "/manager/prober/alerts/ignored"
ROUTES = [
    ("GET", LIST),
    ("POST", ADD),
    ("DELETE", f"{ADD}/0d0f4ac0-2f0c-4a53-8c43-9a8c1c25a8f4"),
    ("GET", ALERTS),
    ("GET", IGNORED),
    ("PUT", IGNORED),
]


@pytest.fixture
def secret() -> str:
    return tokens.create(kind=TokenKind.MANAGER, now=timezone.now())[1]


class Caller:
    def __init__(self, client: Client, authorization: str) -> None:
        self.client, self.authorization = client, authorization

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json; charset=utf-8",
    ) -> HttpResponse:
        headers = {"Authorization": self.authorization} if self.authorization else {}
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        answer: Any = self.client.generic(
            method, "/", data, PATH_INFO=path, content_type=content_type, headers=headers
        )
        return answer  # type: ignore[no-any-return]


@pytest.fixture
def ask(client: Client, secret: str) -> Caller:
    return Caller(client, basic(secret))


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("", 401),
        ("Bearer whatever", 401),
        ("Basic", 401),
        ("Basic %%%", 401),
        (basic("wrong"), 403),
        (basic(""), 403),
    ],
)
def test_who_has_no_manager_token_is_refused(
    client: Client, secret: str, route: tuple[str, str], authorization: str, status: int
) -> None:
    answer = Caller(client, authorization)(*route, {"title": "x", "text": "y"})

    assert (answer.status_code, answer.content) == (status, b"")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Reporter Token"'
    assert not Announcement.objects.exists()


def test_a_reporters_token_and_a_revoked_one_are_wrong_passwords(client: Client) -> None:
    now = timezone.now()
    _, reporter = tokens.create(kind=TokenKind.REPORTER, now=now)
    row, manager = tokens.create(kind=TokenKind.MANAGER, now=now)
    tokens.revoke(token=row, now=now)

    assert Caller(client, basic(reporter))("GET", LIST).status_code == 403
    assert Caller(client, basic(manager))("GET", LIST).status_code == 403


def test_the_user_name_is_ignored_and_the_use_is_noted(client: Client, secret: str) -> None:
    assert Caller(client, basic(secret, user="anyone"))("GET", LIST).status_code == 200
    assert Token.objects.get().last_used_at is not None


@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize("start", ["", "/"])
def test_announcements_are_added_listed_and_retracted(ask: Caller, start: str, end: str) -> None:
    def at(path: str) -> str:
        return f"{start}{path}{end}"

    assert json.loads(ask("GET", at(LIST)).content) == []
    added = ask("POST", at(ADD), {"title": "Late", "text": "Two\nlines", "more": 1})
    ident = json.loads(added.content)["id"]

    assert added.status_code == 200
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", ident
    )
    assert json.loads(ask("GET", at(LIST)).content) == [{"id": ident, "title": "Late"}]
    assert Announcement.objects.get().text == "Two\nlines"
    revision = catalogue.page().revision

    gone = ask("DELETE", at(f"{ADD}/{ident}"))
    assert (gone.status_code, gone.content) == (200, b"")
    assert catalogue.page().revision == revision + 1
    assert ask("DELETE", at(f"{ADD}/{ident}")).status_code == 404
    assert ask("DELETE", at(f"{ADD}/no-uuid")).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 100_000,
        "[]",
        "null",
        {"title": "x"},
        {"text": "x"},
        {"title": "", "text": "x"},
        {"title": "x", "text": ""},
        {"title": 1, "text": "x"},
        {"title": "x", "text": None},
        {"title": "x\u0000", "text": "x"},
        {"title": "x", "text": "\ud800"},
        {"title": "x" * 201, "text": "x"},
    ],
)
def test_a_body_that_is_no_announcement_is_a_bad_request(ask: Caller, body: Any) -> None:
    answer = ask("POST", ADD, body)

    assert (answer.status_code, answer.content) == (400, b"")
    assert not Announcement.objects.exists()


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=urf-8", 200),
        ("application/vnd.api+json", 200),
        ("text/plain", 400),
        ("", 400),
    ],
)
def test_the_type_has_to_be_json_of_any_charset(
    ask: Caller, content_type: str, status: int
) -> None:
    answer = ask("POST", ADD, {"title": "x", "text": "y"}, content_type=content_type)

    assert answer.status_code == status


def test_a_body_beyond_the_limit_is_too_large(ask: Caller) -> None:
    assert ask("POST", ADD, {"title": "x", "text": "y" * 2_100_000}).status_code == 413


def test_alerts_name_the_dead_and_the_sick(ask: Caller) -> None:
    node = build.node(slug="web", component=build.component(slug="shop"))
    for name, health in (("a", "dead"), ("b", "sick"), ("c", "healthy"), ("d", None)):
        build.replica(node=node, address=f"tcp://{name}:1", health=health)

    assert json.loads(ask("GET", f"{ALERTS}/").content) == {
        "dead": [{"probe": "shop", "node": "web", "replica": "tcp://a:1"}],
        "sick": [{"probe": "shop", "node": "web", "replica": "tcp://b:1"}],
    }


def test_reminders_are_muted_for_a_while_and_let_out_again(ask: Caller) -> None:
    def left() -> int | None:
        value: int | None = json.loads(ask("GET", IGNORED).content)["reminders_seconds"]
        return value

    assert left() is None
    muted = ask("PUT", IGNORED, {"reminders_seconds": 600})
    assert (muted.status_code, muted.content) == (200, b"")
    assert left() in {598, 599, 600}
    until = AlertSettings.objects.get().muted_until
    assert until is not None
    assert muting.muted_for(now=until - timedelta(seconds=1)) == timedelta(seconds=1)
    assert muting.muted_for(now=until) is None

    for nothing in ({"reminders_seconds": None}, {}, {"reminders_seconds": 0}):
        ask("PUT", IGNORED, {"reminders_seconds": 65_535})
        assert left() is not None
        assert ask("PUT", f"{IGNORED}/", nothing).status_code == 200
        assert left() is None


@pytest.mark.parametrize("wrong", [-1, 65_536, 1.5, "600", True, []])
def test_a_wrong_number_of_seconds_changes_nothing(ask: Caller, wrong: Any) -> None:
    assert ask("PUT", IGNORED, {"reminders_seconds": wrong}).status_code == 400
    assert not AlertSettings.objects.exists()


@pytest.mark.parametrize(
    ("method", "path"), [("POST", LIST), ("GET", ADD), ("PUT", ADD), ("POST", IGNORED)]
)
def test_another_method_is_an_unknown_route(ask: Caller, method: str, path: str) -> None:
    answer = ask(method, path, {})

    assert (answer.status_code, answer.content) == (404, b"")
