"""Parts of the client without Candor: patience with a server, moments, what a terminal is shown."""

import io
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from candor import Candor, CandorError, ProblemError, TooManyRequests, Unreachable, moments
from candor.moments import NotAMoment
from candor.output import Output

NOW = datetime(2026, 11, 21, 21, 30, tzinfo=UTC)


class Moody(BaseHTTPRequestHandler):
    """Answers what the test lined up, and notes the key of each request."""

    answers: ClassVar[list[tuple[int, dict[str, str], bytes]]] = []
    keys: ClassVar[list[str | None]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.keys.append(self.headers.get("Idempotency-Key"))
        status, headers, body = self.answers.pop(0)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815 - the base class calls it so

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def moody() -> Iterator[str]:
    """The address of a server of that kind."""
    Moody.answers.clear()
    Moody.keys.clear()
    server = HTTPServer(("127.0.0.1", 0), Moody)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


BUSY: tuple[int, dict[str, str], bytes] = (503, {"Retry-After": "3"}, b"")
MADE: tuple[int, dict[str, str], bytes] = (201, {}, json.dumps({"id": "x"}).encode())


def test_a_create_is_tried_again_with_the_same_key(moody: str) -> None:
    waits: list[float] = []
    Moody.answers[:] = [BUSY, (429, {"Retry-After": "7"}, b""), MADE]
    with Candor(moody, "can_x", wait=waits.append) as page:
        assert page.components.create(name="Basket")["id"] == "x"
    assert waits == [3.0, 7.0]
    assert len(Moody.keys) == 3
    assert len(set(Moody.keys)) == 1
    assert Moody.keys[0]


def test_what_must_not_be_done_twice_is_tried_once(moody: str) -> None:
    Moody.answers[:] = [BUSY, MADE]
    with Candor(moody, "can_x", wait=lambda _seconds: None) as page:
        with pytest.raises(ProblemError) as caught:
            page.extend_maintenance("x", minutes=5)
        assert caught.value.status == 503
    assert len(Moody.keys) == 1


def test_patience_has_an_end(moody: str) -> None:
    Moody.answers[:] = [(429, {"Retry-After": "1"}, b"")] * 4
    with (
        Candor(moody, "can_x", wait=lambda _seconds: None) as page,
        pytest.raises(TooManyRequests),
    ):
        page.components.create(name="Basket")
    Moody.answers[:] = [(429, {"Retry-After": "3600"}, b"")]
    with (
        Candor(moody, "can_x", wait=lambda _seconds: None) as page,
        pytest.raises(TooManyRequests),
    ):
        page.components.create(name="Basket")


def test_what_is_no_candor_page_is_said_so(moody: str) -> None:
    Moody.answers[:] = [(200, {}, b"<html>")]
    with Candor(moody, "can_x") as page, pytest.raises(Unreachable, match="no Candor page"):
        page.components.get("x")
    with (
        Candor("http://127.0.0.1:1", "can_x", wait=lambda _seconds: None) as page,
        pytest.raises(CandorError, match="cannot be reached"),
    ):
        page.components.get("x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        ("+30m", NOW + timedelta(minutes=30)),
        ("+1d2h", NOW + timedelta(hours=26)),
        ("22:00", NOW.replace(hour=22, minute=0)),
        ("21:00", NOW.replace(hour=21, minute=0) + timedelta(days=1)),
        ("2026-12-01 02:00", datetime(2026, 12, 1, 2, tzinfo=UTC)),
        ("2026-12-01T02:00+01:00", datetime(2026, 12, 1, 1, tzinfo=UTC)),
    ],
)
def test_moments_are_read_as_people_write_them(text: str, expected: datetime) -> None:
    assert moments.moment(text, now=NOW) == expected


@pytest.mark.parametrize("text", ["", "soon", "+", "+2", "25:00", "2026-13-01", "-2h"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(NotAMoment):
        moments.moment(text, now=NOW)


def test_texts_of_others_do_not_steer_a_terminal_and_json_is_whole() -> None:
    rows = [{"id": "1", "title": "a\x1b[2Jb\nc"}]
    people, programs = io.StringIO(), io.StringIO()
    columns = [("ID", "id"), ("TITLE", "title")]
    Output(people, as_json=False).table(rows, columns, empty="none")
    Output(programs, as_json=True).table(rows, columns, empty="none")
    assert people.getvalue() == "ID  TITLE\n1   a [2Jb c\n"
    assert json.loads(programs.getvalue()) == rows
