"""Fixtures that every test may use, and the order of the tests."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests import build
from tests.browsing import HEIGHT, WATCH_POLICY, WIDE, OpenPage


@pytest.fixture
def now() -> datetime:
    """A fixed moment: Thursday 19 November 2026, 14:32 UTC."""
    return datetime(2026, 11, 19, 14, 32, tzinfo=UTC)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium from the PATH, for all tests marked `browser`.

    Playwright keeps an event loop running in this thread, which asynchronous tests could not share;
    so the tests marked `browser` come last. Django takes the thread for asynchronous code as well,
    and refuses the database unless told.
    """
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("chromium is not installed (Debian package: chromium)")
    with pytest.MonkeyPatch.context() as patched, sync_playwright() as playwright:
        patched.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        launched = playwright.chromium.launch(
            executable_path=program,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-extensions",
                "--disable-sync",
            ],
        )
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer) -> Iterator[OpenPage]:
    """Make a page of the running site, in a browser of its own: see `tests.browsing.OpenPage`.

    For tests marked `browser` and `django_db(transaction=True)`.
    """
    contexts: list[BrowserContext] = []

    def make(*, signed_in: bool = True, user: User | None = None, **options: Any) -> Page:
        context = browser.new_context(
            **{
                "base_url": live_server.url,
                "color_scheme": "light",
                "viewport": {"width": WIDE, "height": HEIGHT},
            }
            | options
        )
        contexts.append(context)
        context.add_init_script(WATCH_POLICY)
        if signed_in:
            visitor = Client()
            visitor.force_login(user or build.operator(username="ada", email="ada@acme.example"))
            cookie = visitor.cookies[settings.SESSION_COOKIE_NAME]
            context.add_cookies(
                [{"name": cookie.key, "value": cookie.value, "url": live_server.url}]
            )
        page = context.new_page()
        page.set_default_timeout(10_000)
        return page

    yield make
    for context in contexts:
        context.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the stories first, because they take longest, and the browser last (see its fixture)."""
    items.sort(key=lambda item: ("browser" in item.keywords) - ("story" in item.keywords))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The database for tests, whose audit log may be emptied: transactional tests end with that.

    `tests/accounts/test_append_only.py` installs the triggers again for itself. PostgreSQL empties
    tables with TRUNCATE, which they let pass.
    """
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            connection.cursor().execute("DROP TRIGGER IF EXISTS audit_no_delete")
