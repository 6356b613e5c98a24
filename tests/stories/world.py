"""What the stories are played with: real targets on loopback, a mailbox, and the running product."""

import contextlib
import ctypes
import json
import os
import re
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import dns.rrset
import httpx
import psutil
from aiosmtpd.controller import Controller

from tests import servers

ROOT = Path(__file__).resolve().parents[2]
# One client, because each makes a TLS context; a new connection a request, as new visitors do.
_client = httpx.Client(
    timeout=10,
    trust_env=False,
    limits=httpx.Limits(max_keepalive_connections=0),
    headers={"Connection": "close"},
)


class Web:
    """A web server that can be stopped and started on the same port, and told to be slow or broken."""

    def __init__(self) -> None:
        self.port = servers.free_port()
        self.status, self.delay_s = 200, 0.0
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        world = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                time.sleep(world.delay_s)
                self.send_response(world.status)
                self.send_header("Content-Length", "3")
                self.end_headers()
                self.wfile.write(b"ok\n")

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class Tcp:
    """A TCP service that accepts connections."""

    def __init__(self) -> None:
        self.port = servers.free_port()
        self._socket: socket.socket | None = None

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", self.port))

    def stop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class NameServer:
    """A DNS server that knows one name, or fails on purpose."""

    def __init__(self) -> None:
        self.is_failing = False
        world = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, reply_to = self.request
                query = dns.message.from_wire(data)
                answer = dns.message.make_response(query)
                if world.is_failing:
                    answer.set_rcode(dns.rcode.SERVFAIL)
                else:
                    name = query.question[0].name
                    answer.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "192.0.2.10"))
                reply_to.sendto(answer.to_wire(), self.client_address)

        self._server = socketserver.UDPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"dns://www.example.com?type=A&server=127.0.0.1:{self.port}&expect=192.0.2.10"

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Mailbox:
    """A real SMTP server that keeps what it gets."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=servers.free_port())

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        import email

        self.mails.append(email.message_from_bytes(envelope.content))
        return "250 OK"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.port}"

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()


class Product:
    """bin/up on a data folder of its own."""

    def __init__(
        self, folder: Path, environment: dict[str, str], arguments: tuple[str, ...] = ()
    ) -> None:
        self.folder = folder
        self.port = servers.free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.lines: list[str] = []
        self.arguments = arguments
        self.environment = {
            **{name: value for name, value in os.environ.items() if not _is_ours(name)},
            "CANDOR_DATA": str(folder),
            "CANDOR_ALLOW_PRIVATE_TARGETS": "1",
            **environment,
        }
        self._process: subprocess.Popen[str] | None = None

    @property
    def is_running(self) -> bool:
        """Whether bin/up was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, ROOT / "bin" / "up", "--port", str(self.port), *self.arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=_end_with_the_tests,  # noqa: PLW1509 - a single call of the C library
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        wait_for(lambda: self.get("/readyz").status_code == 200, 60, self.log)

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip())

    def log(self) -> str:
        return "\n".join(self.lines[-80:])

    def interrupt(self) -> float:
        """Press Ctrl-C; how many seconds it took to end."""
        assert self._process is not None
        began = time.monotonic()
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=15)
        return time.monotonic() - began

    def stop(self) -> None:
        """End it without waiting for anything, as a power cut would; `interrupt` is the polite way."""
        if self._process is None:
            return
        if self._process.poll() is None:
            tree = psutil.Process(self._process.pid).children(recursive=True)
            self._process.kill()  # first, or it would start the others again
            for process in tree:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            self._process.wait()
        self._reader.join(timeout=5)

    def manage(
        self, *arguments: str, text: str | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run bin/manage."""
        return subprocess.run(
            [ROOT / "bin" / "manage", *arguments],
            env={**self.environment, "CANDOR_ORIGIN": self.origin},
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )

    def shell(self, script: str, *, text: str | None = None) -> str:
        """What a script prints that runs in the product. Several things at once, because loading Django
        takes a second of a core; `call_command("apply", "-")` reads `text`."""
        done = self.manage("shell", "--no-imports", "-c", script, text=text)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def get(self, path: str) -> httpx.Response:
        """GET a path; 599 stands for no answer at all."""
        try:
            return _client.get(self.origin + path)
        except httpx.TransportError as error:
            return httpx.Response(599, text=f"{type(error).__name__}: {error}".lower())

    def json(self, path: str) -> dict[str, Any]:
        answer = self.get(path)
        return json.loads(answer.text) if answer.status_code == 200 else {}

    def health(self) -> str:
        return self.get("/status/text").text.strip()

    def children(self, pattern: str) -> list[int]:
        """Process ids below this bin/up whose command line matches."""
        assert self._process is not None
        found, parents = [], {self._process.pid}
        table = subprocess.run(
            ["ps", "-eww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        ).stdout
        rows = [
            (int(a), int(b), c) for a, b, c in (line.split(None, 2) for line in table.splitlines())
        ]
        for _ in range(4):
            for pid, parent, command in rows:
                if parent in parents and pid not in parents:
                    parents.add(pid)
                    if re.search(pattern, command):
                        found.append(pid)
        return found


_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def _end_with_the_tests() -> None:
    """Have the kernel end this process when its parent is gone: a worker that is killed ends nothing."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _is_ours(name: str) -> bool:
    return name.startswith(("CANDOR_", "DJANGO_")) or name in {
        "SECRET_KEY",
        "SECRET_KEY_FILE",
        "DATABASE_URL",
        "BROKER_URL",
        "EMAIL_URL",
    }


def wait_for(
    is_true: Callable[[], bool], timeout_s: float, explain: Callable[[], str] = str
) -> float:
    """Wait until it is true; the seconds it took. Fails with the explanation."""
    began = time.monotonic()
    while not is_true():
        if time.monotonic() - began > timeout_s:
            raise AssertionError(f"not within {timeout_s:.0f} s\n{explain()}")
        time.sleep(0.05)
    return time.monotonic() - began


@contextlib.contextmanager
def running(*things: Any) -> Iterator[None]:
    """Start all of them, and stop them in the end."""
    with contextlib.ExitStack() as stack:
        for thing in things:
            stack.callback(thing.stop)
            thing.start()
        yield
