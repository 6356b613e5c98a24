"""The addresses that are not files: preferences, readiness, errors."""

import errno
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.client import RequestFactory
from django.urls import include, path
from django.utils import timezone
from pytest_django import Settings

from components import catalogue
from components.models import Page
from monitoring.models import Replica
from notifications import outbox
from notifications.messages import Message
from public_pages import readiness, views
from tests import build
from tests.public_pages import world
from tests.public_pages.conftest import NOW, Once

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def boom(request: HttpRequest) -> HttpResponse:
    raise {"db": OperationalError, "bug": ZeroDivisionError}[request.GET["what"]]("boom")


urlpatterns = [path("", include("public_pages.urls")), path("boom", boom)]
handler404 = views.not_found
handler500 = views.server_error


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def published(settings: Settings, tmp_path: Path) -> Path:
    settings.PUBLISHED_DIR = tmp_path
    return tmp_path


# ---- preferences -------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_theme_is_kept_for_a_year(visitor: Client, theme: str) -> None:
    reply = visitor.post("/preferences", {"theme": theme, "next": "/components/checkout"})

    assert (reply.status_code, reply.headers["Location"]) == (303, "/components/checkout")
    cookie = reply.cookies["theme"]
    assert (cookie.value, cookie["max-age"], cookie["samesite"]) == (theme, 365 * 86_400, "Lax")
    assert cookie["httponly"]


def test_automatic_forgets_the_choice(visitor: Client) -> None:
    reply = visitor.post("/preferences", {"theme": "auto"})

    assert reply.cookies["theme"]["max-age"] == 0
    assert reply.headers["Location"] == "/"


@pytest.mark.parametrize("theme", ["", "purple", "dark; x=1", "<b>"])
def test_other_themes_are_refused(visitor: Client, theme: str) -> None:
    reply = visitor.post("/preferences", {"theme": theme})

    assert reply.status_code == 400
    assert not reply.cookies


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test",
        "\\\\evil.test",
        "javascript:alert(1)",
        "components/x",
        "/\r\nSet-Cookie: a=b",
        "",
    ],
)
def test_one_is_never_sent_to_another_site(visitor: Client, wanted: str) -> None:
    reply = visitor.post("/preferences", {"theme": "dark", "next": wanted})

    assert (reply.status_code, reply.headers["Location"]) == (303, "/")


def test_preferences_are_changed_by_post_only(visitor: Client) -> None:
    assert visitor.get("/preferences?theme=dark").status_code == 405


def test_preferences_need_no_database(visitor: Client) -> None:
    def refuse(*_args: object) -> object:
        raise OperationalError("away")

    with connection.execute_wrapper(refuse):
        assert visitor.post("/preferences", {"theme": "dark"}).status_code == 303


# ---- readiness ---------------------------------------------------------------------------------


@pytest.fixture
def now(settings: Settings, once: Once) -> datetime:
    """The moment that an empty page was published at, as all of these look at it."""
    settings.PUBLISHED_DIR = once(catalogue.page)
    catalogue.page()
    return NOW


def test_all_at_work_is_ready(visitor: Client, published: Path) -> None:
    now = timezone.now()
    world.watched(now=now)
    world.publish(published, now=now)

    reply = visitor.get("/readyz")

    assert (reply.status_code, reply.json()) == (200, {"status": "ready", "problems": {}})


def test_without_replicas_and_messages_there_is_nothing_to_wait_for(now: datetime) -> None:
    assert readiness.problems(now=now) == {}


def test_nothing_or_nothing_new_published_is_not_ready(published: Path) -> None:
    now = timezone.now()
    assert readiness.problems(now=now) == {"publisher": "Nothing has been published yet."}

    world.publish(published, now=now - timedelta(minutes=4))
    assert readiness.problems(now=now) == {"publisher": "The last publish is 4 min old."}


def test_a_disk_with_too_little_room_is_not_ready(now: datetime, settings: Settings) -> None:
    settings.DISK_LEFT_MB = 10**12  # no disk has that much room

    assert "MB are left on the disk of" in readiness.problems(now=now)["disk"]


def test_checks_that_are_overdue_are_not_ready(now: datetime) -> None:
    build.replica(next_probe_at=now - timedelta(seconds=61))

    assert readiness.problems(now=now) == {"probes": "Checks are due for more than a minute."}


def test_checks_that_are_handed_out_but_never_come_back_are_not_ready(now: datetime) -> None:
    world.watched(now=now)
    Replica.objects.update(fresh_until=now, next_probe_at=now + timedelta(seconds=30))

    assert readiness.problems(now=now) == {"probes": "No check has had an outcome recently."}


def test_a_message_that_nobody_sends_is_not_ready(now: datetime) -> None:
    outbox.put(
        channel="email",
        address="ops@example.com",
        message=Message(subject="s", text="t"),
        dedupe_key="test:1",
        now=now - timedelta(minutes=6),
    )

    assert readiness.problems(now=now) == {"deliveries": "A message has been waiting for 6 min."}


def test_a_database_that_cannot_be_written_is_not_ready(visitor: Client, published: Path) -> None:
    now = timezone.now()
    world.publish(published, now=now)

    def read_only(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE"):
            raise OperationalError("attempt to write a readonly database")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(read_only):
        reply = visitor.get("/readyz")

    assert reply.status_code == 503
    assert list(reply.json()["problems"]) == ["database"]


def test_asking_for_readiness_changes_nothing_visible(now: datetime) -> None:
    before = Page.objects.values().get()

    readiness.problems(now=now)

    assert Page.objects.values().get() == before


# ---- errors ------------------------------------------------------------------------------------


def test_errors_come_in_the_style_of_the_page_with_its_name(
    visitor: Client, published: Path
) -> None:
    world.main_page(name="Acme")
    world.publish(published, now=timezone.now())

    for address, status, words in (
        ("/nowhere", 404, "There is no page here"),
        ("/boom?what=bug", 500, "This page failed, not our service"),
        ("/boom?what=db", 503, "restarting"),
    ):
        reply = visitor.get(address)
        assert reply.status_code == status
        assert words in reply.content.decode()
        assert "Acme Status" in reply.content.decode()


def test_errors_need_neither_database_nor_published_files(visitor: Client, published: Path) -> None:
    def refuse(*_args: object) -> object:
        raise OperationalError("away")

    with connection.execute_wrapper(refuse):
        for address, status in (("/nowhere", 404), ("/boom?what=bug", 500)):
            reply = visitor.get(address)
            assert reply.status_code == status
            assert "<h1>" in reply.content.decode()


def test_an_error_has_a_reference_that_the_log_has_too(
    visitor: Client, published: Path, caplog: pytest.LogCaptureFixture
) -> None:
    body = visitor.get("/boom?what=bug").content.decode()

    reference = body.partition("<code>")[2].partition("</code>")[0]
    assert len(reference) == 8
    assert f"reference={reference}" in caplog.text
    assert reference in {getattr(each, "reference", "") for each in caplog.records}


def test_while_the_database_is_away_the_answer_says_when_to_come_back(visitor: Client) -> None:
    reply = visitor.get("/boom?what=db")

    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "30")


def test_a_published_error_page_that_cannot_be_read_is_made_anew(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_options: object) -> str:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "read_text", fail)

    reply = views.not_found(RequestFactory().get("/x"), Exception())

    assert "There is no page here" in reply.content.decode()
