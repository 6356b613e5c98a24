"""A mail server and an HTTP server that take everything after a pause, and note what they took.

A program of its own (`python -m tests.faultlab.sinks NOTES PAUSE_MS`), so that it shares no
interpreter lock with what is measured. It prints its two ports, and writes one line for each message:
`kind seconds recipient delivery-id subject`.

How it misbehaves is set while it runs, by a POST of JSON to /_mood (see `Mood`); /_seen tells what it
saw besides the messages. What an endpoint does wrong stands in its path (see `hostile`).
"""

import asyncio
import json
import re
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl, urlsplit

from tests.faultlab import hostile

_ID = re.compile(rb"(?mi)^(?:x-delivery-id: *|webhook-id: *msg_)(\S+)")
_SUBJECT = re.compile(rb"(?mi)^subject: *(.*)")
_LENGTH = re.compile(rb"(?mi)^content-length: *(\d+)")
_MOOD, _SEEN = "/_mood", "/_seen"
# Text messages name their delivery where the provider is to report what became of them.
_TEXT_ID = re.compile(rb"%3Fof%3D\d+-([0-9a-f]{32})")


@dataclass
class Mood:
    """How the mail server misbehaves; patterns are searched in the recipient."""

    away: bool = False  # nobody listens
    greeting: str = "220 sink"  # anything but 220 ends the conversation
    greylisted_s: dict[str, float] = field(
        default_factory=dict
    )  # 450 for so long after the first try
    rcpt: dict[str, str] = field(default_factory=dict)  # what RCPT is answered
    rcpt_pause_s: dict[str, float] = field(default_factory=dict)
    dot: dict[str, str] = field(default_factory=dict)  # what the final dot is answered: not taken
    # Taken, and then no answer: how often for each recipient.
    dropped_after_dot: dict[str, int] = field(default_factory=dict)
    drops_at_quit: bool = False
    # The first text message to such a number gets no answer: it is "kept" all the same, or "lost".
    texts: dict[str, str] = field(default_factory=dict)


@dataclass
class Seen:
    """What the sinks saw besides the messages that they took."""

    greeted_at: list[float] = field(default_factory=list)
    refused_dots: int = 0
    rcpt_at: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    quits_dropped: int = 0
    questions: int = 0  # for the list of text messages
    calls: list[tuple[str, float, float]] = field(default_factory=list)  # path, from, to
    at_once: Counter[str] = field(default_factory=Counter)  # by address, now
    most_at_once: Counter[str] = field(default_factory=Counter)


class Sinks:
    def __init__(self, notes: IO[str], pause_s: float) -> None:
        self._notes = notes
        self._pause_s = pause_s
        self.mood = Mood()
        self.seen = Seen()
        self._dropped: Counter[str] = Counter()
        self._texts: list[dict[str, Any]] = []
        self._mail: asyncio.Server | None = None
        self._mail_port = 0

    async def listen(self) -> tuple[int, int]:
        """Begin; the ports of mail and HTTP."""
        await self._open_mail()
        # On every loopback address, so that endpoints can be many hosts.
        http = await asyncio.start_server(self.http, "0.0.0.0", 0, limit=2**22, backlog=512)
        return self._mail_port, int(http.sockets[0].getsockname()[1])

    async def _open_mail(self) -> None:
        self._mail = await asyncio.start_server(
            self.mail, "127.0.0.1", self._mail_port, limit=2**22, reuse_address=True
        )
        self._mail_port = int(self._mail.sockets[0].getsockname()[1])

    async def change(self, mood: Mood) -> None:
        self.mood = mood
        if mood.away and self._mail is not None:
            self._mail.close()
            self._mail = None
        elif not mood.away and self._mail is None:
            await self._open_mail()

    def note(self, kind: str, recipient: str, delivery_id: str, subject: str) -> None:
        self._notes.write(f"{kind}\t{time.time()}\t{recipient}\t{delivery_id}\t{subject}\n")
        self._notes.flush()

    async def mail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.seen.greeted_at.append(time.time())
        writer.write(self.mood.greeting.encode() + b"\r\n")
        recipient = ""
        try:
            while self.mood.greeting.startswith("220") and (line := await reader.readline()):
                if self.mood.away:
                    break
                verb = line[:4].upper()
                if verb == b"RCPT":
                    recipient = line.partition(b"<")[2].partition(b">")[0].decode()
                    answer = await self._meet(recipient)
                elif verb == b"DATA":
                    writer.write(b"354 go on\r\n")
                    data = await reader.readuntil(b"\r\n.\r\n")
                    await asyncio.sleep(self._pause_s)
                    answer = self._take(recipient, data)
                elif verb == b"QUIT":
                    self.seen.quits_dropped += self.mood.drops_at_quit
                    answer = "" if self.mood.drops_at_quit else "221 bye"
                else:
                    answer = "250 ok"
                if not answer:
                    break
                writer.write(answer.encode() + b"\r\n")
                if verb == b"QUIT":
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _meet(self, recipient: str) -> str:
        """What RCPT is answered, after a pause perhaps."""
        tries = self.seen.rcpt_at[recipient]
        tries.append(time.time())
        await asyncio.sleep(_of(self.mood.rcpt_pause_s, recipient) or 0)
        greylisted_s = _of(self.mood.greylisted_s, recipient) or 0
        if time.time() - tries[0] < greylisted_s:
            return "450 4.2.0 greylisted"
        return _of(self.mood.rcpt, recipient) or "250 ok"

    def _take(self, recipient: str, data: bytes) -> str:
        """What the final dot is answered; empty: nothing."""
        if refusal := _of(self.mood.dot, recipient):
            self.seen.refused_dots += 1
            return str(refusal)
        found, subject = _ID.search(data), _SUBJECT.search(data)
        self.note(
            "email",
            recipient,
            found[1].decode() if found else "",
            subject[1].decode(errors="replace").strip() if subject else "",
        )
        if self._dropped[recipient] < (_of(self.mood.dropped_after_dot, recipient) or 0):
            self._dropped[recipient] += 1
            return ""
        return "250 taken"

    async def http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address, began = str(writer.get_extra_info("sockname")[0]), time.time()
        self.seen.at_once[address] += 1
        self.seen.most_at_once[address] = max(
            self.seen.most_at_once[address], self.seen.at_once[address]
        )
        path = ""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length[1])) if length else b""
            path = head.split(b" ", 2)[1].decode()
            if path in {_MOOD, _SEEN}:
                writer.write(hostile.answer(200, await self._control(path, body)))
            elif wrong := hostile.of(path):
                await wrong(reader, writer)
            else:
                await asyncio.sleep(self._pause_s)
                is_text = path.startswith("/2010-")
                writer.write(self._text(path, body) if is_text else self._answer(path, head, body))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self.seen.at_once[address] -= 1
            if path not in {_MOOD, _SEEN}:
                self.seen.calls.append((path, began, time.time()))

    async def _control(self, path: str, body: bytes) -> bytes:
        if path == _MOOD:
            await self.change(Mood(**json.loads(body)))
            return b"{}"
        return json.dumps(vars(self.seen)).encode()

    def _answer(self, path: str, head: bytes, body: bytes) -> bytes:
        kind = path.split("/")[1]
        found = _ID.search(head)
        # What was read is taken: noted before the answer, as a real receiver stores it.
        self.note(kind, path, found[1].decode() if found else "", _words(body))
        return hostile.answer(201, b"ok")

    def _text(self, path: str, body: bytes) -> bytes:
        """What the provider of text messages answers; nothing as the mood says."""
        if not body:
            self.seen.questions += 1
            to = dict(parse_qsl(urlsplit(path).query))["To"]
            listed = [each for each in reversed(self._texts) if each["to"] == to]
            return hostile.answer(200, json.dumps({"messages": listed[:100]}).encode())
        form = dict(parse_qsl(body.decode()))
        wrong = _of(self.mood.texts, form["To"]) if not self._dropped[form["To"]] else None
        self._dropped[form["To"]] += 1
        text = {
            "sid": f"SM{len(self._texts):032x}",
            "to": form["To"],
            "body": form["Body"],
            "direction": "outbound-api",
            "status": "queued",
            "date_created": formatdate(),
        }
        if wrong != "lost":
            self._texts.append(text)
            found = _TEXT_ID.search(body)
            self.note("sms", form["To"], found[1].decode() if found else "", _words(body))
        return b"" if wrong else hostile.answer(201, json.dumps(text).encode())


def _of(rules: dict[str, Any], recipient: str) -> Any:
    """What the first rule says whose pattern is in the recipient; None without one."""
    return next((said for rule, said in rules.items() if re.search(rule, recipient)), None)


def _words(body: bytes) -> str:
    return body[:200].decode(errors="replace").replace("\t", " ").replace("\n", " ")


async def _serve(notes: Path, pause_ms: float) -> None:
    with notes.open("a", encoding="utf-8") as opened:
        print(*await Sinks(opened, pause_ms / 1000).listen(), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), float(sys.argv[2])))
