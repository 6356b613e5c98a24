"""The demo's targets, started as `bin/up --demo` starts them and asked by the real probes."""

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import probing
from common import egress
from monitoring.demo import ports, targets
from probing.base import ProbeOutcome, Reason
from probing.options import HttpOptions
from probing.targets import parse_target

# On one worker: the targets prefer the same ports.
pytestmark = pytest.mark.xdist_group("demo")

ROOT = Path(__file__).resolve().parents[3]


def start(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "monitoring.demo.targets", "--folder", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    ports.write(folder, free_ports())
    return folder


@pytest.fixture(scope="module")
def _running(folder: Path) -> Iterator[None]:
    with start(folder) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("watching these: ")
            yield
        finally:
            process.send_signal(signal.SIGTERM)
    assert process.returncode == 0


def free_ports() -> dict[str, int]:
    """Ports that no other test uses, unlike the first choices of `ports.choose`."""
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in ports.NAMES]
        for taken in sockets:
            taken.bind(("127.0.0.1", 0))
        return {
            name: taken.getsockname()[1] for name, taken in zip(ports.NAMES, sockets, strict=True)
        }


def ask(folder: Path, template: str) -> ProbeOutcome:
    address = template.format(**ports.read(folder))
    probe = probing.run(
        parse_target(address),
        http=HttpOptions(),
        deadline_s=5,
        guard=egress.monitor_guard(allow_private=True),
    )
    return asyncio.run(probe)


@pytest.mark.usefixtures("_running")
@pytest.mark.parametrize(
    "template",
    [
        "http://127.0.0.1:{landing_1}/",
        "http://127.0.0.1:{api_1}/health",
        "http://127.0.0.1:{api_2}/health",
        "tcp://127.0.0.1:{mail}",
        "dns://www.acme.example?server=127.0.0.1:{name_server}&expect=192.0.2.10",
        "dns://acme.example?type=MX&server=127.0.0.1:{name_server}",
    ],
)
def test_healthy_targets_answer(folder: Path, template: str) -> None:
    outcome = ask(folder, template)

    assert outcome.reachable, outcome.detail


@pytest.mark.usefixtures("_running")
def test_the_slow_target_answers_too_late_to_be_healthy(folder: Path) -> None:
    outcome = ask(folder, "http://127.0.0.1:{search}/")

    assert outcome.reachable
    assert outcome.latency_ms is not None
    assert outcome.latency_ms >= 1200


@pytest.mark.usefixtures("_running")
def test_the_dead_target_refuses_and_other_names_do_not_exist(folder: Path) -> None:
    assert ask(folder, "http://127.0.0.1:{images_3}/").reason == Reason.REFUSED
    unknown = ask(folder, "dns://other.acme.example?server=127.0.0.1:{name_server}")
    assert unknown.reason == Reason.NAME_NOT_FOUND


@pytest.mark.usefixtures("_running")
def test_nonsense_ends_its_own_connection_only(folder: Path) -> None:
    async def talk() -> None:
        for text in (b"\x00\xff\r\n\r\n", b"GET / HTTP/1.1\r\n", b"x" * 100_000):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", ports.read(folder)["portal"]
            )
            writer.write(text)
            writer.close()
            del reader

    asyncio.run(talk())

    assert ask(folder, "http://127.0.0.1:{portal}/").reachable


@pytest.mark.usefixtures("_running")
def test_a_second_set_of_targets_on_the_same_folder_says_so_and_ends(folder: Path) -> None:
    with start(folder) as second:
        output, _ = second.communicate(timeout=20)

    assert second.returncode == 1
    assert "are running already" in output
    assert "Traceback" not in output


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        chosen = free_ports() | {"mail": taken.getsockname()[1]}
        ports.write(tmp_path, chosen)
        with start(tmp_path) as process:
            output, _ = process.communicate(timeout=20)

    assert process.returncode == 1
    assert f"The demo's mail cannot use port {chosen['mail']}" in output


def test_killed_targets_can_be_started_on_the_same_ports_at_once(tmp_path: Path) -> None:
    chosen = free_ports()
    ports.write(tmp_path, chosen)
    for number in (signal.SIGKILL, signal.SIGINT):
        with start(tmp_path) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline().startswith("watching these: ")
                assert ask(tmp_path, "http://127.0.0.1:{portal}/").reachable
            finally:
                process.send_signal(number)
    assert process.returncode == 0
    assert ports.read(tmp_path) == chosen


async def test_the_flaky_target_fails_for_forty_seconds_of_four_minutes() -> None:
    now = asyncio.get_running_loop().time()

    async def status_after(seconds: float) -> int:
        return (await targets.flaky(now - seconds)())[0]

    assert await status_after(0) == 200
    assert await status_after(targets.FLAKY_FROM_S - 5) == 200
    assert await status_after(targets.FLAKY_FROM_S + 1) == 503
    assert await status_after(targets.FLAKY_FROM_S + targets.FLAKY_FOR_S - 1) == 503
    assert await status_after(targets.FLAKY_FROM_S + targets.FLAKY_FOR_S + 1) == 200
    assert await status_after(targets.FLAKY_EVERY_S + targets.FLAKY_FROM_S + 1) == 503
