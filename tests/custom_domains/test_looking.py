"""Looking for records in a real DNS on loopback: the zone's servers and two resolvers."""

import asyncio
import time

import dns.rcode
import pytest

from common import egress
from custom_domains import looking
from custom_domains.looking import Server, Way
from custom_domains.records import Finding, Found, Target
from tests import nameserver
from tests.nameserver import NameServer

NAME, CHALLENGE = "status.acme.test", "candor-0123"
HERE = Target("status.ours.test")
RIGHT = {
    (NAME, "CNAME"): ["status.ours.test."],
    (f"_status-verify.{NAME}", "TXT"): [f'"{CHALLENGE}"'],
    ("status.ours.test", "A"): ["192.0.2.1"],
}


def look(
    authority: NameServer,
    resolvers: list[NameServer],
    *,
    target: Target = HERE,
    private: bool = True,
) -> list[Finding]:
    way = Way(
        resolvers=[Server("127.0.0.1", server.port) for server in resolvers],
        authority_port=authority.port,
        guard=egress.monitor_guard(allow_private=private),
    )
    return asyncio.run(looking.look(name=NAME, challenge=CHALLENGE, target=target, way=way))


def states(findings: list[Finding]) -> list[Found]:
    return [finding.state for finding in findings]


@pytest.mark.req("T1", "T2")
def test_both_records_are_found(authority: NameServer, resolvers: list[NameServer]) -> None:
    authority.zone.update(nameserver.zone_of("acme.test", RIGHT))

    assert states(look(authority, resolvers)) == [Found.FOUND, Found.FOUND]
    assert {recursion for _, _, recursion in authority.asked} == {False}, "as an authority is asked"
    assert {name for name, _, _ in authority.asked} == {NAME, f"_status-verify.{NAME}"}


@pytest.mark.req("T1")
@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        (["192.0.2.1"], Found.FOUND),
        (["192.0.2.1", "192.0.2.2"], Found.FOUND),
        (["192.0.2.1", "198.51.100.9"], Found.WRONG),
        (["198.51.100.9"], Found.WRONG),
    ],
)
def test_addresses_count_when_all_of_them_are_ours(
    authority: NameServer, resolvers: list[NameServer], addresses: list[str], expected: Found
) -> None:
    records = RIGHT | {(NAME, "A"): addresses}
    del records[NAME, "CNAME"]
    authority.zone.update(nameserver.zone_of("acme.test", records))
    ours = Target("status.ours.test", frozenset({"192.0.2.1", "192.0.2.2"}))

    assert states(look(authority, resolvers, target=ours)) == [Found.FOUND, expected]


def test_a_record_that_follows_our_name_is_as_good_as_an_alias(
    authority: NameServer, resolvers: list[NameServer]
) -> None:
    records = RIGHT | {(NAME, "A"): ["192.0.2.1"]}
    del records[NAME, "CNAME"]
    authority.zone.update(nameserver.zone_of("acme.test", records))

    assert states(look(authority, resolvers)) == [Found.FOUND, Found.FOUND]


@pytest.mark.req("T2", "T3")
def test_each_record_is_told_apart(authority: NameServer, resolvers: list[NameServer]) -> None:
    authority.zone.update(nameserver.zone_of("acme.test", {}))
    assert states(look(authority, resolvers)) == [Found.MISSING, Found.MISSING]

    authority.zone[f"_status-verify.{NAME}", "TXT"] = ['"another value"']
    authority.zone[NAME, "CNAME"] = ["elsewhere.test."]
    challenge, name = look(authority, resolvers)
    assert (challenge.state, challenge.seen) == (Found.WRONG, ("another value",))
    assert (name.state, name.seen) == (Found.WRONG, ("elsewhere.test",))


@pytest.mark.req("T2")
def test_what_resolvers_do_not_see_yet_is_on_its_way(
    authority: NameServer, resolvers: list[NameServer]
) -> None:
    authority.zone.update(nameserver.zone_of("acme.test", RIGHT))
    for server in resolvers:
        server.zone = nameserver.zone_of("acme.test", {})

    assert states(look(authority, resolvers)) == [Found.WAITING, Found.WAITING]


def test_one_resolver_that_fails_is_no_reason_to_refuse(
    authority: NameServer, resolvers: list[NameServer]
) -> None:
    authority.zone.update(nameserver.zone_of("acme.test", RIGHT))
    resolvers[0].refuses = dns.rcode.SERVFAIL

    assert states(look(authority, resolvers)) == [Found.FOUND, Found.FOUND]


@pytest.mark.req("G4")
def test_servers_inside_our_own_network_are_not_asked_for_strangers(
    authority: NameServer, resolvers: list[NameServer]
) -> None:
    authority.zone.update(nameserver.zone_of("acme.test", RIGHT))

    assert states(look(authority, resolvers, private=False)) == [Found.FOUND, Found.FOUND]
    assert authority.asked == [], "its address is loopback; the resolvers decide alone"


def test_the_zone_of_an_alias_is_not_the_zone_of_the_name(
    authority: NameServer, resolvers: list[NameServer]
) -> None:
    authority.zone.update(nameserver.zone_of("acme.test", RIGHT))
    authority.zone["status.ours.test", "NS"] = ["ns.evil.test."]

    look(authority, resolvers)

    assert all(name != "ns.evil.test" for server in resolvers for name, _, _ in server.asked)


@pytest.mark.req("T2")
def test_silence_ends_within_the_deadline(
    authority: NameServer, resolvers: list[NameServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("DEADLINE_S", 0.5), ("_ZONE_S", 0.1), ("_TRY_S", 0.05)):
        monkeypatch.setattr(looking, name, seconds)
    for server in resolvers:
        server.is_silent = True
    began = time.monotonic()

    assert states(look(authority, resolvers)) == [Found.UNANSWERED, Found.UNANSWERED]
    assert time.monotonic() - began < 10, "and not the 20 s that the constants allow"
    assert looking.DEADLINE_S == 0.5
