"""Retries (D1), told by real servers that fail a number of times, and thread safety of the lot."""

import asyncio
import threading

import pytest

import probing
from probing.base import ProbeOutcome, Reason
from probing.options import HttpOptions, Thresholds
from probing.targets import parse_target
from tests.probing import servers
from tests.probing.servers import StubResolver, http_server, response

FAILING, FINE = response("500 Oops"), response()


async def attempt(url: str, *, retries: int, dead_after_s: float = 5) -> ProbeOutcome:
    return await probing.run_with_retries(
        parse_target(url),
        http=HttpOptions(),
        thresholds=Thresholds(sick_after_s=60, dead_after_s=dead_after_s, retries=retries),
        guard=lambda _address: True,
        pause_s=0.01,
    )


@pytest.mark.req("D1")
@pytest.mark.parametrize(
    ("answers", "retries", "attempts", "reason", "why"),
    [
        ([FINE], 2, 1, Reason.OK, "a success is not repeated"),
        ([FAILING, FINE], 2, 2, Reason.OK, "a success stops the retries"),
        ([FAILING, FAILING, FINE], 2, 3, Reason.OK, "also on the last attempt"),
        ([FAILING] * 3 + [FINE], 2, 3, Reason.STATUS_UNEXPECTED, "N retries are N+1 attempts"),
        ([FAILING, FINE], 0, 1, Reason.STATUS_UNEXPECTED, "no retries are one attempt"),
    ],
)
async def test_only_a_dead_attempt_is_repeated(
    answers: list[bytes], retries: int, attempts: int, reason: Reason, why: str
) -> None:
    async with http_server(*answers) as server:
        outcome = await attempt(f"http://127.0.0.1:{server.port}/", retries=retries)

    assert (outcome.attempts, outcome.reason) == (attempts, reason), why
    assert server.connections == attempts, why


@pytest.mark.req("D1", "D2")
async def test_an_attempt_slower_than_dead_after_is_repeated() -> None:
    async with servers.serve(servers.never) as server:
        outcome = await attempt(f"http://127.0.0.1:{server.port}/", retries=1, dead_after_s=0.2)

    assert (outcome.attempts, outcome.reason) == (2, Reason.TIMEOUT)
    assert server.connections == 2


async def test_an_inconclusive_attempt_is_not_repeated() -> None:
    async with http_server(FINE) as server:
        outcome = await probing.run_with_retries(
            parse_target(f"http://127.0.0.1:{server.port}/"),
            http=HttpOptions(),
            thresholds=Thresholds(sick_after_s=1, dead_after_s=2, retries=3),
            guard=lambda _address: False,
        )

    assert (outcome.attempts, outcome.reachable) == (1, None)
    assert server.connections == 0


async def test_a_mistake_of_our_own_is_an_outcome_and_not_an_exception(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(_address: str) -> bool:
        raise RuntimeError("a bug")

    outcome = await probing.run(
        parse_target("tcp://127.0.0.1:1"), http=HttpOptions(), deadline_s=1, guard=broken
    )

    assert (outcome.reachable, outcome.reason) == (None, Reason.INTERNAL)
    assert "RuntimeError" in outcome.detail
    assert "a bug" in caplog.text


async def test_cancelling_from_outside_still_cancels() -> None:
    async with servers.serve(servers.never) as server:
        task = asyncio.create_task(attempt(f"http://127.0.0.1:{server.port}/", retries=3))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_several_threads_may_probe_at_once_each_in_its_own_loop() -> None:
    outcomes: list[ProbeOutcome] = []
    resolver = StubResolver({"web.test": ["127.0.0.1"]})

    async def batch(port: int) -> None:
        targets = [parse_target(f"http://web.test:{port}/")] * 10
        outcomes.extend(
            await asyncio.gather(
                *(
                    probing.run(
                        target,
                        http=HttpOptions(body_regex="o.?k"),
                        deadline_s=10,
                        guard=lambda _address: True,
                        resolver=resolver,
                    )
                    for target in targets
                )
            )
        )

    def work(port: int) -> None:
        for _ in range(3):
            asyncio.run(batch(port))

    async with http_server(FINE) as server:
        threads = [threading.Thread(target=work, args=[server.port]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            await asyncio.to_thread(thread.join)

    assert len(outcomes) == 120
    assert {outcome.reason for outcome in outcomes} == {Reason.OK}
