"""ICMP targets: every address the name resolves to must answer one echo request (C7).

Uses unprivileged ping sockets where the system allows them, else raw ones (CAP_NET_RAW).
"""

import asyncio
import sys
import time

import icmplib

from probing import network, progress, resolving, routes
from probing.base import Guard, ProbeFailed, ProbeOutcome, Reason
from probing.network import Dialler
from probing.options import HttpOptions
from probing.progress import Phase, Progress
from probing.resolving import Resolver
from probing.targets import Target

ADDRESS_LIMIT = 32
# The single pings end at the deadline, so that the outcome can name the silent address; the whole
# ends a little later if even that does not help.
_GRACE_S = 0.25

Reply = float | ProbeFailed


async def probe(
    target: Target,
    *,
    http: HttpOptions,
    deadline_s: float,
    guard: Guard,
    resolver: Resolver = resolving.SYSTEM,
) -> ProbeOutcome:
    """Ping all addresses (32 at most) at once, within `deadline_s` in all. Never raises.

    Reachable when all answer; the latency is the slowest round trip. Addresses of a family this
    host has no route for are left out, unless there are no others. `http` does not apply.
    """

    async def work(notes: Progress) -> str:
        dialler = Dialler(guard=guard, resolver=resolver, progress=notes, deadline_s=deadline_s)
        found = await dialler.addresses(target.host)
        addresses = [address for address in found if routes.leads_to(address)][:ADDRESS_LIMIT]
        if not addresses:
            raise ProbeFailed(Reason.OWN_NETWORK, f"This host has no route to {found[0]}.")
        left_s = max(0.01, deadline_s - notes.elapsed_s)
        notes.enter(Phase.FIRST_BYTE)
        notes.address = addresses[0]
        replies = await asyncio.gather(*(_ping(address, left_s) for address in addresses))
        notes.enter(None)
        notes.latency_ms = _slowest(dict(zip(addresses, replies, strict=True)), notes)
        count = len(addresses)
        return "Answers to ping." if count == 1 else f"All {count} addresses answer to ping."

    return await progress.conclude(work, deadline_s=deadline_s + _GRACE_S)


def _slowest(replies: dict[str, Reply], notes: Progress) -> float:
    """The slowest round trip in ms. Raises the worst failure: the target's before our own."""
    failures = {address: r for address, r in replies.items() if isinstance(r, ProbeFailed)}
    if not failures:
        return max(r for r in replies.values() if not isinstance(r, ProbeFailed))
    address = min(failures, key=lambda key: failures[key].reason.is_ours)
    notes.address = address
    raise failures[address]


async def _ping(address: str, within_s: float) -> Reply:
    """The round trip in ms, or why there is none."""
    try:
        return await _round_trip_ms(address, within_s)
    except ProbeFailed as failure:
        return failure
    except icmplib.ICMPLibError as error:
        return _explain(error, address)
    except OSError as error:
        return network.explain(error, address, address)


async def _round_trip_ms(address: str, within_s: float) -> float:
    with icmplib.AsyncSocket(_open(address)) as pinging:
        # Without this a raw socket is handed every echo on the host, those of 500 others too.
        if sys.platform == "linux":
            pinging.sock.connect((address, 0))
        request = icmplib.ICMPRequest(
            destination=address, id=icmplib.utils.unique_identifier(), sequence=1
        )
        started = time.perf_counter()
        pinging.send(request)
        reply = await pinging.receive(request, within_s)
        elapsed_ms = (time.perf_counter() - started) * 1000
        reply.raise_for_status()
        return elapsed_ms


def _explain(error: icmplib.ICMPLibError, address: str) -> ProbeFailed:
    if isinstance(error, icmplib.TimeoutExceeded):
        return ProbeFailed(Reason.TIMEOUT, f"{address} does not answer to ping.")
    if isinstance(error, icmplib.ICMPError):
        return ProbeFailed(Reason.UNREACHABLE, f"{address} cannot be reached ({error}).")
    if isinstance(error.__context__, ConnectionRefusedError):
        return ProbeFailed(Reason.UNREACHABLE, f"{address} cannot be reached (ping refused).")
    if isinstance(error.__context__, OSError):
        return network.explain(error.__context__, address, address)
    return ProbeFailed(Reason.INTERNAL, f"The ping could not be sent ({error}).")


def _open(address: str) -> icmplib.ICMPv4Socket | icmplib.ICMPv6Socket:
    kind = icmplib.ICMPv6Socket if ":" in address else icmplib.ICMPv4Socket
    for privileged in (False, True):
        try:
            return kind(privileged=privileged)
        except icmplib.SocketPermissionError:
            continue
    raise ProbeFailed(
        Reason.NOT_PERMITTED,
        "This host may not ping: set net.ipv4.ping_group_range or give the worker CAP_NET_RAW.",
    )
