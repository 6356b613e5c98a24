"""One HTTP/1.1 exchange on a connected stream: the request's bytes out, the answer's head and body in.

Strict, bounded, and no wider than a probe needs: no reuse of connections, nothing unpacked.
docs/decisions/0005-http-reader.md says why it is our own; h11 is its oracle in the tests.
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, Protocol

from probing.base import ProbeFailed, Reason

HEAD_LIMIT = 100 * 1024
_CHUNK_LINE_LIMIT = 16 * 1024
_READ_BYTES = 16 * 1024

# No answer makes the match go back and forth: repeated signs are possessive, and a repeated group
# begins with what cannot go on the one before, so that going back over it ends at once. Groups are
# not possessive: that matches wrongly in Python before 3.11.5 (gh-106052), which Debian 12 has.
_TEXT: Final = rb"[^\x00\n\r\x0b\x0c]*+"
_FIELDS: Final = (
    rb"((?:[-!#$%&'*+.^_`|~0-9A-Za-z]++:" + _TEXT + rb"\r?\n(?:[ \t]" + _TEXT + rb"\r?\n)*)*)\r?\n"
)
_HEAD = re.compile(rb"HTTP/[0-9]\.[0-9] ([1-9][0-9]{2})(?: " + _TEXT + rb")?\r?\n" + _FIELDS)
_TRAILER = re.compile(_FIELDS)
_FIELD = re.compile(rb"([^:\s]++):[ \t]*+(" + _TEXT + rb"(?:\r?\n[ \t]" + _TEXT + rb")*)")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_LENGTH = re.compile(rb"[0-9]{1,20}")
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,20})(?:;.*)?[ \t]*\r\n")

# Instead of a number of bytes:
_IN_CHUNKS: Final = -1
_TO_THE_END: Final = -2
_WITH_BODY_LENGTH = frozenset({"POST", "PUT", "PATCH"})


class Stream(Protocol):
    """What carries the bytes. `read` gives b"" at the end."""

    async def read(self, max_bytes: int) -> bytes: ...


def request(method: str, path: str, *, host: str, headers: Mapping[str, str]) -> bytes:
    """The bytes of a request without a body. `headers` replace the host's own when they name it.

    The caller has checked them (`options.problems`): nothing is escaped here.
    """
    lines = [f"{method} {path} HTTP/1.1"]
    if not any(name.lower() == "host" for name in headers):
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if method in _WITH_BODY_LENGTH:
        lines.append("Content-Length: 0")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Answer:
    """The answer to one request: its head, and its body as far as somebody reads it.

    `fields` are (name in lower case, value) pairs as they came, bytes undecoded.
    """

    def __init__(
        self, *, status: int, fields: Sequence[tuple[bytes, bytes]], length: int, rest: "_Incoming"
    ) -> None:
        self.status = status
        self.fields = fields
        self._length = length
        self._rest = rest

    def field(self, name: bytes) -> str | None:
        """The field's value, several joined by commas; None without any."""
        values = [value for key, value in self.fields if key == name]
        return _text(b", ".join(values)) if values else None

    def first(self, name: bytes) -> str | None:
        """The first value of a field that is no list, as programs take it that meet several."""
        return next((_text(value) for key, value in self.fields if key == name), None)

    async def body(self, limit: int) -> bytes:
        """The body as it was sent, cut at `limit` bytes. Raises ProbeFailed when it is broken off."""
        parts = bytearray()
        async for part in self._parts():
            parts += part
            if len(parts) >= limit:
                return bytes(parts[:limit])
        return bytes(parts)

    def _parts(self) -> AsyncIterator[bytes]:
        if self._length == _TO_THE_END:
            return self._rest.to_the_end()
        if self._length == _IN_CHUNKS:
            return self._rest.chunks()
        return self._rest.exactly(self._length)


async def answer(stream: Stream, *, method: str) -> Answer:
    """Read the head of the final answer to a request of this method. Raises ProbeFailed."""
    incoming = _Incoming(stream)
    while True:
        found = _HEAD.fullmatch(await incoming.head())
        if found is None:
            raise _improper("its first line or headers cannot be read")
        status, fields = int(found[1]), _fields(found[2])
        length = _framing(fields, method, status)
        # 101 ends HTTP: nobody asked for another protocol, so it is all the answer there will be.
        if status >= 200 or status == 101:
            return Answer(status=status, fields=fields, length=length, rest=incoming)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _fields(block: bytes) -> list[tuple[bytes, bytes]]:
    return [
        (name.lower(), (_FOLD.sub(b" ", value) if b"\n" in value else value).strip(b" \t"))
        for name, value in _FIELD.findall(block)
    ]


def _framing(fields: Sequence[tuple[bytes, bytes]], method: str, status: int) -> int:
    """How long the body is (RFC 9112, 6.3): a number of bytes or one of the two words for it."""
    lengths: set[bytes] = set()
    codings: list[bytes] = []
    for name, value in fields:
        if name == b"content-length":
            lengths.update(part.strip() for part in value.split(b","))
        elif name == b"transfer-encoding":
            codings.append(value.lower())
    if codings and codings != [b"chunked"]:
        raise _improper("its transfer encoding is not known")
    if len(lengths) > 1 or not all(_LENGTH.fullmatch(length) for length in lengths):
        raise _improper("its length is not one number")
    if method == "HEAD" or status in {101, 204, 304}:
        return 0
    if codings:
        return _IN_CHUNKS
    return int(lengths.pop()) if lengths else _TO_THE_END


class _Incoming:
    """What has arrived and was not used yet."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._data = bytearray()

    async def head(self) -> bytes:
        """The next head, with the empty line that ends it."""
        while not self._data:
            if not await self._more():
                raise _broken_off("without a complete answer")
        # An empty line, a space or a control character: no answer begins like that.
        if self._data[0] < 0x21:
            raise _improper("its first line cannot be read")
        return await self._through_blank_line("without a complete answer")

    async def exactly(self, length: int) -> AsyncIterator[bytes]:
        while length > 0:
            await self._some()
            part = self._take(length)
            length -= len(part)
            yield part

    async def to_the_end(self) -> AsyncIterator[bytes]:
        while self._data or await self._more():
            yield self._take(len(self._data))

    async def chunks(self) -> AsyncIterator[bytes]:
        while size := await self._chunk_size():
            async for part in self.exactly(size):
                yield part
            await self._line_end()
        await self._trailer()

    async def _chunk_size(self) -> int:
        while (end := self._data.find(b"\r\n")) < 0:
            if len(self._data) > _CHUNK_LINE_LIMIT:
                raise _improper("a line of its body is too long")
            await self._some(more=True)
        found = _CHUNK_LINE.fullmatch(self._take(end + 2))
        if found is None:
            raise _improper("the pieces of its body cannot be told apart")
        return int(found[1], 16)

    async def _line_end(self) -> None:
        while len(self._data) < 2 and b"\r\n".startswith(self._data):
            await self._some(more=True)
        if self._take(2) != b"\r\n":
            raise _improper("the pieces of its body cannot be told apart")

    async def _trailer(self) -> None:
        while len(self._data) < 2 and b"\r".startswith(self._data):
            await self._some(more=True)
        if self._data.startswith((b"\r\n", b"\n")):
            return
        if not _TRAILER.fullmatch(await self._through_blank_line("in the middle of its answer")):
            raise _improper("the end of its body cannot be read")

    async def _through_blank_line(self, when: str) -> bytes:
        seen = 0
        while (end := _BLANK_LINE.search(self._data, seen)) is None:
            seen = max(0, len(self._data) - 2)
            if seen > HEAD_LIMIT:
                break
            if not await self._more():
                raise _broken_off(when)
        if end is None or end.end() > HEAD_LIMIT:
            raise ProbeFailed(Reason.PROTOCOL_ERROR, "The headers of the answer are too large.")
        return self._take(end.end())

    async def _some(self, *, more: bool = False) -> None:
        """Have something, or something more, or raise ProbeFailed."""
        if (more or not self._data) and not await self._more():
            raise _broken_off("in the middle of its answer")

    async def _more(self) -> bool:
        data = await self._stream.read(_READ_BYTES)
        self._data += data
        return bool(data)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._data[:count])
        del self._data[:count]
        return taken


def _broken_off(when: str) -> ProbeFailed:
    return ProbeFailed(Reason.PROTOCOL_ERROR, f"The server hung up {when}.")


def _improper(what: str) -> ProbeFailed:
    return ProbeFailed(Reason.PROTOCOL_ERROR, f"The answer is not proper HTTP ({what}).")
