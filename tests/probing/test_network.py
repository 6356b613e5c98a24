"""The connection layer: which addresses are dialled, in what order, and whose fault a failure is."""

import asyncio
import contextlib
import errno
import os
import resource
import socket
from pathlib import Path

import pytest

from probing import network, routes
from probing.base import Reason
from tests.probing import servers
from tests.probing.conftest import Run, Stopwatch
from tests.probing.namespaces import run_in_own_network
from tests.probing.servers import StubResolver, http_server, response


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class FullBacklog:
    """A listening socket that takes no more connections: dialling it hangs."""

    def __init__(self, address: str) -> None:
        self._address = address

    def __enter__(self) -> int:
        self._listening = socket.socket()
        self._listening.bind((self._address, 0))
        self._listening.listen(0)
        self._waiting = []
        port: int = self._listening.getsockname()[1]
        for _ in range(4):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex((self._address, port))
            self._waiting.append(waiting)
        return port

    def __exit__(self, *_: object) -> None:
        for opened in (*self._waiting, self._listening):
            opened.close()


@pytest.mark.req("B5", "C1")
async def test_an_ipv6_target_is_probed(run: Run) -> None:
    async with http_server(response(), host="::1") as server:
        web = await run(f"http://[::1]:{server.port}/")
        tcp = await run(f"tcp://[::1]:{server.port}")

    assert (web.reason, web.address) == (Reason.OK, "::1")
    assert (tcp.reason, tcp.address) == (Reason.OK, "::1")
    assert server.hosts == [f"[::1]:{server.port}"]


async def test_a_name_with_ipv6_only_is_probed(run: Run) -> None:
    async with http_server(response(), host="::1") as server:
        resolver = StubResolver({"six.test": ["::1"]})
        outcome = await run(f"http://six.test:{server.port}/", resolver=resolver)

    assert (outcome.reason, outcome.address) == (Reason.OK, "::1")


async def test_a_refused_first_address_leaves_the_next(run: Run) -> None:
    async with http_server(response()) as server:
        resolver = StubResolver({"two.test": ["::1", "127.0.0.1"]})
        outcome = await run(f"http://two.test:{server.port}/", resolver=resolver)

    assert (outcome.reason, outcome.address) == (Reason.OK, "127.0.0.1")


async def test_a_silent_first_address_costs_a_quarter_second_and_not_the_deadline(
    run: Run,
) -> None:
    with FullBacklog("127.0.0.2") as port:
        async with http_server(response(), port=port) as server:
            resolver = StubResolver({"two.test": ["127.0.0.2", "127.0.0.1"]})
            outcome = await run(f"http://two.test:{server.port}/", resolver=resolver)

    assert (outcome.reason, outcome.address) == (Reason.OK, "127.0.0.1")
    assert outcome.latency_ms is not None
    assert outcome.latency_ms < 2000


@pytest.mark.parametrize("scheme", ["http", "tcp"])
async def test_of_a_hundred_addresses_at_most_four_are_dialled(run: Run, scheme: str) -> None:
    async with servers.serve(servers.never, host="127.0.0.9") as server:
        resolver = StubResolver({"many.test": [f"127.0.0.{n}" for n in range(5, 105)]})
        outcome = await run(f"{scheme}://many.test:{server.port}", resolver=resolver)

    assert server.connections == 0
    assert outcome.reason is Reason.REFUSED


async def test_the_fourth_address_is_dialled(run: Run) -> None:
    async with http_server(response(), host="127.0.0.8") as server:
        resolver = StubResolver({"many.test": [f"127.0.0.{n}" for n in range(5, 105)]})
        outcome = await run(f"http://many.test:{server.port}/", resolver=resolver)

    assert (outcome.reason, outcome.address) == (Reason.OK, "127.0.0.8")


async def test_a_name_with_many_dead_addresses_of_one_kind_is_tried_at_the_other_too(
    run: Run,
) -> None:
    sixes = ["::1", *(f"::ffff:127.0.0.{n}" for n in range(5, 12))]
    async with http_server(response()) as server:
        resolver = StubResolver({"both.test": [*sixes, "127.0.0.1"]})
        web = await run(f"http://both.test:{server.port}/", resolver=resolver)
        tcp = await run(f"tcp://both.test:{server.port}", resolver=resolver)

    assert (web.reason, web.address) == (Reason.OK, "127.0.0.1")
    assert (tcp.reason, tcp.address) == (Reason.OK, "127.0.0.1")


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        (["::1", "::2", "::3", "::4", "::5", "1.1.1.1"], ("::1", "1.1.1.1", "::2", "::3")),
        (["::1", "::2", "1.1.1.1", "1.1.1.2"], ("::1", "1.1.1.1", "::2", "1.1.1.2")),
        (["1.1.1.1", "::1"], ("1.1.1.1", "::1")),
        (["1.1.1.1"], ("1.1.1.1",)),
    ],
)
def test_both_kinds_of_address_are_tried_in_turns(
    addresses: list[str], expected: tuple[str, ...]
) -> None:
    assert network.to_dial(addresses) == expected


@pytest.mark.req("D2")
async def test_dialling_ends_at_the_deadline(run: Run, stopwatch: Stopwatch) -> None:
    with FullBacklog("127.0.0.1") as port:
        outcome = await run(f"tcp://127.0.0.1:{port}", deadline_s=0.8)
        elapsed_s = stopwatch.elapsed_s

    assert elapsed_s <= 1.3
    assert outcome.reachable is False
    assert outcome.reason is Reason.TIMEOUT
    assert "while connecting (127.0.0.1)" in outcome.detail


async def test_no_socket_is_left_open(run: Run) -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    async with http_server(response()) as server:
        urls = [f"http://127.0.0.1:{server.port}/", f"tcp://127.0.0.1:{server.port}"]
        resolver = StubResolver({"two.test": ["127.0.0.1", "127.0.0.2", "::1"]})
        await run(urls[0])
        before = open_files()
        for _ in range(20):
            for url in urls:
                await run(url)
            await run(f"tcp://two.test:{closed_port()}", resolver=resolver)
        await asyncio.sleep(0.05)
        after = open_files()

    assert after <= before


@pytest.mark.parametrize(
    ("code", "reason", "is_ours"),
    [
        (errno.ECONNREFUSED, Reason.REFUSED, False),
        (errno.ECONNRESET, Reason.RESET, False),
        (errno.EPIPE, Reason.RESET, False),
        (errno.ETIMEDOUT, Reason.TIMEOUT, False),
        (errno.EHOSTUNREACH, Reason.UNREACHABLE, False),
        (errno.EADDRNOTAVAIL, Reason.OWN_NETWORK, True),
        (errno.EAFNOSUPPORT, Reason.OWN_NETWORK, True),
        (errno.EACCES, Reason.NOT_PERMITTED, True),
        (errno.EPERM, Reason.NOT_PERMITTED, True),
        (errno.EMFILE, Reason.INTERNAL, True),
        (errno.ENFILE, Reason.INTERNAL, True),
        (errno.ENOMEM, Reason.INTERNAL, True),
        (errno.ENOBUFS, Reason.INTERNAL, True),
        (errno.EIO, Reason.INTERNAL, True),
    ],
)
def test_a_socket_error_is_the_targets_or_ours(code: int, reason: Reason, *, is_ours: bool) -> None:
    failure = network.explain(OSError(code, os.strerror(code)), "192.0.2.1 port 80", "192.0.2.1")

    assert failure.reason is reason
    assert failure.reason.is_ours is is_ours


def test_no_route_from_here_is_ours_and_from_a_router_on_the_way_the_targets() -> None:
    error = OSError(errno.ENETUNREACH, "Network is unreachable")

    routed = network.explain(error, "127.0.0.1 port 80", "127.0.0.1")

    assert routes.leads_to("127.0.0.1")
    assert routed.reason is Reason.UNREACHABLE


async def test_running_out_of_sockets_is_ours(run: Run) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open("/dev/null", os.O_RDONLY))
        outcome = await run("tcp://127.0.0.1:1")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for opened in taken:
            os.close(opened)

    assert outcome.reachable is None
    assert outcome.reason is Reason.INTERNAL
    assert "run out of sockets" in outcome.detail


def test_without_any_network_every_probe_is_inconclusive() -> None:
    """Nothing but a loopback that is down."""
    found = run_in_own_network("""
for url in ["http://1.1.1.1/", "https://[2606:4700::1111]/", "tcp://1.1.1.1:53",
            "icmp://1.1.1.1", "dns://example.com?server=1.1.1.1", "dns://example.com",
            "http://example.com/", "tcp://example.com:443", "icmp://example.com"]:
    probe(url)
""")

    assert len(found) == 9
    assert {(reachable, reason) for _, reachable, reason, _ in found} == {("None", "own_network")}
