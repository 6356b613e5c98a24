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
    outcome, silent_share = await own.judge(failed(Reason.TIMEOUT))
    assert (outcome.reachable, silent_share) == (False, 0)


async def test_a_timeout_while_all_witnesses_are_silent_is_ours(down: str) -> None:
    judged, _ = await vantage.Vantage(witnesses=[down]).judge(failed(Reason.TIMEOUT))
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
    assert await vantage.Vantage(witnesses=[down]).judge(outcome) == (outcome, 0)


async def test_one_silent_witness_of_two_makes_a_single_failure_doubtful_and_no_more(
    up: str, down: str
) -> None:
    own = vantage.Vantage(witnesses=[up, down])
    outcome, silent_share = await own.judge(failed(Reason.TIMEOUT))
    assert (outcome.reachable, silent_share) == (False, 0.5)
    assert not await own.is_cut_off()


@pytest.mark.parametrize(
    ("failing", "healthy", "is_wide"),
    [(5, 8, True), (4, 4, False), (5, 9, False), (6, 10, True), (300, 500, True), (0, 0, False)],
)
def test_five_and_sixty_per_cent_of_the_healthy_are_wide(
    failing: int, healthy: int, is_wide: bool
) -> None:
    assert vantage.is_wide(failing=failing, healthy=healthy) is is_wide


async def test_an_outage_of_everything_with_answering_witnesses_is_an_outage(up: str) -> None:
    own = vantage.Vantage(witnesses=[up])
    judged = [await own.judge(failed(Reason.TIMEOUT)) for _ in range(20)]
    assert all(outcome.reachable is False and share == 0 for outcome, share in judged)


@pytest.mark.parametrize(
    ("address", "needs"),
    [
        ("tcp://127.0.0.1:80", False),
        ("http://[::1]/", False),
        ("https://localhost/", False),
        ("https://example.com/", True),
        ("icmp://192.0.2.1", True),
    ],
)
def test_only_this_host_itself_needs_no_network(address: str, needs: bool) -> None:
    assert vantage.needs_network(address) is needs
