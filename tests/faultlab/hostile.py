"""Endpoints: what some do that is no good to anybody (fault F-23), by the first part of their path."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Mapping

_Wrong = Callable[[StreamReader, StreamWriter], Awaitable[None]]
_REASONS = {200: "OK", 201: "Created", 301: "Moved", 410: "Gone", 429: "Slow Down", 500: "Broken"}
_LONG_S = 60.0
RETRY_AFTER_S = 60


def answer(status: int, body: bytes, **headers: str) -> bytes:
    """A whole HTTP answer that closes the connection."""
    fields = {"Content-Type": "application/json", "Connection": "close", **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    head = f"HTTP/1.1 {status} {_REASONS[status]}\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _hang(reader: StreamReader, _writer: StreamWriter) -> None:
    await asyncio.wait({asyncio.ensure_future(reader.read())}, timeout=_LONG_S)


async def _drip(_reader: StreamReader, writer: StreamWriter) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 600:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.1)


async def _continue(_reader: StreamReader, writer: StreamWriter) -> None:
    for _ in range(600):
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.1)


async def _reset(_reader: StreamReader, writer: StreamWriter) -> None:
    writer.transport.abort()


async def _late(_reader: StreamReader, writer: StreamWriter) -> None:
    await asyncio.sleep(29)
    writer.write(answer(200, b"ok"))


def _says(status: int, **headers: str) -> _Wrong:
    async def say(_reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(answer(status, b"no", **headers))

    return say


WRONGS: Mapping[str, _Wrong] = {
    "hangs": _hang,
    "drips": _drip,
    "continues": _continue,
    "resets": _reset,
    "fails": _says(500),
    "redirects": _says(301, Location="http://127.0.0.1/"),
    "gone": _says(410),
    "busy": _says(429, Retry_After=str(RETRY_AFTER_S)),
    "late": _late,
}


def of(path: str) -> _Wrong | None:
    """What is wrong with the endpoint at this path; None: nothing."""
    return WRONGS.get(path.split("/")[1])


def host(group: int, number: int) -> str:
    """A loopback address for each number: as many hosts."""
    return f"127.{group}.{number // 250}.{number % 250 + 1}"
