"""Ask the DNS what it has for a name: the zone's own servers and two resolvers, within 20 s in all.

Nothing but DNS is ever asked, and no request goes to the name itself (reliability G4). The zone's
servers are found by its NS records, which strangers write: they are asked at public addresses only.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import dns.asyncquery
import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver

from common import egress
from custom_domains import names, records
from custom_domains.records import Finding, Said, Target

DEADLINE_S = 20.0
_ZONE_S = 6.0  # to find the servers of the zone
_ASK_S = 12.0  # for all questions together, which are put at once
_TRY_S = 3.0  # then a lost datagram is sent again
_SERVERS = 3  # of a zone; the others have the same, or will


class _Refused(Exception):
    """A server answered that it does not answer."""


@dataclass(frozen=True, slots=True)
class Server:
    """A name server: an IP address and a port."""

    address: str
    port: int = 53


@dataclass(frozen=True, slots=True)
class Way:
    """How this installation asks: by these resolvers, and the zones' own servers at this port.

    `guard` says which addresses of such servers may be asked.
    """

    resolvers: Sequence[Server]
    authority_port: int = 53
    guard: Callable[[str], bool] = egress.is_public_address


async def look(*, name: str, challenge: str, target: Target, way: Way) -> list[Finding]:
    """Look for both records of a name; one finding each, the TXT record first. Never raises.

    `target.addresses` may be empty: then those of its alias are asked for, so that a record which
    follows the alias (ALIAS, ANAME, flattened) counts too.
    """
    challenge_name = f"{names.CHALLENGE_LABEL}.{name}"
    said_of_challenge: list[Said] = []
    said_of_name: list[Said] = []
    try:
        async with asyncio.timeout(DEADLINE_S):
            zone = await _zone(name, way)
            addresses = await _addresses(target, way)
            target = Target(target.alias, addresses)
            await asyncio.gather(
                _ask_all(challenge_name, ("TXT",), zone, way, said_of_challenge),
                _ask_all(name, ("A", "AAAA"), zone, way, said_of_name),
            )
    except TimeoutError:
        pass  # what was said until now is judged
    return [
        records.judge_challenge(name=challenge_name, challenge=challenge, said=said_of_challenge),
        records.judge_target(name=name, target=target, said=said_of_name),
    ]


async def _zone(name: str, way: Way) -> list[Server]:
    """The servers of the zone that a name is in; none when they cannot be found."""
    try:
        async with asyncio.timeout(_ZONE_S):
            for parent in _parents(name):
                if hosts := await _resolve(parent, "NS", way):
                    return await _servers(hosts, way)
    except TimeoutError:
        pass
    return []


def _parents(name: str) -> list[str]:
    """The name and the domains above it, but for the last label: nobody's zone is a whole `com`."""
    labels = name.split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


async def _servers(hosts: Collection[str], way: Way) -> list[Server]:
    found = await asyncio.gather(
        *(_resolve(host, kind, way) for host in sorted(hosts)[:_SERVERS] for kind in ("A", "AAAA"))
    )
    addresses = sorted(
        {address for one in found for address in one}, key=lambda one: (":" in one, one)
    )
    usable = [address for address in addresses if way.guard(address)]
    return [Server(address, way.authority_port) for address in usable[:_SERVERS]]


async def _addresses(target: Target, way: Way) -> frozenset[str]:
    if target.addresses or not target.alias:
        return target.addresses
    found = await asyncio.gather(*(_resolve(target.alias, kind, way) for kind in ("A", "AAAA")))
    return frozenset(address for one in found for address in one)


async def _resolve(name: str, kind: str, way: Way) -> list[str]:
    """What the first resolver that answers has of the name itself; empty for nothing and nobody."""
    asked = [
        asyncio.ensure_future(_ask(name, (kind,), server, is_authority=False))
        for server in way.resolvers
    ]
    try:
        for coming in asyncio.as_completed(asked):
            said = await coming
            if said.answered:
                # The servers of an alias's zone are not those of this one.
                return [] if kind == "NS" and said.aliases else sorted(said.values)
    finally:
        for task in asked:
            task.cancel()
    return []


async def _ask_all(
    name: str, kinds: Sequence[str], zone: Sequence[Server], way: Way, into: list[Said]
) -> None:
    """Ask everybody at once; each answer is noted as it comes."""

    async def note(server: Server, *, is_authority: bool) -> None:
        into.append(await _ask(name, kinds, server, is_authority=is_authority))

    await asyncio.gather(
        *(note(server, is_authority=True) for server in zone),
        *(note(server, is_authority=False) for server in way.resolvers),
    )


async def _ask(name: str, kinds: Sequence[str], server: Server, *, is_authority: bool) -> Said:
    """Put questions of several types for a name to one server."""
    try:
        async with asyncio.timeout(_ASK_S):
            answers = await asyncio.gather(
                *(_question(name, kind, server, is_authority=is_authority) for kind in kinds)
            )
    except (TimeoutError, OSError, dns.exception.DNSException, _Refused):
        return Said(is_authority=is_authority, answered=False)
    values: set[str] = set()
    aliases: list[str] = []
    for message, kind in zip(answers, kinds, strict=True):
        for rrset in message.answer:
            if rrset.rdtype == dns.rdatatype.CNAME:
                aliases += [
                    _plain(rdata.target) for rdata in rrset if _plain(rdata.target) not in aliases
                ]
            elif rrset.rdtype == dns.rdatatype.from_text(kind):
                values |= {_value(rdata) for rdata in rrset}
    return Said(is_authority=is_authority, values=frozenset(values), aliases=tuple(aliases))


async def _question(
    name: str, kind: str, server: Server, *, is_authority: bool
) -> dns.message.Message:
    """One question; asked again when nothing comes, and over TCP when the answer is long."""
    query = dns.message.make_query(name, kind, use_edns=True)
    if is_authority:
        query.flags &= ~dns.flags.RD
    while True:
        try:
            answer, _ = await dns.asyncquery.udp_with_fallback(
                query,
                server.address,
                timeout=_TRY_S,
                port=server.port,
                ignore_unexpected=True,  # what somebody else sent is no answer, and no reason to stop
                ignore_errors=True,
            )
        except dns.exception.Timeout:
            continue  # until the caller's time is up
        if answer.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
            raise _Refused(dns.rcode.to_text(answer.rcode()))
        return answer


def _plain(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def _value(rdata: object) -> str:
    strings = getattr(rdata, "strings", None)
    if strings is not None:
        return b"".join(strings).decode("utf-8", "replace")[:200]
    target = getattr(rdata, "target", None)
    return _plain(target) if target is not None else str(getattr(rdata, "address", ""))
