"""The daemon against a real page and real targets on loopback, as an installed program and in parts."""

import contextlib
import json
import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from candor_local import cli
from tests import servers
from tests.clients.page import TOKEN, FakePage, local_map, node, wait_for

# A loopback alias that nothing else on this machine looks at.
ALIAS = "127.77.0.1"


class Daemon:
    """candor-local as a process of its own, from the packages that pip installed."""

    def __init__(self, installed: Path, *arguments: str, **environment: str) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("CANDOR_")}
        self.environment = {
            **kept,
            "PYTHONPATH": str(installed),
            "CANDOR_LOCAL_TOKEN": TOKEN,
            **environment,
        }
        self.command = [sys.executable, str(installed / "bin" / "candor-local"), *arguments]
        self.folder = installed
        self.log = ""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self.command,
            env=self.environment,
            cwd=self.folder,
            stderr=subprocess.PIPE,
            text=True,
        )

    def stop(self) -> int:
        """Ask it to end; the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        _, log = self._process.communicate(timeout=10)
        self.log += log
        return self._process.returncode

    def once(self) -> int:
        """Run with --once; the exit code."""
        done = subprocess.run(
            [*self.command, "--once"],
            env=self.environment,
            cwd=self.folder,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=30,
        )
        self.log += done.stderr
        return done.returncode


Once = Callable[..., tuple[int, str]]


@pytest.fixture
def once(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> Once:
    """Run what the program runs, with --once and in this process; its exit code, and what it said."""
    monkeypatch.setenv("CANDOR_LOCAL_TOKEN", TOKEN)
    caplog.set_level(logging.INFO, "candor_local")

    def carried_out(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["candor-local", *arguments, "--once"])
        code = cli.main()
        return code, caplog.text + capsys.readouterr().err

    return carried_out


@contextlib.contextmanager
def running(daemon: Daemon) -> Iterator[None]:
    daemon.start()
    try:
        yield
    finally:
        assert daemon.stop() == 0, daemon.log


@pytest.fixture
def database() -> Iterator[str]:
    with socket.create_server((ALIAS, 0)) as listening:
        yield f"tcp://{ALIAS}:{listening.getsockname()[1]}"


def healths(page: FakePage, replica: str) -> list[str]:
    return [r.json["health"] for r in page.reports if r.json["replica_id"] == replica]


@pytest.mark.req("C4", "V1", "V2")
def test_it_fetches_its_map_checks_and_reports(
    page: FakePage, installed: Path, database: str
) -> None:
    closed = f"tcp://{ALIAS}:{servers.free_port()}"
    page.map = local_map(node(replicas=[database, closed, "gopher://old"], interval_s=90))
    daemon = Daemon(installed, "--url", f"{page.url}/", "--location", "Büro 2")
    assert daemon.once() == 0
    (fetched,) = page.maps
    assert fetched.path == "/v1/probes/local"
    assert fetched.password == TOKEN
    assert {report.path for report in page.reports} == {"/v1/report/service-1/node-1/"}
    assert {report.password for report in page.reports} == {TOKEN}
    assert sorted(
        (r.json["replica_id"], r.json["health"], r.json["interval"]) for r in page.reports
    ) == sorted([(database, "healthy", 90), (closed, "dead", 90)])
    assert "gopher://old is not checked" in daemon.log
    assert TOKEN not in daemon.log


@pytest.mark.req("C4", "D7", "V1")
def test_it_follows_a_death_and_a_recovery_and_asks_for_a_newer_map_only(
    page: FakePage, installed: Path
) -> None:
    listening = socket.create_server((ALIAS, 0))
    port = listening.getsockname()[1]
    database = f"tcp://{ALIAS}:{port}"
    page.map = local_map(node(replicas=[database]), date=1731000000000)
    with running(Daemon(installed, "--url", page.url, "--interval-s", "1")):
        wait_for(lambda: healths(page, database)[-1:] == ["healthy"])
        listening.close()
        wait_for(lambda: healths(page, database)[-1:] == ["dead"])
        listening = socket.create_server((ALIAS, port))
        wait_for(lambda: healths(page, database)[-1:] == ["healthy"])
        page.map = local_map(node(replicas=[f"icmp://{ALIAS}"]), date=2)
        wait_for(lambda: bool(healths(page, f"icmp://{ALIAS}")))
        wait_for(lambda: page.maps[-1].path.endswith("since=2"))
        listening.close()
    assert page.maps[1].path == "/v1/probes/local?since=1731000000000"


@pytest.mark.req("D7")
def test_replicas_are_checked_at_once_and_not_one_after_another(
    page: FakePage, installed: Path
) -> None:
    # Filled backlogs: a connection to them gets no answer until its time is over.
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(socket.create_server((ALIAS, 0))) for _ in range(8)]
        urls = [f"http://{ALIAS}:{each.getsockname()[1]}/" for each in silent]
        page.map = local_map(node(replicas=urls, dead_after_s=1.5))
        assert Daemon(installed, "--url", page.url).once() == 0
    assert {report.json["health"] for report in page.reports} == {"dead"}
    assert len(page.reports) == 8
    # One after another they would need 12 s.
    assert page.reports[-1].at - page.maps[0].at < 8


@pytest.mark.req("D7")
def test_a_slow_replica_holds_up_no_other_of_its_node(
    page: FakePage, installed: Path, database: str
) -> None:
    with socket.create_server((ALIAS, 0)) as silent:
        url = f"http://{ALIAS}:{silent.getsockname()[1]}/"
        page.map = local_map(node(replicas=[url, database], dead_after_s=30))
        daemon = Daemon(installed, "--url", page.url)
        with running(daemon):
            wait_for(lambda: len(healths(page, database)) >= 3)
    assert healths(page, url) == []
    assert daemon.log.count(f"{database} is healthy") == 1  # said when it changes


@pytest.mark.req("V1")
def test_what_was_found_while_the_page_was_away_is_sent_as_the_latest_only(
    page: FakePage, installed: Path, database: str, tmp_path: Path
) -> None:
    page.map = local_map(node(replicas=[database]))
    queue = tmp_path / "queue" / "unsent.json"
    daemon = Daemon(installed, "--url", page.url, CANDOR_LOCAL_QUEUE=str(queue))
    with running(daemon):
        wait_for(lambda: bool(page.reports))
        page.stop()
        wait_for(queue.exists)
        wait_for(lambda: len(json.loads(queue.read_text())["unsent"]) == 1)
        seen = len(page.reports)
        time.sleep(2.5)  # further checks take the place of the first
        page.start()
        wait_for(lambda: len(page.reports) > seen)
        back = page.reports[seen].at
        wait_for(lambda: json.loads(queue.read_text())["unsent"] == [])
    assert len([r for r in page.reports if 0 <= r.at - back < 0.5]) == 1
    assert daemon.log.count("results are kept until the page takes them") == 1
    assert daemon.log.count("the page takes results again") == 1


def test_unsent_results_outlive_a_restart(
    page: FakePage, installed: Path, database: str, tmp_path: Path
) -> None:
    queue = tmp_path / "unsent.json"
    page.map = local_map(node(replicas=[database], interval_s=60))
    page.answer = lambda asked: 503 if asked.method == "POST" else None
    first = Daemon(installed, "--url", page.url, "--queue", str(queue))
    with running(first):
        wait_for(lambda: bool(page.reports))
    assert "1 results are unsent" in first.log
    assert queue.stat().st_mode & 0o077 == 0
    page.asked.clear()
    page.map, page.answer = local_map(), lambda _: None  # nothing to check any more
    with running(Daemon(installed, "--url", page.url, "--queue", str(queue))):
        wait_for(lambda: bool(page.reports))
    assert page.reports[0].json == {"replica_id": database, "health": "healthy", "interval": 60}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "no map: the token is not accepted (401)"),
        (404, "no map: the page does not know it (404)"),
        (302, "no map: the page redirects (302)"),
        (500, "no map: the page answered 500"),
    ],
)
def test_without_a_map_it_says_why_and_fails(
    page: FakePage, once: Once, status: int, words: str
) -> None:
    page.status = status
    code, told = once("--url", page.url)
    assert code == 1
    assert words in told
    assert len(page.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 412, 503])
def test_a_refused_result_is_said_and_fails(
    page: FakePage, once: Once, database: str, status: int
) -> None:
    page.map = local_map(node(replicas=[database]))
    page.answer = lambda asked: status if asked.method == "POST" else None
    code, told = once("--url", page.url)
    assert code == 1
    assert f"({status})" in told or f"answered {status}" in told


def test_a_node_that_is_throttled_holds_up_no_other(
    page: FakePage, installed: Path, database: str
) -> None:
    throttled = node(replicas=[database]) | {"id": "throttled"}
    page.map = local_map(throttled, node(replicas=[database]))
    page.headers = {"Retry-After": "60"}
    page.answer = lambda asked: 503 if "throttled" in asked.path else None

    def of(name: str) -> int:
        return sum(f"/{name}/" in report.path for report in page.reports)

    with running(Daemon(installed, "--url", page.url)):
        wait_for(lambda: of("node-1") >= 4)
    # Once, and once more as a farewell at most.
    assert of("throttled") == 1


@pytest.mark.req("V1")
def test_it_trusts_a_private_authority_for_the_page_and_for_targets(
    installed: Path, authority: trustme.CA, authority_file: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    page = FakePage(context)
    page.map = local_map(node(replicas=[f"{page.url}/health"]))
    page.start()
    try:
        distrusting = Daemon(installed, "--url", page.url)
        assert distrusting.once() == 1, distrusting.log
        assert "no map: no connection" in distrusting.log
        trusting = Daemon(installed, "--url", page.url, "--ca", str(authority_file))
        assert trusting.once() == 0
        assert [r.json["health"] for r in page.reports] == ["healthy"], trusting.log
    finally:
        page.stop()


def test_it_runs_without_django(installed: Path) -> None:
    program = (
        "import sys, candor_local.cli\n"
        "found = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not found & {'django', 'celery', 'monitoring', 'common'}, found\n"
        "assert sys.modules['probing'].__file__.startswith(sys.argv[1])"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(installed)],
        env={**os.environ, "PYTHONPATH": str(installed)},
        cwd=installed,
        check=True,
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Give the address of the status page"),
        (("--url", "http://127.0.0.1:1", "--token-file", "/nowhere"), ""),
        (("--url", "http://127.0.0.1:1", "--interval-s", "0"), "The interval must be"),
        (("--url", "http://127.0.0.1:1", "--ca", "/nowhere.pem"), "The authorities in"),
        (("--url", "http://127.0.0.1:1", "--allow", "10.0.0.1/8"), "A network to allow is wrong"),
        (("--config", "/nowhere.toml"), "cannot be read"),
    ],
)
def test_wrong_settings_end_it_with_a_sentence(
    once: Once, arguments: tuple[str, ...], words: str
) -> None:
    code, told = once(*arguments)
    assert code == (2 if words else 1)
    assert words in told
    assert "Traceback" not in told
