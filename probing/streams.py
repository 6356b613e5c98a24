"""A connected socket to read from and write to, in the clear or through TLS.

Our own, because it must give way to the event loop at every read, count what a hostile server
sends, cost little memory (asyncio's TLS takes 256 KB a connection) and say what went wrong.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import TypeVar

from probing import network, readiness, tls
from probing.base import ProbeFailed, Reason
from probing.progress import Phase, Progress

READ_BYTES = 16 * 1024
# Everything one connection may send us: 100 KB of headers, 64 KB of body, framing, some 1xx.
RECEIVE_LIMIT = 512 * 1024

T = TypeVar("T")


class WriteFailed(Exception):
    """The other end takes no more. There may be an answer to read all the same."""


class PlainStream:
    """A socket in the clear."""

    def __init__(self, connected: socket.socket, *, where: str, progress: Progress) -> None:
        self._socket = connected
        self._where = where
        self._progress = progress
        self._received = 0

    async def read(self, max_bytes: int) -> bytes:
        """What has arrived, at most so many bytes; b"" at the end. Raises ProbeFailed."""
        data = await self._receive(max_bytes)
        self._note_first_byte()
        return data

    async def write(self, buffer: bytes) -> None:
        """Send all of it. Raises WriteFailed."""
        self._progress.enter(Phase.FIRST_BYTE)
        await self._send(buffer)

    def close(self) -> None:
        """Hang up."""
        # What has arrived unread would turn the close into a reset in the server's log.
        with contextlib.suppress(OSError):
            self._socket.recv(READ_BYTES)
        self._socket.close()

    def _note_first_byte(self) -> None:
        if self._progress.phase is Phase.FIRST_BYTE:
            self._progress.enter(Phase.ANSWER)

    async def _receive(self, max_bytes: int) -> bytes:
        # Always through the selector, and never read ahead of it: a server that floods us would
        # else keep the whole loop from running, deadlines included.
        await readiness.readable(self._socket.fileno())
        try:
            data = self._socket.recv(min(max_bytes, READ_BYTES))
        except BlockingIOError:  # woken for nothing
            return await self._receive(max_bytes)
        except OSError as error:
            raise network.explain(error, self._where) from error
        self._received += len(data)
        if self._received > RECEIVE_LIMIT:
            raise ProbeFailed(
                Reason.PROTOCOL_ERROR,
                f"{self._where} sent more than {RECEIVE_LIMIT // 1024} KB without a usable answer.",
            )
        return data

    async def _send(self, data: bytes) -> None:
        try:
            sent = self._send_now(data)
            if sent < len(data):
                loop = asyncio.get_running_loop()
                await loop.sock_sendall(self._socket, memoryview(data)[sent:])
        except OSError as error:
            raise WriteFailed(str(error)) from error

    def _send_now(self, data: bytes) -> int:
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0


class TlsStream(PlainStream):
    """A socket through TLS. Call `handshake` first."""

    def __init__(
        self,
        connected: socket.socket,
        *,
        where: str,
        progress: Progress,
        context: ssl.SSLContext,
        server_name: str,
    ) -> None:
        super().__init__(connected, where=where, progress=progress)
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._server_name = server_name
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)

    async def handshake(self) -> None:
        """Agree on TLS and note when the certificate expires. Raises ProbeFailed."""
        self._progress.enter(Phase.TLS)
        try:
            await self._drive(self._tls.do_handshake)
        except ssl.SSLError as error:
            await self._send_alert()
            raise tls.explain(error, self._server_name) from error
        except WriteFailed as error:
            raise ProbeFailed(
                Reason.TLS_FAILED, f"{self._where} hung up while agreeing on TLS."
            ) from error
        self._progress.enter(None)
        self._progress.note_certificate(tls.expires_at(self._tls.getpeercert(binary_form=True)))

    async def read(self, max_bytes: int) -> bytes:
        try:
            data = await self._drive(lambda: self._tls.read(min(max_bytes, READ_BYTES)))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            # The end, with or without a goodbye. HTTP itself knows whether something is missing.
            data = b""
        except ssl.SSLError as error:
            raise tls.explain(error, self._server_name) from error
        except WriteFailed:
            data = b""
        self._note_first_byte()
        return data

    async def write(self, buffer: bytes) -> None:
        self._progress.enter(Phase.FIRST_BYTE)
        try:
            await self._drive(lambda: self._tls.write(buffer))
        except ssl.SSLError as error:
            raise WriteFailed(str(error)) from error

    def close(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # ValueError: no handshake yet
            self._tls.unwrap()
        with contextlib.suppress(OSError):
            self._socket.send(self._outgoing.read())
        super().close()

    async def _send_alert(self) -> None:
        with contextlib.suppress(WriteFailed):
            await self._send(self._outgoing.read())

    async def _drive(self, step: Callable[[], T]) -> T:
        """Repeat a TLS step, carrying bytes to and from the socket, until it is through."""
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                await self._flush()
                data = await self._receive(READ_BYTES)
                if data:
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            else:
                await self._flush()
                return result

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._send(self._outgoing.read())
