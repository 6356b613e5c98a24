"""A mail server and an HTTP server that take everything after a pause, and note what they took.

A program of its own (`python -m tests.faultlab.sinks NOTES PAUSE_MS`), so that it shares no
interpreter lock with what is measured. It prints its two ports, and writes one line for each message:
`kind seconds recipient delivery-id subject`.
"""

import asyncio
import json
import re
import sys
import time
from pathlib import Path
from typing import IO

_ID = re.compile(rb"(?mi)^x-delivery-id: *(\S+)")
_SUBJECT = re.compile(rb"(?mi)^subject: *(.*)")
_LENGTH = re.compile(rb"(?mi)^content-length: *(\d+)")


class Sinks:
    def __init__(self, notes: IO[str], pause_s: float) -> None:
        self._notes = notes
        self._pause_s = pause_s

    def note(self, kind: str, recipient: str, delivery_id: str, subject: str) -> None:
        self._notes.write(f"{kind}\t{time.time()}\t{recipient}\t{delivery_id}\t{subject}\n")
        self._notes.flush()

    async def mail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink\r\n")
        recipient = ""
        try:
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"RCPT":
                    recipient = line.partition(b"<")[2].partition(b">")[0].decode()
                if verb == b"DATA":
                    writer.write(b"354 go on\r\n")
                    data = await reader.readuntil(b"\r\n.\r\n")
                    await asyncio.sleep(self._pause_s)
                    self._note_mail(recipient, data)
                    writer.write(b"250 taken\r\n")
                elif verb == b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                else:
                    writer.write(b"250 ok\r\n")
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _note_mail(self, recipient: str, data: bytes) -> None:
        found, subject = _ID.search(data), _SUBJECT.search(data)
        self.note(
            "email",
            recipient,
            found[1].decode() if found else "",
            subject[1].decode(errors="replace").strip() if subject else "",
        )

    async def http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length[1])) if length else b""
            path = head.split(b" ", 2)[1].decode()
            kind = path.split("/")[1]
            if kind.startswith("20"):  # the version of the provider of text messages
                kind = "sms"
            await asyncio.sleep(self._pause_s)
            # What was read is taken: noted before the answer, as a real receiver stores it.
            self.note(kind, path, "", _words(body))
            answer = b"ok"
            if kind == "sms":
                answer = json.dumps(
                    {"sid": f"SM{abs(hash(body)):032x}", "status": "queued"}
                ).encode()
            writer.write(
                b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nConnection: close\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(answer), answer)
            )
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def _words(body: bytes) -> str:
    return body[:200].decode(errors="replace").replace("\t", " ").replace("\n", " ")


async def _serve(notes: Path, pause_ms: float) -> None:
    with notes.open("a", encoding="utf-8") as opened:
        sinks = Sinks(opened, pause_ms / 1000)
        mail = await asyncio.start_server(sinks.mail, "127.0.0.1", 0, limit=2**22)
        # On every loopback address, so that endpoints can be many hosts.
        http = await asyncio.start_server(sinks.http, "0.0.0.0", 0, limit=2**22)
        print(*(server.sockets[0].getsockname()[1] for server in (mail, http)), flush=True)
        await asyncio.gather(mail.serve_forever(), http.serve_forever())


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), float(sys.argv[2])))
