"""The product on private ports: PostgreSQL, Redis, sinks, web, workers and beat, ended with the block."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests import servers
from tests.faultlab.sinks import Mood

ROOT = Path(__file__).resolve().parents[2]
TITLE = "Trouble"
OPEN = ("pending", "leased")


@dataclass(frozen=True)
class Taken:
    """One message that a sink took."""

    kind: str
    at: float
    recipient: str
    delivery_id: str
    subject: str


@dataclass
class Visitor:
    """Looks at the public page four times a second, and counts what is no 200."""

    port: int
    asked: int = 0
    not_ok: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> str:
        """Empty when the page came, else what came instead."""
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            asking.request("GET", "/", headers={"Host": "status.example.com"})
            status = asking.getresponse().status
        except OSError as error:
            return type(error).__name__
        finally:
            asking.close()
        return "" if status == 200 else str(status)

    def keep_looking(self) -> None:
        while not self.is_over.wait(0.25):
            self.asked += 1
            if wrong := self.look():
                self.not_ok.append(wrong)


@dataclass
class Lab:
    """A running product. `kill` and `start` take the names of its processes."""

    environment: dict[str, str]
    folder: Path
    http: str
    database: servers.Server
    broker: servers.Server
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    visitor: Visitor | None = None
    _operator: "subprocess.Popen[bytes] | None" = None

    def ask(self, job: str, **arguments: Any) -> Any:
        """What the operator (`tests.faultlab.operating`) answers. Raises RuntimeError."""
        if self._operator is None:
            self._operator = subprocess.Popen(
                [sys.executable, "-m", "tests.faultlab.operating"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        asked, told = self._operator.stdin, self._operator.stdout
        assert asked is not None
        assert told is not None
        asked.write(json.dumps([job, arguments]).encode() + b"\n")
        asked.flush()
        said = json.loads(told.readline() or b'{"error": "the operator is gone"}')
        if "error" in said:
            raise RuntimeError(f"{job}: {said['error']}\n{self.errors()[-3000:]}")
        return said["result"]

    def seed(self, counts: Mapping[str, int], *, hooks: Sequence[str] = ()) -> dict[str, int]:
        made: dict[str, int] = self.ask("seed", counts=counts, http=self.http, hooks=list(hooks))
        return made

    def post(self, number: int, *, title: str = TITLE) -> tuple[float, float]:
        """Publish update `number` (0 opens the incident): when it began and when it was done."""
        began, ended = self.ask("post", number=number, title=title)
        return began, ended

    def counts(self) -> Any:
        """How many deliveries of events there are by state, and events that are not expanded."""
        return self.ask("counts")

    def warm_up(self) -> None:
        """Wait until a message goes all the way, so that starting processes is not measured."""
        self.ask("warm")
        if not self.wait_for(1, timeout_s=120):
            raise TimeoutError(self.errors())
        (self.folder / "notes").write_text("")

    def start(
        self,
        name: str,
        *,
        settings: dict[str, str] | None = None,
        point: str = "",
        is_hasty: bool = False,
    ) -> None:
        """Start a worker or a beat; with a point, a worker that kills itself there."""
        celery = [sys.executable, "-m", "celery", "-A", "statuspage", "--quiet"]
        if point:
            celery = [sys.executable, "-m", "tests.faultlab.dying", point]
        elif is_hasty:
            celery = [sys.executable, "-m", "tests.faultlab.hasty"]
        worker = [
            *(*celery, "worker", "--without-gossip", "--without-mingle", "--without-heartbeat"),
            *("-l", "ERROR", "-P", "threads", "-n", f"{name}@%h", "-Q", "deliveries,upkeep"),
            *("-c", "4"),
        ]
        beat = [*celery, "beat", "-l", "ERROR", "--pidfile="]
        self.run(name, beat if name.startswith("beat") else worker, settings=settings)

    def start_page(self) -> None:
        """Start the publisher and the web server, and a visitor once the page is there."""
        self.run("publisher", [sys.executable, "manage.py", "publish"])
        listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        port = int(listener.getsockname()[1])
        listener.set_inheritable(True)
        self.run(
            "web",
            [sys.executable, "-m", "statuspage.serve", f"127.0.0.1:{port}"],
            settings={"CANDOR_SOCKET_FD": str(listener.fileno())},
            pass_fds=(listener.fileno(),),
        )
        listener.close()
        visitor = Visitor(port)
        self.until(lambda: not visitor.look(), timeout_s=60)
        threading.Thread(target=visitor.keep_looking, daemon=True).start()
        self.visitor = visitor

    def run(
        self,
        name: str,
        command: Sequence[str],
        *,
        settings: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**self.environment, **(settings or {})},
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=pass_fds,
            )

    def kill(self, name: str) -> None:
        """kill -9 of a process and all it started."""
        process = self.processes.pop(name)
        with suppress(ProcessLookupError):  # it had died, and nobody of its group is left
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def mood(self, **wrong: Any) -> None:
        """How the mail server misbehaves from now on: the fields of `sinks.Mood`."""
        self._sinks("POST", "/_mood", json.dumps(asdict(Mood(**wrong))))

    def seen(self) -> Any:
        """The fields of `sinks.Seen`."""
        return self._sinks("GET", "/_seen", "")

    def _sinks(self, method: str, path: str, body: str) -> Any:
        asking = http.client.HTTPConnection("127.0.0.1", urlsplit(self.http).port, timeout=30)
        try:
            asking.request(method, path, body)
            return json.loads(asking.getresponse().read())
        finally:
            asking.close()

    def taken(self) -> list[Taken]:
        found = []
        for line in (self.folder / "notes").read_text(encoding="utf-8").splitlines():
            fields = line.split("\t")
            if len(fields) == 5:
                found.append(Taken(fields[0], float(fields[1]), *fields[2:]))
        return found

    def wait_for(self, messages: int, *, timeout_s: float) -> bool:
        """Whether so many messages were taken in time."""
        notes = self.folder / "notes"
        return self.until(lambda: notes.read_bytes().count(b"\n") >= messages, timeout_s=timeout_s)

    def until(self, is_so: Callable[[], object], *, timeout_s: float, every_s: float = 0.2) -> bool:
        """Wait for something; whether it came true in time."""
        ends = time.monotonic() + timeout_s
        while not (is_true := bool(is_so())) and time.monotonic() < ends:
            time.sleep(every_s)
        return is_true

    def until_quiet(self, *, timeout_s: float, open_left: int = 0) -> bool:
        """Wait until every event is expanded and no more than so many deliveries are open."""

        def is_quiet() -> bool:
            found = self.counts()
            waiting = sum(found["states"].get(state, 0) for state in OPEN)
            return waiting <= open_left and not found["unexpanded"]

        return self.until(is_quiet, timeout_s=timeout_s, every_s=1)

    def errors(self) -> str:
        """What the processes complained of."""
        return "\n".join(
            path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log"))
        )

    def end(self) -> None:
        """End every process that this one started."""
        if self.visitor is not None:
            self.visitor.is_over.set()
        for name in list(self.processes):
            self.kill(name)
        if self._operator is not None:
            self._operator.kill()
            self._operator.communicate()


@contextmanager
def running(
    *, pause_ms: float, is_durable: bool = False, settings: dict[str, str] | None = None
) -> Iterator[Lab]:
    """A product with an empty database and no processes yet but its servers and sinks."""
    with ExitStack() as stack:
        database = stack.enter_context(servers.postgres_server(is_durable=is_durable))
        broker = stack.enter_context(servers.redis_server())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="candor-lab-")))
        (folder / "notes").touch()
        sinks = subprocess.Popen(
            [sys.executable, "-m", "tests.faultlab.sinks", folder / "notes", str(pause_ms)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        stack.callback(sinks.wait)
        stack.callback(sinks.terminate)
        assert sinks.stdout is not None
        with sinks.stdout as ports:
            mail, web = ports.readline().split()
        address = f"http://127.0.0.1:{int(web)}"
        lab = Lab(
            environment={
                **os.environ,
                "DATABASE_URL": database.url,
                "BROKER_URL": broker.url,
                "CANDOR_DATA": str(folder),
                "SECRET_KEY": "faultlab",
                "DJANGO_SETTINGS_MODULE": "statuspage.settings",
                "CANDOR_ORIGIN": "https://status.example.com",
                "EMAIL_URL": f"smtp://127.0.0.1:{int(mail)}",
                "CANDOR_ALLOW_PRIVATE_HOOKS": "1",
                "CANDOR_SLACK_HOSTS": "127.0.0.1",
                "CANDOR_PUSH_HOSTS": "127.*",
                "CANDOR_LOG_LEVEL": "ERROR",
                "CANDOR_TWILIO_URL": address,
                "CANDOR_TWILIO_SID": "AC" + "0" * 32,
                "CANDOR_TWILIO_TOKEN": "faultlab",
                "CANDOR_SMS_FROM": "+15550000",
                "CANDOR_SMS_PER_S": "100",
                **(settings or {}),
            },
            folder=folder,
            http=address,
            database=database,
            broker=broker,
        )
        try:
            lab.ask("migrate")
            yield lab
        finally:
            lab.end()


def percentile(values: list[float], share: float) -> float:
    """The value that this share of them does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def duplicates(taken: list[Taken]) -> int:
    """How many messages were taken more than once, of those that carry the id of their delivery."""
    counted = Counter(each.delivery_id for each in taken if each.delivery_id)
    return sum(count - 1 for count in counted.values())
