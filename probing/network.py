"""The connection layer every probe goes through, and with it the one guard (F7, appendix E).

A name is resolved once here; every address it has is checked; exactly the checked addresses are
dialled. So redirects, rebinding and mixed answers are covered without the callers' help.
"""

import asyncio
import contextlib
import errno
import functools
import ipaddress
import itertools
import os
import socket
from collections.abc import Coroutine, Sequence
from typing import TypeVar

from probing import readiness, routes
from probing.base import Guard, ProbeFailed, Reason
from probing.progress import Phase, Progress
from probing.resolving import Resolver

DIAL_LIMIT = 4
# The next address is dialled when the one before has been silent for this long (RFC 8305), as a
# browser would: a dead IPv6 address then costs the visitor, and the probe, a quarter second.
STAGGER_S = 0.25

_TARGETS_FAULT = {
    errno.ECONNREFUSED: (Reason.REFUSED, "refused the connection"),
    errno.ECONNRESET: (Reason.RESET, "reset the connection"),
    errno.ECONNABORTED: (Reason.RESET, "reset the connection"),
    errno.EPIPE: (Reason.RESET, "closed the connection"),
    errno.ETIMEDOUT: (Reason.TIMEOUT, "did not answer"),
    errno.EHOSTUNREACH: (Reason.UNREACHABLE, "cannot be reached"),
    errno.EHOSTDOWN: (Reason.UNREACHABLE, "is down"),
}
_NO_ROUTE = {errno.ENETUNREACH, errno.ENETDOWN}
_OUR_FAULT = {
    errno.EADDRNOTAVAIL: (Reason.OWN_NETWORK, "This host has no address or port to dial from."),
    errno.EAFNOSUPPORT: (Reason.OWN_NETWORK, "This host does not speak this address family."),
    errno.EACCES: (Reason.NOT_PERMITTED, "This host's own rules forbid the connection."),
    errno.EPERM: (Reason.NOT_PERMITTED, "This host's own rules forbid the connection."),
    errno.EMFILE: (Reason.INTERNAL, "This host has run out of sockets."),
    errno.ENFILE: (Reason.INTERNAL, "This host has run out of sockets."),
    errno.ENOMEM: (Reason.INTERNAL, "This host has run out of memory."),
    errno.ENOBUFS: (Reason.INTERNAL, "This host has run out of memory."),
}
# What our own broken resolver looks like.
_LOOKUP_FAILURES = {
    Reason.NAME_NOT_FOUND,
    Reason.DNS_FAILED,
    Reason.TIMEOUT,
    Reason.REFUSED,
    Reason.UNREACHABLE,
}

T = TypeVar("T")


class Dialler:
    """Finds, checks and dials addresses for one attempt, and keeps its notes up to date."""

    def __init__(
        self, *, guard: Guard, resolver: Resolver, progress: Progress, deadline_s: float
    ) -> None:
        self._guard = guard
        self._resolver = resolver
        self._progress = progress
        # A look-up is slow after this; then our own resolver is suspected before the target's.
        self._patience_s = min(2.0, 0.4 * deadline_s)

    async def addresses(self, host: str) -> tuple[str, ...]:
        """All addresses of `host`, each allowed by the guard, without duplicates, in order.

        Raises ProbeFailed; with ADDRESS_FORBIDDEN when the guard refuses any of them.
        """
        if is_address(host):
            found: tuple[str, ...] = (host,)
        else:
            self._progress.enter(Phase.NAME)
            answer = await self.doubting_ourselves(host, self._resolver.lookup(host))
            found = tuple(dict.fromkeys(answer))
            self._progress.enter(None)
            if not found:
                raise ProbeFailed(Reason.NAME_NOT_FOUND, f"The name {host} has no address.")
        for address in found:
            if not self._guard(address):
                raise ProbeFailed(Reason.ADDRESS_FORBIDDEN, _forbidden(host, address))
        return found

    async def connect(self, host: str, port: int) -> socket.socket:
        """A connected, non-blocking TCP socket to the first of at most 4 addresses that answers.

        Raises ProbeFailed.
        """
        addresses = await self.addresses(host)
        self._progress.enter(Phase.CONNECT)
        connected = await self._reach(to_dial(addresses), port)
        self._progress.enter(None)
        return connected

    async def doubting_ourselves(self, host: str, lookup: Coroutine[None, None, T]) -> T:
        """The result of asking our own resolver about `host`.

        When that is slow or fails, the fault may be our resolver's: then ProbeFailed says so.
        """
        asked = asyncio.create_task(lookup)
        try:
            done, _ = await asyncio.wait({asked}, timeout=self._patience_s)
            if not done:
                fault = await self._own_fault(host)
                if fault is not None and not asked.done():
                    raise fault
            return await asked
        except ProbeFailed as failure:
            fault = await self._own_fault(host) if failure.reason in _LOOKUP_FAILURES else None
            raise fault or failure from failure
        finally:
            _drop(asked)

    async def _own_fault(self, host: str) -> ProbeFailed | None:
        return await self._resolver.own_fault(host, within_s=self._patience_s / 2)

    async def _reach(self, addresses: tuple[str, ...], port: int) -> socket.socket:
        if len(addresses) > 1:
            return await self._race(addresses, port)
        result = await self._dial(addresses[0], port)  # no tasks when there is nothing to race
        if isinstance(result, ProbeFailed):
            raise result
        return result

    async def _race(self, addresses: tuple[str, ...], port: int) -> socket.socket:
        waiting = list(addresses)
        failures: list[ProbeFailed] = []
        dialling: set[asyncio.Task[socket.socket | ProbeFailed]] = set()
        try:
            while waiting or dialling:
                if waiting:
                    dialling.add(asyncio.create_task(self._dial(waiting.pop(0), port)))
                done, dialling = await asyncio.wait(
                    dialling,
                    timeout=STAGGER_S if waiting else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                results = [task.result() for task in done]
                connected = [result for result in results if isinstance(result, socket.socket)]
                if connected:
                    return self._first(connected)
                failures += [result for result in results if isinstance(result, ProbeFailed)]
        finally:
            await _abandon(dialling)
        # What one address says about the target counts more than our having no way to another.
        raise min(failures, key=lambda failure: failure.reason.is_ours)

    def _first(self, connected: list[socket.socket]) -> socket.socket:
        for late in connected[1:]:
            late.close()
        with contextlib.suppress(OSError):
            self._progress.address = connected[0].getpeername()[0]
        return connected[0]

    async def _dial(self, address: str, port: int) -> socket.socket | ProbeFailed:
        self._progress.address = address
        where = f"{address} port {port}"
        try:
            dialled = socket.socket(_family(address), socket.SOCK_STREAM)
        except OSError as error:
            return explain(error, where, address)
        try:
            dialled.setblocking(False)
            dialled.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await _connect(dialled, address, port)
        except OSError as error:
            dialled.close()
            return explain(error, where, address)
        except BaseException:
            dialled.close()
            raise
        return dialled


async def _connect(dialled: socket.socket, address: str, port: int) -> None:
    """What asyncio's sock_connect does, without looking once more whether the host is a name."""
    code = dialled.connect_ex((address, port))
    if code == errno.EINPROGRESS:
        await readiness.writable(dialled.fileno())
        code = dialled.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))


def to_dial(addresses: Sequence[str]) -> tuple[str, ...]:
    """The addresses to try, 4 at most, IPv6 and IPv4 in turns (RFC 8305, 4): of a name with many of
    one kind, to which our own network may lead nowhere, the other kind is tried as well.
    """
    first = [address for address in addresses if _family(address) is _family(addresses[0])]
    others = [address for address in addresses if address not in first]
    turns = itertools.chain.from_iterable(itertools.zip_longest(first, others))
    return tuple(address for address in turns if address is not None)[:DIAL_LIMIT]


def explain(error: OSError, where: str, address: str | None = None) -> ProbeFailed:
    """Whose fault a socket's error is, and what it means in words. `where` names the far end."""
    code = error.errno
    if isinstance(error, TimeoutError):
        code = errno.ETIMEDOUT
    if code in _NO_ROUTE:
        # The kernel says the same for "I know no way" and for "a router on the way said so".
        if address is None or routes.leads_to(address):
            return ProbeFailed(Reason.UNREACHABLE, f"The network of {where} cannot be reached.")
        return ProbeFailed(Reason.OWN_NETWORK, f"This host has no route to {where}.")
    if code in _TARGETS_FAULT:
        reason, words = _TARGETS_FAULT[code]
        return ProbeFailed(reason, f"{where} {words}.")
    if code in _OUR_FAULT:
        reason, words = _OUR_FAULT[code]
        return ProbeFailed(reason, words)
    return ProbeFailed(Reason.INTERNAL, f"Could not talk to {where} ({error.strerror or error}).")


@functools.lru_cache(maxsize=5000)
def is_address(host: str) -> bool:
    """Whether the host is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _drop(task: asyncio.Task[T]) -> None:
    """Nobody waits for the task any more, and nobody needs to hear how it ended."""
    task.cancel()
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


async def _abandon(tasks: set[asyncio.Task[socket.socket | ProbeFailed]]) -> None:
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, socket.socket):
            result.close()


def _forbidden(host: str, address: str) -> str:
    subject = address if host == address else f"{host} has the address {address}, which"
    return (
        f"{subject} may not be probed. Private and loopback addresses need the setting"
        " CANDOR_ALLOW_PRIVATE_TARGETS."
    )
