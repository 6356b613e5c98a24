"""Names to addresses: shared look-ups, slow name servers, and whose fault a failed look-up is."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence

import dns.asyncquery
import dns.message
import dns.rcode
import pytest
import pytest_asyncio

from probing import resolving, routes
from probing.base import ProbeFailed, Reason
from tests.probing import servers
from tests.probing.conftest import Run, Stopwatch
from tests.probing.servers import DnsServer, Reply, StubResolver, http_server, response


class SlowSystem:
    """Stands in for the C library: names that hang until let go, and a count of look-ups."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.let_go = threading.Event()

    def getaddrinfo(self, host: str, *_: object, **__: object) -> Sequence[tuple[object, ...]]:
        self.calls.append(host)
        if host.startswith("slow"):
            self.let_go.wait(10)
        if host.startswith("gone"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if host.startswith("again"):
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        if host.startswith("full"):
            raise OSError(24, "Too many open files")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))] * 2


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowSystem]:
    """The C library cannot be made slow, so this edge is replaced; threads and loop are real."""
    slow = SlowSystem()
    monkeypatch.setattr(socket, "getaddrinfo", slow.getaddrinfo)
    yield slow
    slow.let_go.set()


async def test_localhost_is_found_by_the_real_system() -> None:
    assert "127.0.0.1" in await resolving.SYSTEM.lookup("localhost")


async def test_equal_look_ups_at_the_same_time_share_one(system: SlowSystem) -> None:
    looking = [asyncio.create_task(resolving.SYSTEM.lookup("slow.test")) for _ in range(100)]
    await asyncio.sleep(0.05)
    system.let_go.set()

    answers = await asyncio.gather(*looking)
    await resolving.SYSTEM.lookup("slow.test")

    assert answers == [("127.0.0.1", "127.0.0.1")] * 100
    assert system.calls == ["slow.test", "slow.test"], "nothing is kept once all have landed"


async def test_a_waiter_that_gives_up_does_not_take_the_others_along(system: SlowSystem) -> None:
    impatient = asyncio.create_task(resolving.SYSTEM.lookup("slow.test"))
    patient = asyncio.create_task(resolving.SYSTEM.lookup("slow.test"))
    await asyncio.sleep(0.02)
    impatient.cancel()
    system.let_go.set()

    assert await patient == ("127.0.0.1", "127.0.0.1")


async def test_forty_hanging_names_do_not_hold_up_the_rest_of_a_batch(
    run: Run, system: SlowSystem, stopwatch: Stopwatch
) -> None:
    async with http_server(response()) as server:
        hanging = [
            asyncio.create_task(run(f"http://slow-{n}.test/", deadline_s=1)) for n in range(40)
        ]
        await asyncio.sleep(0.05)
        quick = await asyncio.gather(
            *(run(f"http://quick-{n}.test:{server.port}/") for n in range(100))
        )
        await asyncio.gather(*hanging)

    assert {outcome.reason for outcome in quick} == {Reason.OK}
    assert stopwatch.elapsed_s < 5


@pytest.mark.usefixtures("working_name_server")
async def test_a_look_up_that_never_got_a_thread_is_our_fault(run: Run, system: SlowSystem) -> None:
    names = [f"http://slow-{n}.test/" for n in range(resolving.THREADS + 6)]

    outcomes = await asyncio.gather(*(run(name, deadline_s=1) for name in names))

    waiting, hanging = outcomes[resolving.THREADS :], outcomes[: resolving.THREADS]
    assert {(outcome.reachable, outcome.reason) for outcome in waiting} == {(None, Reason.INTERNAL)}
    assert {outcome.reason for outcome in hanging} == {Reason.TIMEOUT}


@pytest_asyncio.fixture
async def working_name_server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DnsServer]:
    async with servers.dns_server(servers.zone({("", "NS"): ["a.root.test."]})) as server:
        use(monkeypatch, server.port)
        yield server


def use(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """Have `probing` ask this port for the root instead of what the test machine is set up with."""

    async def ask(
        query: dns.message.Message, _where: str, *, timeout: float
    ) -> dns.message.Message:
        return await real(query, "127.0.0.1", port=port, timeout=timeout)

    real = dns.asyncquery.udp
    monkeypatch.setattr(dns.asyncquery, "udp", ask)
    monkeypatch.setattr(routes, "has_any", lambda: True)


@pytest.mark.usefixtures("working_name_server")
@pytest.mark.parametrize(
    ("host", "reason"),
    [("gone.test", Reason.NAME_NOT_FOUND), ("again.test", Reason.DNS_FAILED)],
)
async def test_while_our_name_server_works_a_failed_look_up_is_the_targets(
    run: Run, system: SlowSystem, host: str, reason: Reason
) -> None:
    outcome = await run(f"http://{host}/")

    assert outcome.reachable is False
    assert outcome.reason is reason
    assert outcome.phases.dns_ms is not None


@pytest.mark.parametrize(
    "reply",
    [lambda _query: None, servers.failing(dns.rcode.SERVFAIL)],
    ids=["silent", "cut off itself"],
)
async def test_while_our_name_server_is_down_a_failed_look_up_is_ours(
    run: Run,
    system: SlowSystem,
    monkeypatch: pytest.MonkeyPatch,
    reply: Reply,
) -> None:
    async with servers.dns_server(reply) as server:
        use(monkeypatch, server.port)
        failed, slow = await asyncio.gather(
            run("http://again.test/", deadline_s=2), run("tcp://slow.test:80", deadline_s=2)
        )

    assert (failed.reachable, failed.reason) == (None, Reason.OWN_NETWORK)
    assert (slow.reachable, slow.reason) == (None, Reason.OWN_NETWORK)
    assert "name server of this host" in slow.detail


@pytest.mark.usefixtures("working_name_server")
@pytest.mark.req("D2")
async def test_a_name_that_hangs_while_ours_works_ends_at_the_deadline_as_a_timeout(
    run: Run, system: SlowSystem, stopwatch: Stopwatch
) -> None:
    outcome = await run("http://slow.test/", deadline_s=0.8)
    elapsed_s = stopwatch.elapsed_s

    assert elapsed_s <= 1.3
    assert outcome.reachable is False
    assert outcome.reason is Reason.TIMEOUT
    assert "while looking up the name" in outcome.detail


async def test_a_look_up_that_could_not_run_is_ours(run: Run, system: SlowSystem) -> None:
    outcome = await run("http://full.test/")

    assert (outcome.reachable, outcome.reason) == (None, Reason.INTERNAL)


async def test_a_slow_look_up_that_lands_after_all_counts(run: Run) -> None:
    resolver = StubResolver({"late.test": ["127.0.0.1"]}, delay_s=0.6)
    async with http_server(response()) as server:
        outcome = await run(f"http://late.test:{server.port}/", resolver=resolver, deadline_s=1.2)

    assert outcome.reason is Reason.OK


async def test_our_own_fault_wins_over_a_hanging_look_up(run: Run) -> None:
    resolver = StubResolver(
        {"late.test": ["127.0.0.1"]},
        delay_s=5,
        fault=ProbeFailed(Reason.OWN_NETWORK, "This host has no network."),
    )

    outcome = await run("http://late.test/", resolver=resolver, deadline_s=1)

    assert (outcome.reachable, outcome.reason) == (None, Reason.OWN_NETWORK)


def test_several_threads_may_each_run_their_own_loop(system: SlowSystem) -> None:
    found: list[Sequence[str]] = []

    def work() -> None:
        found.extend(asyncio.run(resolving.SYSTEM.lookup("quick.test")) for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 160


def test_a_loop_that_ends_before_its_look_up_does_no_harm(system: SlowSystem) -> None:
    async def impatient() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(resolving.SYSTEM.lookup("slow.test"), 0.02)

    asyncio.run(impatient())
    system.let_go.set()
    time.sleep(0.05)

    assert asyncio.run(resolving.SYSTEM.lookup("slow.test"))


def test_a_forked_child_looks_up_with_threads_of_its_own() -> None:
    asyncio.run(resolving.SYSTEM.lookup("localhost"))
    child = os.fork()
    if child == 0:
        found = asyncio.run(asyncio.wait_for(resolving.SYSTEM.lookup("localhost"), 5))
        os._exit(0 if found else 1)
    _, status = os.waitpid(child, 0)

    assert status == 0
