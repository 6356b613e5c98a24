"""ICMP probes against loopback, through whichever socket this system allows."""

import asyncio

import pytest

from probing.base import Reason
from tests.probing.conftest import Run
from tests.probing.namespaces import run_in_own_network
from tests.probing.servers import StubResolver


@pytest.mark.req("B5", "C1")
@pytest.mark.parametrize("address", ["127.0.0.1", "[::1]"])
async def test_an_address_that_answers_is_reachable(run: Run, address: str) -> None:
    outcome = await run(f"icmp://{address}")

    assert outcome.reachable is True
    assert outcome.reason is Reason.OK
    assert outcome.detail == "Answers to ping."
    assert outcome.latency_ms is not None
    assert outcome.latency_ms > 0
    assert outcome.phases.first_byte_ms is not None


@pytest.mark.req("C7")
async def test_a_name_is_reachable_when_all_its_addresses_answer(run: Run) -> None:
    addresses = [f"127.0.0.{n}" for n in range(1, 21)] + ["::1"]
    resolver = StubResolver({"many.test": addresses})

    outcome = await run("icmp://many.test", resolver=resolver)

    assert outcome.reachable is True
    assert outcome.detail == "All 21 addresses answer to ping."


@pytest.mark.req("C7")
def test_one_silent_address_makes_the_target_unreachable() -> None:
    """In a network of its own whose 127.0.0.1 keeps silent while its ::1 answers."""
    found = run_in_own_network("""
loopback_up()
pathlib.Path("/proc/sys/net/ipv4/icmp_echo_ignore_all").write_text("1")
names = Table(both=["::1", "127.0.0.1"], other=["127.0.0.1", "::1"], four=["127.0.0.1"], six=["::1"])
for name in names.names:
    probe(f"icmp://{name}", deadline_s=0.8, resolver=names)
""")

    silent = ["False", "timeout", "127.0.0.1 does not answer to ping."]
    assert found == [
        ["icmp://both", *silent],
        ["icmp://other", *silent],
        ["icmp://four", *silent],
        ["icmp://six", "True", "ok", "Answers to ping."],
    ]


async def test_a_hundred_pings_at_once_do_not_take_each_others_answers(run: Run) -> None:
    outcomes = await asyncio.gather(*(run(f"icmp://127.0.1.{n}") for n in range(1, 101)))

    assert {outcome.reason for outcome in outcomes} == {Reason.OK}


def test_a_host_that_may_not_ping_is_inconclusive_and_says_what_to_set() -> None:
    """In a new network nobody may use ping sockets; without rights in it, raw ones neither."""
    ((_, reachable, reason, detail),) = run_in_own_network("""
loopback_up()
drop_rights()
probe("icmp://127.0.0.1")
""")

    assert (reachable, reason) == ("None", "not_permitted")
    assert "net.ipv4.ping_group_range" in detail


def test_an_address_family_without_a_route_is_left_out_unless_it_is_the_only_one() -> None:
    found = run_in_own_network("""
loopback_up()
names = Table(both=["2606:4700::1111", "127.0.0.1"], six=["2606:4700::1111"])
for name in names.names:
    probe(f"icmp://{name}", resolver=names)
""")

    assert [(reachable, reason) for _, reachable, reason, _ in found] == [
        ("True", "ok"),
        ("None", "own_network"),
    ]
