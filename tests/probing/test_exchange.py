"""The reader of HTTP answers, against h11 on whatever hypothesis can think of."""

from dataclasses import dataclass, field

import h11
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from probing import exchange
from probing.base import ProbeFailed, Reason

LIMIT = 1000


@dataclass
class Pieces:
    """A connection on which the answer arrives in these pieces, and then ends."""

    pieces: list[bytes] = field(default_factory=list)

    async def read(self, max_bytes: int) -> bytes:
        piece = self.pieces.pop(0) if self.pieces else b""
        assert len(piece) <= max_bytes
        return piece


def ours(pieces: list[bytes], method: str) -> tuple[object, ...] | None:
    """Status, fields and body as our reader sees them; None when it refuses."""

    async def read() -> tuple[object, ...]:
        answer = await exchange.answer(Pieces(list(pieces)), method=method)
        return answer.status, list(answer.fields), await answer.body(LIMIT)

    try:
        read().send(None)  # nothing in it waits, so there is no need for a loop
    except StopIteration as done:
        found: tuple[object, ...] = done.value
        return found
    except ProbeFailed as failure:
        return None if failure.reason is Reason.PROTOCOL_ERROR else (failure.reason,)
    raise AssertionError("the reader waited for something else than its stream")


def theirs(pieces: list[bytes], method: str) -> tuple[object, ...] | None:
    """The same as h11 sees it."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "a.test")]))
    connection.send(h11.EndOfMessage())
    coming = [piece for piece in pieces if piece]
    response: h11.Response | None = None
    body = b""
    try:
        while len(body) < LIMIT:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(coming.pop(0) if coming else b"")
            elif isinstance(event, h11.Response):
                response = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                break
            elif isinstance(event, h11.ConnectionClosed):
                return None
    except h11.RemoteProtocolError:
        return None
    if response is None:
        return None
    return response.status_code, _as_read(response), body[:LIMIT]


def _as_read(response: h11.Response) -> list[tuple[bytes, bytes]]:
    return [(bytes(name), bytes(value)) for name, value in response.headers]


def as_compared(found: tuple[object, ...] | None) -> tuple[object, ...] | None:
    """Without the framing fields: h11 leaves out repeated lengths, which we keep as they came."""
    if found is None:
        return None
    status, fields, body = found
    assert isinstance(fields, list)
    framing = {b"content-length", b"transfer-encoding"}
    return status, [pair for pair in fields if pair[0] not in framing], body


NAMES = st.sampled_from(
    ["Content-Length", "content-length", "Transfer-Encoding", "X-A", "Location", "b@d", "", "a b"]
)
VALUES = st.one_of(
    st.sampled_from(["0", "3", "5", "+5", "5, 5", "5,6", "1" * 21, "chunked", "Chunked", "gzip"]),
    st.text(st.characters(max_codepoint=0xFF), max_size=8),
)
ENDS = st.sampled_from(["\r\n", "\r\n", "\r\n", "\n", "\r", "\r\n ", "\r\n\t"])
ODD_FIELDS = st.lists(
    st.tuples(NAMES, st.sampled_from([":", ": ", ":\t ", " : ", ""]), VALUES, ENDS).map("".join),
    max_size=4,
).map("".join)
GOOD_FIELDS = st.lists(
    st.sampled_from(
        [
            "Content-Length: 3\r\n",
            "content-length:5\n",
            "Content-Length: 3, 3\r\n",
            "Transfer-Encoding: chunked\r\n",
            "transfer-encoding: Chunked \r\n",
            "Transfer-Encoding: gzip\r\n",
            "A: b\r\n",
            "A: b \r\n\tc\r\n",
        ]
    ),
    max_size=3,
).map("".join)
ODD_FIRST_LINES = st.tuples(
    st.sampled_from(["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/1.12", "http/1.1", "ICY", ""]),
    st.sampled_from([" ", " ", " ", "  ", "", "\t"]),
    st.sampled_from(["200", "100", "099", "20", "2000", "999", "abc"]),
    st.sampled_from(["", " ", " OK", " Sehr schön", " a\x00b", " \x01", "OK"]),
    st.sampled_from(["\r\n", "\r\n", "\n", "\r", ""]),
).map("".join)
GOOD_FIRST_LINES = st.sampled_from(["100", "200", "204", "304", "404"]).map(
    lambda code: f"HTTP/1.1 {code} Word\r\n"
)
FIELDS = st.one_of(GOOD_FIELDS, ODD_FIELDS)
FIRST_LINES = st.one_of(GOOD_FIRST_LINES, ODD_FIRST_LINES)
CHUNKS = st.lists(
    st.tuples(
        st.sampled_from(["3", "003", "3;a=b", "3 ", "3;a\n", "3;", "5", "g", "-3", "", "0x3"]),
        st.sampled_from(["\r\n", "\r\n", "\n"]),
        st.sampled_from(["abc", "abc", "abcde", "ab", ""]),
        st.sampled_from(["\r\n", "\r\n", "\n", "", "xx"]),
    ).map("".join),
    max_size=3,
).map("".join)
BODIES = st.one_of(
    st.sampled_from(["", "abc", "abcde", "x" * 2000]),
    st.tuples(
        CHUNKS, st.sampled_from(["0\r\n\r\n", "0\r\nA: b\r\n\r\n", "0\r\n", "0\r\nbad\r\n\r\n", ""])
    ).map("".join),
)
HEADS = st.one_of(
    st.tuples(GOOD_FIRST_LINES, GOOD_FIELDS, st.just("\r\n")),
    st.tuples(FIRST_LINES, FIELDS, st.sampled_from(["\r\n", "\n", ""])),
).map("".join)
ANSWERS = st.one_of(
    st.tuples(st.lists(HEADS, min_size=1, max_size=2).map("".join), BODIES).map("".join),
    st.text(st.characters(max_codepoint=0xFF), max_size=40),
)
OK = "HTTP/1.1 200 OK\r\n"


@settings(max_examples=5 * settings().max_examples)
@given(
    text=ANSWERS,
    cuts=st.lists(st.integers(min_value=1, max_value=30), max_size=6),
    method=st.sampled_from(["GET", "HEAD", "POST"]),
)
@example(text=f"{OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", cuts=[], method="GET")
@example(text=f"{OK}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabcd", cuts=[20], method="GET")
@example(text=f"{OK}Content-Length:\r\n\r\nabc", cuts=[], method="GET")
@example(text=f"{OK}A: b\r\n c\r\n\td \r\n\r\nabc", cuts=[19, 2, 1], method="GET")
@example(text=f"HTTP/1.1 103 Early\r\nLink: a\r\n\r\n{OK}\r\nabc", cuts=[25], method="GET")
@example(text=f"{OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabcxx0\r\n\r\n", cuts=[], method="GET")
@example(text=f"{OK} folded: first\r\n\r\n", cuts=[], method="GET")
def test_what_h11_reads_we_read_and_what_it_refuses_we_refuse(
    text: str, cuts: list[int], method: str
) -> None:
    rest, pieces = text.encode("latin-1"), []
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    pieces = [piece for piece in [*pieces, rest] if piece]

    assert as_compared(ours(pieces, method)) == as_compared(theirs(pieces, method))


@pytest.mark.parametrize("piece", [1, 7, 4096])
async def test_the_pieces_an_answer_arrives_in_make_no_difference(piece: int) -> None:
    text = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    text += b"1000\r\n" + b"x" * 4096 + b"\r\n3;a=b\r\nend\r\n0\r\nTrailer: t\r\n\r\nmore"
    pieces = [text[start : start + piece] for start in range(0, len(text), piece)]

    answer = await exchange.answer(Pieces(pieces), method="GET")

    assert answer.field(b"transfer-encoding") == "chunked"
    assert await answer.body(10_000) == b"x" * 4096 + b"end"


async def test_a_change_of_protocol_nobody_asked_for_is_all_the_answer_there_is() -> None:
    pieces = [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nbinary"]

    answer = await exchange.answer(Pieces(pieces), method="GET")

    assert (answer.status, await answer.body(100)) == (101, b"")


async def test_a_field_said_twice_is_joined_and_any_bytes_are_read() -> None:
    pieces = [b"HTTP/1.1 200 OK\r\nA: 1\r\na: \xff\r\nB: \xc3\xbc\r\n\r\n"]

    answer = await exchange.answer(Pieces(pieces), method="GET")

    assert (answer.field(b"a"), answer.field(b"b"), answer.field(b"c")) == ("1, ÿ", "ü", None)


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"])
@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\n", b"0\r\n", b"1;"])
async def test_no_line_and_no_head_is_gathered_without_end(before: bytes, start: bytes) -> None:
    piece = b"A: " + b"b" * 16_000
    connection = Pieces([before + start, *([piece] * 40)])

    with pytest.raises(ProbeFailed) as caught:
        await (await exchange.answer(connection, method="GET")).body(100)

    assert caught.value.reason is Reason.PROTOCOL_ERROR
    assert len(connection.pieces) > 25
