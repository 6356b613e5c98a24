"""A running front for the tests that look at pages."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests.public_pages import world
from tests.public_pages.world import Site

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


@pytest.fixture(scope="session")
def outage_day(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Path:
    """The published page of the outage day, made once; not to be written to."""
    folder = tmp_path_factory.mktemp("outage") / "published"
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patched:
        patched.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Chromium may be running already
        with transaction.atomic():
            world.acme(now=NOW)
            world.publish(folder, now=NOW)
            transaction.set_rollback(True)
    return folder


@pytest.fixture
def outage(outage_day: Path, db: None) -> Iterator[Served]:
    """The front over the page of the outage day."""
    server = Served(Site(outage_day, NOW))
    yield server
    server.stop()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """The front over an empty folder; publish into `served.folder`."""
    server = Served(Site(tmp_path / "published", NOW))
    yield server
    server.stop()
