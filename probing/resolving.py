"""Names to addresses, without letting one slow name server hold up a batch of probes.

The system's resolver (getaddrinfo) blocks, so it runs in threads of our own: 64 of them, not the
event loop's few, and daemons, so that a hanging look-up cannot hold up the end of the process.
Equal look-ups at the same time in one loop share one; nothing is kept beyond that.
"""

import asyncio
import contextlib
import os
import queue
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import dns.asyncquery
import dns.exception
import dns.message
import dns.rcode
import dns.resolver

from probing import routes
from probing.base import ProbeFailed, Reason

THREADS = 64


class Resolver(Protocol):
    """Where the connection layer gets its addresses from; tests give it their own."""

    async def lookup(self, host: str) -> Sequence[str]:
        """The addresses of a name in the order to try them. Raises ProbeFailed."""

    async def own_fault(self, host: str, *, within_s: float) -> ProbeFailed | None:
        """What on our side explains that a look-up of `host` failed or hangs; None if nothing."""


class SystemResolver:
    """The resolver of the operating system."""

    async def lookup(self, host: str) -> Sequence[str]:
        result = await asyncio.shield(_flight(host).landed)
        if isinstance(result, ProbeFailed):
            raise ProbeFailed(result.reason, result.detail)
        return result

    async def own_fault(self, host: str, *, within_s: float) -> ProbeFailed | None:
        flight = _flights.get((asyncio.get_running_loop(), host))
        if flight is not None and not flight.has_started:
            return ProbeFailed(
                Reason.INTERNAL, f"All {THREADS} look-up threads of this host are busy."
            )
        if not routes.has_any():
            return ProbeFailed(Reason.OWN_NETWORK, "This host has no network.")
        if not await _name_server_answers(within_s):
            return ProbeFailed(Reason.OWN_NETWORK, "The name server of this host does not answer.")
        return None


class _Threads:
    """Daemon threads that work off a queue, started as needed. Work must not raise."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.reset()

    def reset(self) -> None:
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._count = self._unfinished = 0

    def submit(self, work: Callable[[], None]) -> None:
        with self._lock:
            if self._unfinished >= self._count and self._count < self._size:
                threading.Thread(target=self._run, name="candor-lookup", daemon=True).start()
                self._count += 1
            self._unfinished += 1
        self._queue.put(work)

    def _run(self) -> None:
        while True:
            self._queue.get()()
            with self._lock:
                self._unfinished -= 1


Answer = Sequence[str] | ProbeFailed


@dataclass(slots=True, eq=False)
class _Flight:
    landed: asyncio.Future[Answer]
    has_started: bool = False


_threads = _Threads(THREADS)
_flights: dict[tuple[asyncio.AbstractEventLoop, str], _Flight] = {}
_witnesses: dict[asyncio.AbstractEventLoop, asyncio.Task[bool]] = {}


def _forget_parent() -> None:
    """A forked child (Celery's prefork pool) inherits neither the threads nor the loops."""
    _threads.reset()
    _flights.clear()
    _witnesses.clear()


os.register_at_fork(after_in_child=_forget_parent)


def _flight(host: str) -> _Flight:
    """The look-up of `host` under way in this loop, started if there is none."""
    loop = asyncio.get_running_loop()
    key = (loop, host)
    if (under_way := _flights.get(key)) is not None:
        return under_way
    flight = _Flight(landed=loop.create_future())

    def work() -> None:
        flight.has_started = True
        answer = _getaddrinfo(host)
        _flights.pop(key, None)
        # The loop is closed when its batch ended before a hanging look-up did.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_land, flight.landed, answer)

    _flights[key] = flight
    try:
        _threads.submit(work)
    except RuntimeError:
        _flights.pop(key, None)
        raise ProbeFailed(Reason.INTERNAL, "This host cannot start another thread.") from None
    return flight


def _land(landed: asyncio.Future[Answer], answer: Answer) -> None:
    if not landed.done():
        landed.set_result(answer)


def _getaddrinfo(host: str) -> Answer:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return _explain(host, error)
    except UnicodeError:
        return ProbeFailed(Reason.NAME_NOT_FOUND, f"{host} is not a name that can exist.")
    except (OSError, MemoryError) as error:
        return ProbeFailed(Reason.INTERNAL, f"The look-up could not run ({error}).")
    return tuple(str(entry[4][0]) for entry in found)


def _explain(host: str, error: socket.gaierror) -> ProbeFailed:
    if error.errno in {socket.EAI_NONAME, socket.EAI_NODATA, socket.EAI_ADDRFAMILY}:
        return ProbeFailed(Reason.NAME_NOT_FOUND, f"The name {host} does not exist.")
    if error.errno in {socket.EAI_AGAIN, socket.EAI_FAIL}:
        return ProbeFailed(
            Reason.DNS_FAILED, f"The name servers gave no answer for {host} ({error.strerror})."
        )
    return ProbeFailed(Reason.INTERNAL, f"The look-up could not run ({error.strerror}).")


async def _name_server_answers(within_s: float) -> bool:
    """Whether any configured name server knows the root: asked once for all who ask meanwhile."""
    loop = asyncio.get_running_loop()
    if loop not in _witnesses:
        task = loop.create_task(_ask_root(within_s))
        task.add_done_callback(lambda _: _witnesses.pop(loop, None))
        _witnesses[loop] = task
    return await asyncio.shield(_witnesses[loop])


async def _ask_root(within_s: float) -> bool:
    try:
        servers = [str(server) for server in dns.resolver.Resolver().nameservers]
    except dns.resolver.NoResolverConfiguration:
        return False
    answers = await asyncio.gather(*(_knows_root(server, within_s) for server in servers))
    return any(answers)


async def _knows_root(server: str, within_s: float) -> bool:
    try:
        answer = await dns.asyncquery.udp(
            dns.message.make_query(".", "NS"), server, timeout=within_s
        )
    except (dns.exception.DNSException, OSError):
        return False
    # SERVFAIL for the root itself: the server runs, but is cut off from the world as we are.
    return answer.rcode() != dns.rcode.SERVFAIL


SYSTEM = SystemResolver()
