"""Real servers on loopback ports for the demo to watch: `python -m monitoring.demo.targets`.

Most are healthy, one fails for 40 seconds every four minutes, one answers slowly, one refuses every
connection. Runs until SIGTERM or Ctrl-C; knows no Django.
"""

import argparse
import asyncio
import logging
import os
import random
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from monitoring.demo import ports

FLAKY_EVERY_S = 240.0
FLAKY_FROM_S = 75.0  # soon enough to be seen by who has just started the demo
FLAKY_FOR_S = 40.0
SLOW_S = 1.2
_PATIENCE_S = 10.0
_RECORDS = {
    ("www.acme.example.", "A"): "192.0.2.10",
    ("acme.example.", "MX"): "10 mail.acme.example.",
}

logger = logging.getLogger(__name__)
Answer = Callable[[], Awaitable[tuple[int, str]]]
Streams = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
_random = random.Random()  # noqa: S311 - how fast a pretended server answers


class CannotListen(Exception):
    """A port is taken, or other targets are running; the message says which."""


async def healthy() -> tuple[int, str]:
    """Answer as a small web site does."""
    await asyncio.sleep(_random.uniform(0.02, 0.07))
    return 200, "<!doctype html><title>Acme</title><h1>Welcome to Acme</h1>"


async def slow() -> tuple[int, str]:
    """Answer, but so late that it counts as sick."""
    await asyncio.sleep(SLOW_S + _random.uniform(0, 0.3))
    return 200, '{"results": []}'


def flaky(started_at: float) -> Answer:
    """Answer well, except for 40 seconds of every four minutes."""

    async def answer() -> tuple[int, str]:
        await asyncio.sleep(_random.uniform(0.02, 0.07))
        since_s = (asyncio.get_running_loop().time() - started_at) % FLAKY_EVERY_S
        if FLAKY_FROM_S <= since_s < FLAKY_FROM_S + FLAKY_FOR_S:
            return 503, "overloaded"
        return 200, '{"status": "ok"}'

    return answer


def web(answer: Answer) -> Streams:
    """A web server that reads one request and gives one answer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_PATIENCE_S):
            request = await reader.readuntil(b"\r\n\r\n")
            status, text = await answer()
        body = text.encode()
        head = (
            f"HTTP/1.1 {status} {'OK' if status == 200 else 'Service Unavailable'}\r\n"
            f"Content-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n"
        )
        writer.write(head.encode() + (b"" if request.startswith(b"HEAD ") else body))
        await writer.drain()

    return serve


async def mail(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Greet like a mail server."""
    writer.write(b"220 mail.acme.example ESMTP\r\n")
    await writer.drain()


class NameServer(asyncio.DatagramProtocol):
    """Answers for acme.example; every other name does not exist."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        with suppress(dns.exception.DNSException):
            self.transport.sendto(_dns_answer(dns.message.from_wire(data)).to_wire(), addr)


def _dns_answer(query: dns.message.Message) -> dns.message.Message:
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.AA
    for question in query.question:
        kind = dns.rdatatype.to_text(question.rdtype)
        if record := _RECORDS.get((question.name.to_text().lower(), kind)):
            answer.answer.append(dns.rrset.from_text(question.name, 300, "IN", kind, record))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
    return answer


def services(started_at: float) -> dict[str, Streams]:
    """What answers on each TCP port; a name that is missing refuses every connection."""
    site, failing = web(healthy), web(flaky(started_at))
    return {
        "landing_1": site,
        "landing_2": site,
        "portal": site,
        "api_1": site,
        "api_2": failing,
        "search": web(slow),
        "images_1": site,
        "images_2": site,
        "mail": mail,
    }


async def serve(chosen: Mapping[str, int], stop: asyncio.Event) -> None:
    """Open every target and keep it open until told to stop. Raises CannotListen."""
    loop = asyncio.get_running_loop()
    streams = services(loop.time())
    async with AsyncExitStack() as opened:
        for name, port in chosen.items():
            try:
                await _open(name, port, streams.get(name), opened)
            except OSError as error:
                raise CannotListen(f"The demo's {name} cannot use port {port}: {error}.") from None
        logger.info("watching these: %s", ", ".join(f"{n} {p}" for n, p in chosen.items()))
        await stop.wait()


async def _open(name: str, port: int, streams: Streams | None, opened: AsyncExitStack) -> None:
    if name in ports.UDP:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            NameServer, local_addr=(ports.HOST, port)
        )
        opened.callback(transport.close)
    elif streams is None:
        # Bound but not listening: connections are refused, and nobody else can take the port.
        holder = opened.enter_context(socket.socket())
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((ports.HOST, port))
    else:
        server = await asyncio.start_server(_tolerant(streams), ports.HOST, port)
        opened.callback(server.close)


def _tolerant(streams: Streams) -> Streams:
    """A visitor that leaves early, dawdles or talks nonsense ends its own connection only."""

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await streams(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            logger.debug("a visitor left early", exc_info=True)
        finally:
            writer.close()

    return serve_one


async def _run(folder: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with ports.held(folder) as is_ours:
        if not is_ours:
            raise CannotListen(f"The targets of {folder} are running already.")
        chosen = ports.read(folder)
        if not chosen:
            chosen = ports.choose({})
            ports.write(folder, chosen)
        await serve(chosen, stop)


def main(arguments: list[str] | None = None) -> int:
    default = Path(os.environ.get("CANDOR_DATA") or Path(__file__).parents[2] / "var") / "demo"
    parser = argparse.ArgumentParser(prog="python -m monitoring.demo.targets", description=__doc__)
    parser.add_argument(
        "--folder", type=Path, default=default, help="where ports.json is kept (CANDOR_DATA/demo)"
    )
    folder: Path = parser.parse_args(arguments).folder
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    try:
        asyncio.run(_run(folder))
    except (CannotListen, ports.PortsBroken) as error:
        logger.error("%s", error)  # noqa: TRY400 - a sentence, not a crash
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
