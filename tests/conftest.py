"""Fixtures that every test may use, and the order of the tests."""

import contextlib
import functools
import gc
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import set_urlconf
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from public_pages.hosts import AllowedHosts
from tests import build, chromium, databases, emptying, second_run, sharing
from tests.browsing import HEIGHT, WATCH_POLICY, WIDE, OpenPage

ROOT = Path(__file__).resolve().parents[1]

# Few examples, for a suite of minutes; `HYPOTHESIS_PROFILE=thorough` draws many. A test with a number
# of its own makes it from `settings().max_examples`, so that it grows with the profile.
hypothesis.settings.register_profile("suite", deadline=None, max_examples=60)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


@pytest.fixture(scope="session", autouse=True)
def verified_hosts(django_test_environment: None) -> None:
    """Give Django its check of host names back, of which its test runner made a plain list."""
    settings.ALLOWED_HOSTS = AllowedHosts(
        settings.MAIN_HOSTS, root=settings.PUBLISHED_DIR, domain=settings.CANDOR_SERVICE_DOMAIN
    )


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
    with pytest.MonkeyPatch.context() as patched, chromium.launched() as launched:
        patched.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield launched


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
        page.set_default_timeout(30_000)
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """The folder that pip installed the clients into, from a copy of the checkout.

    It is kept while they stay the same: pip makes an environment to build each of them.
    """
    cache = pytestconfig.cache
    kept = cache.mkdir("installed") / sharing.digest(_client_sources(), ROOT) if cache else None
    if kept is not None and kept.is_dir():
        return kept
    made = sharing.once(tmp_path_factory, "installed", _install_clients)
    if kept is not None and not kept.is_dir():
        draft = kept.with_name(f"{kept.name}-{os.getpid()}")
        shutil.copytree(made, draft)
        with contextlib.suppress(OSError):  # another worker was faster
            draft.rename(kept)
        shutil.rmtree(draft, ignore_errors=True)
    return made


def _client_sources() -> list[Path]:
    found = [path for name in ("clients", "probing") for path in (ROOT / name).rglob("*")]
    passed = {"__pycache__", "build"}
    return sorted(
        path
        for path in found
        if path.is_file() and not any(part in passed or "egg-info" in part for part in path.parts)
    )


def _install_clients(target: Path) -> None:
    with tempfile.TemporaryDirectory() as copy:
        for path in _client_sources():
            place = Path(copy) / path.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
        packages = ["./clients/candor", "./clients/candor-local", "./clients/candor-reporter"]
        options = ["-q", "--no-deps", "--target", str(target)]
        subprocess.run(
            [sys.executable, "-m", "pip", "install", *options, *packages], cwd=copy, check=True
        )


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """A data folder as `bin/up` leaves it after its first start, on SQLite; copy it.

    It begins with the migrated database of the tests, where there is one: migrating again is five
    seconds of work. The story of the first page starts from nothing.
    """
    cache = pytestconfig.cache
    migrated = databases.migrated_file(cache.mkdir("databases")) if cache else None
    return sharing.once(tmp_path_factory, "prepared", functools.partial(_prepare, migrated))


def _prepare(migrated: Path | None, folder: Path) -> None:
    if migrated is not None and migrated.exists():
        shutil.copyfile(migrated, folder / "candor.sqlite3")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CANDOR_") and name not in {"DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
    }
    subprocess.run(
        [ROOT / "bin" / "manage", "prepare"],
        env=kept | {"CANDOR_DATA": str(folder)},
        check=True,
        stdout=subprocess.DEVNULL,
    )


# What `bin/test` collects to run the stories.
FOLDERS_OF_STORIES = ("contracts", "faultlab", "stories")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not import what has nothing for the second run, when that is what was asked for."""
    is_second_run = str(config.option.markexpr).startswith("stores")
    return (is_second_run and second_run.has_nothing_for(collection_path)) or None


def pytest_runtest_setup() -> None:
    """Begin with the addresses of the site: a request to another host leaves that one's in the thread."""
    set_urlconf(None)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without the garbage collector, and let it pass over what was collected.

    Six thousand tests and their modules live as long as the process, and its collector would walk
    through them every few tests: a tenth of the processor time. What tests leave is still collected.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        gc.enable()


# Single tests that take longest: nobody waits for them at the end when they begin first.
DEAR = ("test_fuzzed", "test_authorisation_matrix", "test_leaktest")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of stores, and put the dear ones and the stories first, the browser last (see its
    fixture). A file stays on one worker, so that what it shares is made once, but for its browser tests.

    What drives a browser or the whole product gets a second try, which the summary names: what it
    waits for is done by other programs, and on two cores under load that can take too long once.
    """
    for item in items:
        if "story" in item.keywords and not set(item.path.parts) & set(FOLDERS_OF_STORIES):
            raise pytest.UsageError(f"{item.nodeid} is a story: bin/test looks for it elsewhere")
        if second_run.runs_twice(item):
            item.add_marker("stores")
        if "browser" in item.keywords or "story" in item.keywords:
            item.add_marker(pytest.mark.flaky(reruns=1))
        if item.get_closest_marker("xdist_group") is None:
            name = item.name if "browser" in item.keywords else item.path.stem
            item.add_marker(pytest.mark.xdist_group(name))
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    if item.path.stem in DEAR or "story" in item.keywords:
        return 0
    return 2 if "browser" in item.keywords else 1


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, pytestconfig: pytest.Config
) -> None:
    """Copy a migrated database where there is one, instead of migrating."""
    cache = pytestconfig.cache
    if cache is not None:
        databases.use_prepared(cache.mkdir("databases"))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The database for tests, whose audit log may be emptied: transactional tests end with that.

    The tests of the log in `tests/accounts/test_auditing.py` install the triggers again for
    themselves. On PostgreSQL it is emptied with TRUNCATE, which they let pass.
    """
    with django_db_blocker.unblock():
        emptying.use()
        if connection.vendor == "sqlite":
            connection.cursor().execute("DROP TRIGGER IF EXISTS audit_no_delete")
