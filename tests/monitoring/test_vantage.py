import socket
from collections.abc import Iterator

import pytest

from monitoring import vantage
from probing.base import Phases, ProbeOutcome, Reason


@pytest.fixture
def up() -> Iterator[str]:
    """A witness that answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def down() -> str:
    """A witness that does not answer."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{closed.getsockname()[1]}"


def failed(reason: Reason, address: str | None = "203.0.113.7") -> ProbeOutcome:
    return ProbeOutcome(
        reachable=False,
        latency_ms=None,
        phases=Phases(),
        reason=reason,
        detail="x",
        address=address,
    )


async def test_a_timeout_while_the_witnesses_answer_is_the_target_s(up: str) -> None:
    own = vantage.Vantage(witnesses=[up])
    assert (await own.judge(failed(Reason.TIMEOUT))).reachable is False


async def test_a_timeout_while_all_witnesses_are_silent_is_ours(down: str) -> None:
    judged = await vantage.Vantage(witnesses=[down]).judge(failed(Reason.TIMEOUT))
    assert (judged.reachable, judged.reason) == (None, Reason.OWN_NETWORK)


@pytest.mark.parametrize(
    "outcome",
    [
        failed(Reason.REFUSED),
        failed(Reason.STATUS_UNEXPECTED),
        failed(Reason.TIMEOUT, address="127.0.0.1"),
        failed(Reason.TIMEOUT, address="::1"),
    ],
    ids=["refused", "status", "own loopback", "own loopback in IPv6"],
)
async def test_an_answer_or_our_own_host_is_never_doubted(down: str, outcome: ProbeOutcome) -> None:
    assert await vantage.Vantage(witnesses=[down]).judge(outcome) is outcome


async def test_one_silent_witness_of_two_is_not_enough_for_a_single_failure(
    up: str, down: str
) -> None:
    own = vantage.Vantage(witnesses=[up, down])
    assert (await own.judge(failed(Reason.TIMEOUT))).reachable is False


async def test_many_failures_at_once_with_a_silent_witness_are_ours(up: str, down: str) -> None:
    own = vantage.Vantage(witnesses=[up, down])
    judged = [await own.judge(failed(Reason.TIMEOUT)) for _ in range(6)]
    assert [outcome.reachable for outcome in judged] == [False] * 4 + [None] * 2


async def test_an_outage_of_everything_with_answering_witnesses_is_an_outage(up: str) -> None:
    own = vantage.Vantage(witnesses=[up])
    assert all([(await own.judge(failed(Reason.TIMEOUT))).reachable is False for _ in range(20)])
