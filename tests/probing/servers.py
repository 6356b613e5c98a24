"""Real servers on loopback, well-behaved and hostile, and resolvers that say what a test wants."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from probing.base import ProbeFailed, Reason

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """A listening server: where it is and what came in."""

    port: int
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    @property
    def hosts(self) -> list[str]:
        return [self.header("host", request) for request in self.requests]

    def header(self, name: str, request: bytes) -> str:
        for line in request.decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name:
                return value.strip()
        return ""


def response(status: str = "200 OK", *, body: bytes = b"ok", headers: Sequence[str] = ()) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return response(status, body=b"", headers=[f"Location: {location}"])


@contextlib.asynccontextmanager
async def serve(
    handler: Handler, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[Server]:
    """Run `handler` for every connection until the block ends, then cut all of them."""
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.transport.abort()

    listening = await asyncio.start_server(connected, host, port, ssl=tls, backlog=1000)
    server = Server(port=listening.sockets[0].getsockname()[1])
    try:
        yield server
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


Answer = bytes | Callable[[bytes], bytes]


@contextlib.asynccontextmanager
async def http_server(
    *answers: Answer, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[Server]:
    """Answer the nth request with the nth answer, later ones with the last; keep the requests."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        server.requests.append(request)
        answer = answers[min(len(server.requests), len(answers)) - 1]
        writer.write(answer(request) if callable(answer) else answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with serve(handler, host=host, tls=tls, port=port) as server:
        yield server


async def never(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Accept, then say nothing."""
    await asyncio.Event().wait()


def drip(data: bytes, *, before: bytes = b"", pause_s: float = 0.02) -> Handler:
    """Send `before` at once and then `data` byte by byte for ever."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(before)
        while True:
            for byte in data:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(pause_s)

    return handler


def flood(chunk: bytes, *, before: bytes = b"") -> Handler:
    """Send `before`, then `chunk` as fast as the other end takes it, for ever."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(before)
        while True:
            writer.write(chunk)
            await writer.drain()

    return handler


@dataclass
class StubResolver:
    """Names from a table. A list of lists is answered one after the other (rebinding)."""

    names: dict[str, list[str]] = field(default_factory=dict)
    rebinding: dict[str, list[list[str]]] = field(default_factory=dict)
    failure: ProbeFailed | None = None
    fault: ProbeFailed | None = None
    delay_s: float = 0.0
    lookups: int = 0

    async def lookup(self, host: str) -> Sequence[str]:
        self.lookups += 1
        await asyncio.sleep(self.delay_s)
        if self.failure is not None:
            raise self.failure
        if host in self.rebinding:
            turns = self.rebinding[host]
            return turns[(self.lookups - 1) % len(turns)]
        if host not in self.names:
            raise ProbeFailed(Reason.NAME_NOT_FOUND, f"The name {host} does not exist.")
        return self.names[host]

    async def own_fault(self, host: str, *, within_s: float) -> ProbeFailed | None:
        return self.fault


Reply = Callable[[dns.message.Message], dns.message.Message | None]


class DnsServer(asyncio.DatagramProtocol):
    """A name server whose answers a function makes from the query; None stays silent."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self.port = 0
        self.queries = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.queries += 1
        answer = self._reply(dns.message.from_wire(data))
        if answer is not None:
            self._transport.sendto(answer.to_wire(), addr)


@contextlib.asynccontextmanager
async def dns_server(reply: Reply, *, host: str = "127.0.0.1") -> AsyncIterator[DnsServer]:
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: DnsServer(reply), local_addr=(host, 0)
    )
    try:
        yield server
    finally:
        transport.close()
        await asyncio.sleep(0)


def zone(
    records: dict[tuple[str, str], list[str]],
) -> Callable[[dns.message.Message], dns.message.Message]:
    """Answers from a table of (name, type) -> record texts; NXDOMAIN for names not in it."""

    def reply(query: dns.message.Message) -> dns.message.Message:
        question = query.question[0]
        name, kind = str(question.name).rstrip("."), dns.rdatatype.to_text(question.rdtype)
        answer = dns.message.make_response(query)
        texts = records.get((name, kind))
        if texts:
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *texts))
        elif not any(known == name for known, _ in records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer

    return reply


def failing(rcode: dns.rcode.Rcode) -> Callable[[dns.message.Message], dns.message.Message]:
    def reply(query: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(query)
        answer.set_rcode(rcode)
        return answer

    return reply
