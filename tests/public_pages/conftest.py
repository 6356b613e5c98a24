"""A running front for the tests that look at pages."""

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from components.status import Status
from tests.public_pages import world
from tests.public_pages.world import Site

T = TypeVar("T")
NOW = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        del format, args


class Served:
    """A published folder behind the front, at an address a browser can open."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._server = make_server("127.0.0.1", 0, site.front, handler_class=_Quiet)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def folder(self) -> Path:
        return self.site.folder

    def stop(self) -> None:
        """End it; may be called twice."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()


class Once:
    """Publishes a world once, for all tests that only look at its folder."""

    def __init__(self, paths: pytest.TempPathFactory, blocker: DjangoDbBlocker) -> None:
        self._paths, self._blocker = paths, blocker
        self._made: dict[object, tuple[Path, Any]] = {}

    def __call__(self, arrange: Callable[..., object], *given: Hashable) -> Path:
        """The folder of what `arrange` makes, all of it; not to be written to.

        Nothing of it stays in the database.
        """
        return self.both(arrange, *given)[0]

    def both(self, arrange: Callable[..., T], *given: Hashable) -> tuple[Path, T]:
        """The folder, and the rows that were in it, of which none is in the database any more."""
        key = (arrange, given)
        if key not in self._made:
            self._made[key] = self._publish(arrange, given)
        return self._made[key]

    def _publish(self, arrange: Callable[..., T], given: tuple[Hashable, ...]) -> tuple[Path, T]:
        folder = self._paths.mktemp("once") / "published"
        with self._blocker.unblock(), pytest.MonkeyPatch.context() as patched:
            patched.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Chromium may be running already
            with transaction.atomic():
                rows = arrange(*given)
                publisher = world.publish(folder, now=NOW)
                while publisher.is_behind:
                    assert publisher.publish_if_due(now=NOW)
                transaction.set_rollback(True)
        return folder, rows


@pytest.fixture(scope="session")
def once(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Once:
    """Published folders of worlds that several tests look at."""
    return Once(tmp_path_factory, django_db_blocker)


def _outage_day() -> None:
    world.acme(now=NOW)


def _standing(status: Status) -> None:
    world.standing(status, now=NOW)


@pytest.fixture(scope="session")
def standing(once: Once) -> Callable[[Status], Path]:
    """The published folder of a page whose one component, `shop`, has a status."""
    return lambda status: once(_standing, status)


@pytest.fixture(scope="session")
def outage_day(once: Once) -> Path:
    """The published page of the outage day, made once; not to be written to."""
    return once(_outage_day)


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """The front over a published folder."""
    server = Served(Site(folder, NOW))
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def outage(outage_day: Path, db: None) -> Iterator[Served]:
    """The front over the page of the outage day."""
    with serving(outage_day) as server:
        yield server


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """The front over an empty folder; publish into `served.folder`."""
    with serving(tmp_path / "published") as server:
        yield server
