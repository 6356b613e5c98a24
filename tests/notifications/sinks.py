"""Mail servers on loopback: a real one that keeps what it gets, and one that misbehaves on cue."""

import email
import logging
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default as modern
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Received:
    recipients: list[str]
    data: bytes
    sender: str = ""

    @property
    def mail(self) -> EmailMessage:
        parsed = email.message_from_bytes(self.data, policy=modern)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def message_id(self) -> str:
        return str(self.mail["Message-ID"])


@dataclass
class Sink:
    """An SMTP server that takes everything."""

    port: int
    received: list[Received] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content
        assert content is not None
        self.received.append(
            Received(
                recipients=list(envelope.rcpt_tos),
                data=content,
                sender=envelope.mail_from or "",
            )
        )
        return "250 taken"

    @property
    def addresses(self) -> list[str]:
        return [one for received in self.received for one in received.recipients]


@contextmanager
def sink(*, port: int = 0, **options: Any) -> Iterator[Sink]:
    """A running sink, on a free port unless one is given."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    kept = Sink(port=port or free_port())
    controller = Controller(kept, hostname="127.0.0.1", port=kept.port, **options)
    controller.start()
    try:
        yield kept
    finally:
        controller.stop()


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return int(server.getsockname()[1])


# Instead of an answer: close the connection, say nothing, or never come to the end of an answer.
DROP = "drop"
SILENCE = "silence"
DRIP = "drip"

FRIENDLY = {
    "CONNECT": "220 sink",
    "EHLO": "250 sink",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    ".": "250 taken",
    "RSET": "250 ok",
    "QUIT": "221 bye",
}
Reply = str | Callable[[str], str]


class Hostile(socketserver.ThreadingTCPServer):
    """An SMTP server whose answer to each command is set by the test; may change while it runs.

    `received` holds every message that came through to its final dot, whatever was answered.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, replies: Mapping[str, Reply]) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.replies: dict[str, Reply] = {**FRIENDLY, **replies}
        self.port = int(self.server_address[1])
        self.received: list[Received] = []
        self.commands: list[str] = []
        self.connections = 0
        self.is_over = threading.Event()

    def answer(self, verb: str, line: str) -> str:
        self.commands.append(verb)
        reply = self.replies.get(verb, "502 what?")
        return reply if isinstance(reply, str) else reply(line)


class _Conversation(socketserver.StreamRequestHandler):
    server: Hostile
    reply = ""

    def handle(self) -> None:
        self.server.connections += 1
        recipients: list[str] = []
        is_talking = self.says("CONNECT", "")
        while is_talking and (line := self.rfile.readline().decode()):
            verb = line.split(maxsplit=1)[0].upper()
            if verb == "MAIL":
                recipients = []
            if verb == "RCPT":
                recipients.append(line.partition("<")[2].partition(">")[0])
            is_talking = self.says(verb, line) and verb != "QUIT"
            if verb == "DATA" and self.reply.startswith("354"):
                is_talking = self.takes_message(recipients) and self.says(".", "")

    def takes_message(self, recipients: list[str]) -> bool:
        data = b""
        while not data.endswith(b"\r\n.\r\n"):
            if not (part := self.rfile.readline()):
                return False
            data += part
        self.server.received.append(Received(recipients=recipients, data=data[:-3]))
        return True

    def says(self, verb: str, line: str) -> bool:
        self.reply = self.server.answer(verb, line)
        if self.reply == SILENCE:
            self.server.is_over.wait()
        if self.reply == DRIP:
            with suppress(OSError):
                while not self.server.is_over.wait(0.05):
                    self.wfile.write(b"2")
        if self.reply in {SILENCE, DROP, DRIP}:
            return False
        self.wfile.write(self.reply.encode() + b"\r\n")
        return True


@contextmanager
def hostile(**replies: Reply) -> Iterator[Hostile]:
    """A running hostile server: `hostile(RCPT="450 later", DOT=DROP)`."""
    with Hostile(
        {"." if verb == "DOT" else verb: reply for verb, reply in replies.items()}
    ) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.is_over.set()
            server.shutdown()
            thread.join()


def in_turn(*answers: str) -> Callable[[str], str]:
    """Each answer once, the last one from then on."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]
