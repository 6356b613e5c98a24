"""The bulkhead: a database that hangs takes its places, and never the page's."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from public_pages.bulkhead import Bulkhead
from public_pages.front import Front
from statuspage import serve
from tests.public_pages import world
from tests.public_pages.world import Site

NOW = datetime(2026, 11, 19, 14, 32, tzinfo=UTC)
FOREVER_S = 600.0


class Hanging:
    """An application that waits for a database which says nothing."""

    def __init__(self) -> None:
        self.inside = threading.Semaphore(0)
        self.answers = threading.Event()

    def __call__(self, _environ: object, start_response: Any) -> list[bytes]:
        self.inside.release()
        assert self.answers.wait(FOREVER_S)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"dynamic"]


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    application = Hanging()
    yield application
    application.answers.set()


@pytest.mark.django_db
@pytest.mark.req("F-12")
def test_a_database_that_hangs_leaves_threads_to_the_page(
    outage_day: Path, hanging: Hanging, caplog: pytest.LogCaptureFixture
) -> None:
    site = Site(outage_day, NOW)
    site.front = Front(
        lambda: hanging,
        folder=outage_day,
        csp=world.CSP,
        clock=NOW.timestamp,
        bulkhead=Bulkhead(2, patience_s=0.001),
    )
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(site.get, "/admin/") for _ in range(2)]
        for _ in waiting:
            assert hanging.inside.acquire(timeout=FOREVER_S)

        refused = site.get("/admin/")
        page = site.get("/")
        hanging.answers.set()

        assert (refused.status, refused.headers["Retry-After"]) == (503, "30")
        assert "Acme Status" in refused.text
        assert page.status == 200
        assert [each.result(FOREVER_S).body for each in waiting] == [b"dynamic"] * 2
    assert site.get("/admin/").body == b"dynamic"
    assert "All 2 requests that may use the database hang" in caplog.text


def test_a_burst_waits_for_its_turn() -> None:
    bulkhead = Bulkhead(1, patience_s=FOREVER_S)

    def use() -> bool:
        with bulkhead.place() as is_free:
            return is_free

    with ThreadPoolExecutor(8) as pool:
        with bulkhead.place():
            burst = [pool.submit(use) for _ in range(8)]

        assert all(each.result(FOREVER_S) for each in burst)


def test_a_burst_that_moves_is_no_jam(caplog: pytest.LogCaptureFixture) -> None:
    """Each turn takes as long as the patience of those who wait."""
    bulkhead = Bulkhead(1, patience_s=0.05)

    def use() -> bool:
        with bulkhead.place() as is_free:
            threading.Event().wait(0.04)
            return is_free

    with ThreadPoolExecutor(5) as pool:
        assert all(list(pool.map(lambda _: use(), range(5))))
    assert not caplog.records


def test_once_one_waited_in_vain_nobody_waits_for_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seconds = 0.0
    bulkhead = Bulkhead(1, patience_s=0.001, jam_s=10, clock=lambda: seconds)

    def ask() -> bool:
        with bulkhead.place() as is_free:
            return is_free

    with ExitStack() as stack:
        stack.enter_context(bulkhead.place())
        assert [ask() for _ in range(5)] == [False] * 5
        assert len(caplog.records) == 1  # who waits in vain says so
        seconds = 10.0
        assert not ask()
        assert len(caplog.records) == 2
    assert ask()


@pytest.mark.django_db
def test_what_comes_while_the_application_is_loaded_waits_for_it(outage_day: Path) -> None:
    """Reports and pings of a restart: a refusal of a ping may never be made up for."""
    site, may_load = Site(outage_day, NOW), threading.Event()
    arrived = threading.Semaphore(0)

    def load() -> Any:
        assert may_load.wait(FOREVER_S)
        return answer

    def answer(_environ: object, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"dynamic"]

    def ask() -> bytes:
        arrived.release()
        return bytes(site.get("/admin/").body)

    site.front = Front(
        load,
        folder=outage_day,
        csp=world.CSP,
        clock=NOW.timestamp,
        loads_later=True,
        bulkhead=Bulkhead(1, patience_s=0.0),
    )
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(ask) for _ in range(6)]
        for _ in asked:
            assert arrived.acquire(timeout=FOREVER_S)
        may_load.set()

        assert {each.result(FOREVER_S) for each in asked} == {b"dynamic"}


def test_the_server_has_more_threads_than_there_are_places() -> None:
    assert Bulkhead().places < serve.THREADS
