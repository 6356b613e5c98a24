"""The reporter against a real page on loopback: what it sends, and that it never disturbs."""

import logging
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
import trustme

from candor_reporter import Reporter
from tests.clients.page import TOKEN, Asked, FakePage, wait_for


def reporter(page: FakePage, **options: object) -> Reporter:
    told: dict[str, object] = {"interval_s": 30, "timeout_s": 1.0} | options
    return Reporter(page.url, TOKEN, "landing", "web", "tcp://10.0.0.5:80", **told)  # type: ignore[arg-type]


@pytest.mark.req("W1", "W3", "D5", "D6")
def test_a_report_carries_replica_interval_and_load(page: FakePage) -> None:
    assert reporter(page, interval_s=2.5).report_once()
    (asked,) = page.reports
    assert asked.path == "/reporter/landing/web/"
    assert asked.password == TOKEN
    assert asked.headers["content-type"] == "application/json"
    load = asked.json.pop("load")
    assert asked.json | {"load": None} == {
        "replica": "tcp://10.0.0.5:80",
        "interval": 3,
        "load": None,
    }
    assert load["cpu"] >= 0
    assert abs(load["ram"] - psutil.virtual_memory().percent / 100) < 0.2


@pytest.mark.req("W3")
def test_leaving_the_block_takes_the_replica_off_the_page(page: FakePage) -> None:
    with reporter(page):
        wait_for(lambda: bool(page.reports))
    (flush,) = page.flushes
    assert flush.path == "/reporter/landing/web/tcp%3A%2F%2F10.0.0.5%3A80/"
    assert flush.password == TOKEN


def test_it_can_stop_without_taking_the_replica_off(page: FakePage) -> None:
    running = reporter(page).start()
    wait_for(lambda: bool(page.reports))
    running.stop(flush=False)
    assert not page.flushes
    assert not any(thread.name == "candor-reporter" for thread in threading.enumerate())


def test_it_reports_every_interval_and_starting_twice_is_starting_once(page: FakePage) -> None:
    running = reporter(page, interval_s=0.2)
    running.start().start()
    wait_for(lambda: len(page.reports) >= 4)
    running.stop(flush=False)
    gaps = [
        after.at - before.at for before, after in zip(page.reports, page.reports[1:], strict=False)
    ]
    assert min(gaps) > 0.15


@pytest.mark.req("W2")
def test_after_a_failure_it_tries_again_at_half_the_interval(page: FakePage) -> None:
    page.status = 500
    running = reporter(page, interval_s=1.0).start()
    wait_for(lambda: len(page.reports) >= 3)
    running.stop(flush=False)
    assert 0.45 < page.reports[1].at - page.reports[0].at < 0.95


def test_it_waits_as_long_as_the_page_asks(page: FakePage) -> None:
    page.status, page.headers = 503, {"Retry-After": "1"}
    running = reporter(page, interval_s=0.1).start()
    wait_for(lambda: len(page.reports) >= 2)
    running.stop(flush=False)
    assert page.reports[1].at - page.reports[0].at > 0.95


def test_each_trouble_is_said_once_until_it_is_over(
    page: FakePage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "candor_reporter")
    under_test = reporter(page)
    for status in (403, 403, 404, 403, 200, 403):
        page.status = status
        assert under_test.report_once() is (status == 200)
    assert caplog.messages == [
        "not reported: the status page answered 403 Forbidden",
        "not reported: the status page answered 404 Not Found",
        "reports are accepted again",
        "not reported: the status page answered 403 Forbidden",
    ]
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("status", [201, 204, 301, 307])
def test_only_200_is_a_success_and_no_redirect_is_followed(page: FakePage, status: int) -> None:
    page.status, page.headers = status, {"Location": f"{page.url}/elsewhere"}
    assert not reporter(page).report_once()
    assert len(page.asked) == 1


def test_a_page_that_is_away_or_hangs_raises_nothing() -> None:
    away = FakePage()
    assert not reporter(away).report_once()
    reporter(away).stop()
    with _Silent() as port:
        away.port = port
        began = time.monotonic()
        running = reporter(away, timeout_s=0.3).start()
        running.stop()
        assert time.monotonic() - began < 5


class _Silent:
    """Accepts connections and never says a word."""

    def __enter__(self) -> int:
        self._socket = socket.create_server(("127.0.0.1", 0))
        port: int = self._socket.getsockname()[1]
        return port

    def __exit__(self, *_: object) -> None:
        self._socket.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "status.example.com"},
        {"url": "https://[::1"},
        {"token": ""},
        {"interval_s": 0},
        {"interval_s": "soon"},
        {"ca_file": "/nowhere.pem", "url": "https://127.0.0.1:1"},
    ],
)
def test_wrong_options_are_said_and_do_nothing(
    wrong: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    told: dict[str, object] = {
        "url": "http://127.0.0.1:1",
        "token": TOKEN,
        "service": "landing",
        "node": "web",
        "replica": "one",
        **wrong,
    }
    useless = Reporter(**told)  # type: ignore[arg-type]
    with useless:
        assert not useless.report_once()
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("this reporter does nothing: ")


def test_it_trusts_a_private_authority_by_option(
    authority: trustme.CA, authority_file: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    page = FakePage(context)
    page.start()
    try:
        assert not reporter(page).report_once()
        assert reporter(page, ca_file=str(authority_file)).report_once()
    finally:
        page.stop()


PROGRAM = """
import os, sys, time
from candor_reporter import Reporter
reporter = Reporter(sys.argv[1], "t", "landing", "web", "one", 30, timeout_s=1,
    flush_at_exit=sys.argv[2] == "flush")
reporter.start()
time.sleep(0.5)
if sys.argv[2] == "flush" and os.fork() == 0:
    sys.exit()
assert "django" not in sys.modules and "candor_local" not in sys.modules
"""


@pytest.mark.req("W1", "W3")
@pytest.mark.parametrize(("word", "flushes"), [("flush", 1), ("stay", 0)])
def test_installed_it_flushes_at_exit_when_asked_and_never_from_a_fork(
    page: FakePage, installed: Path, word: str, flushes: int
) -> None:
    subprocess.run(
        [sys.executable, "-c", PROGRAM, page.url, word],
        env={**os.environ, "PYTHONPATH": str(installed)},
        cwd=installed,
        check=True,
        timeout=30,
    )
    assert len(page.reports) == 1
    assert len(page.flushes) == flushes


def test_an_application_ends_although_the_page_hangs(installed: Path) -> None:
    with _Silent() as port:
        subprocess.run(
            [sys.executable, "-c", PROGRAM, f"http://127.0.0.1:{port}", "stay"],
            env={**os.environ, "PYTHONPATH": str(installed)},
            cwd=installed,
            check=True,
            timeout=30,
        )


def test_the_page_may_give_no_answer_at_all(page: FakePage) -> None:
    def hang_up(_: Asked) -> int | None:
        raise ConnectionAbortedError

    page.answer = hang_up
    assert not reporter(page).report_once()
