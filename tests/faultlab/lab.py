"""The product on private ports: PostgreSQL, Redis, sinks, workers and beat, ended with the block."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import servers

ROOT = Path(__file__).resolve().parents[2]

_SEED = """
import base64, json, os, sys, django
django.setup()
from datetime import timedelta
from django.utils import timezone
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives import serialization
from components import catalogue
from notifications.channels import CHANNELS
from notifications.channels.webhook import new_secret
from subscribers import links
from subscribers.models import Integration, Subscriber
from common import sealing
counts, http = json.loads(sys.argv[1]), sys.argv[2]
now = timezone.now() - timedelta(seconds=5)
catalogue.add_component(name="API", slug="api", now=now)
point = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
    serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
key = base64.urlsafe_b64encode(point).decode().rstrip("=")
secret = new_secret()
def secrets(channel, number):
    if channel == "webhook":
        host = f"127.1.{number // 250}.{number % 250 + 1}"
        return {"url": http.replace("127.0.0.1", host) + f"/webhook/{number}", "secret": secret}
    if channel == "webpush":
        host = f"127.2.0.{number % 3 + 1}"  # browsers have few push services
        return {"endpoint": http.replace("127.0.0.1", host) + f"/webpush/{number}", "p256dh": key, "auth": "A" * 22}
    return {}
made = {}
for channel, count in counts.items():
    if channel == "slack":
        Integration.objects.create(kind="slack", is_enabled=True, changed_at=now,
            sealed=sealing.seal_mapping({"url": f"{http}/slack/page"}))
        made[channel] = 1
        continue
    if channel not in CHANNELS:
        continue
    rows = []
    for number in range(count):
        address = {"email": f"reader{number}@example.com", "sms": f"+1555{number:07d}"}.get(
            channel, f"{channel}-{number}")
        row = Subscriber(channel=channel, address=address, canonical=address, state="active",
            created_at=now, confirmed_at=now)
        if channel not in {"email", "sms"}:
            row.secrets = secrets(channel, number)
        rows.append(row)
    Subscriber.objects.bulk_create(rows, batch_size=2000)
    made[channel] = count
print(json.dumps(made))
"""

_POST = """
import json, sys, time, django
django.setup()
from django.utils import timezone
from components.models import Component
from incidents import publishing
from incidents.lifecycle import Impact, State
from incidents.models import Incident
from incidents.publishing import Report
number = int(sys.argv[1])
began = time.time()
if number == 0:
    publishing.open_incident(report=Report(title="Trouble", text="We look at it.", impact=Impact.MAJOR,
        components={Component.objects.get().id: None}), notify=True, now=timezone.now())
else:
    states = [State.IDENTIFIED, State.MONITORING, State.RESOLVED]
    publishing.post_update(incident=Incident.objects.get(), state=states[min(number, 3) - 1],
        text=f"Update {number}.", notify=True, now=timezone.now())
print(json.dumps([began, time.time()]))
"""

_COUNT = """
import json, django
django.setup()
from collections import Counter
from django.apps import apps
from subscribers.models import Broadcast
Delivery = apps.get_model("notifications", "Delivery")
print(json.dumps({"rows": Delivery.objects.count(),
    "states": Counter(Delivery.objects.values_list("state", flat=True)),
    "unexpanded": Broadcast.objects.unfinished().count()}))
"""


_WARM = """
import json, django
django.setup()
from django.utils import timezone
from notifications import outbox
from notifications.messages import Message
outbox.put(channel="email", address="warm@example.com", message=Message(subject="warm", text="x"),
    dedupe_key="warm", now=timezone.now())
print("true")
"""


@dataclass(frozen=True)
class Taken:
    """One message that a sink took."""

    kind: str
    at: float
    recipient: str
    delivery_id: str
    subject: str


@dataclass
class Lab:
    """A running product. `kill` and `start` take the names of its processes."""

    environment: dict[str, str]
    folder: Path
    http: str
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def run(self, code: str, *arguments: str) -> Any:
        """The JSON that a program prints, run inside the product."""
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            check=True,
        )
        return json.loads(done.stdout)

    def seed(self, counts: dict[str, int]) -> dict[str, int]:
        made: dict[str, int] = self.run(_SEED, json.dumps(counts), self.http)
        return made

    def post(self, number: int) -> tuple[float, float]:
        """Publish update `number` (0 opens the incident): when it began and when it was done."""
        began, ended = self.run(_POST, str(number))
        return began, ended

    def warm_up(self) -> None:
        """Wait until a message goes all the way, so that starting processes is not measured."""
        self.run(_WARM)
        if not self.wait_for(1, timeout_s=60):
            raise TimeoutError(self.errors())
        (self.folder / "notes").write_text("")

    def start(self, name: str, *, settings: dict[str, str] | None = None) -> None:
        celery = [sys.executable, "-m", "celery", "-A", "statuspage", "--quiet"]
        worker = [
            *(*celery, "worker", "--without-gossip", "--without-mingle", "--without-heartbeat"),
            *("-l", "ERROR", "-P", "threads", "-n", f"{name}@%h", "-Q", "deliveries,upkeep"),
            *("-c", "4"),
        ]
        beat = [*celery, "beat", "-l", "ERROR", "--pidfile="]
        log = (self.folder / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            beat if name.startswith("beat") else worker,
            cwd=ROOT,
            env={**self.environment, **(settings or {})},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()

    def kill(self, name: str) -> None:
        """kill -9 of a process and all it started."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def taken(self) -> list[Taken]:
        found = []
        for line in (self.folder / "notes").read_text(encoding="utf-8").splitlines():
            fields = line.split("\t")
            if len(fields) == 5:
                found.append(Taken(fields[0], float(fields[1]), *fields[2:]))
        return found

    def counts(self) -> Any:
        """What the database says, without the message that warmed up."""
        found = self.run(_COUNT)
        found["rows"] -= 1
        found["states"]["sent"] = found["states"].get("sent", 0) - 1
        return found

    def wait_for(self, messages: int, *, timeout_s: float) -> bool:
        """Whether so many messages were taken in time."""
        ends = time.monotonic() + timeout_s
        notes = self.folder / "notes"
        while time.monotonic() < ends:
            if notes.read_bytes().count(b"\n") >= messages:
                return True
            time.sleep(0.2)
        return False

    def errors(self) -> str:
        """What the processes complained of."""
        return "\n".join(
            path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log"))
        )


@contextmanager
def running(
    *, pause_ms: float, is_durable: bool = False, settings: dict[str, str] | None = None
) -> Iterator[Lab]:
    """A product with an empty database and no processes yet but its servers and sinks."""
    with ExitStack() as stack:
        database = stack.enter_context(servers.postgres(is_durable=is_durable))
        broker = stack.enter_context(servers.redis())
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
            mail, http = ports.readline().split()
        address = f"http://127.0.0.1:{int(http)}"
        lab = Lab(
            environment={
                **os.environ,
                "DATABASE_URL": database,
                "BROKER_URL": broker,
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
        )
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v", "0"],
            cwd=ROOT,
            env=lab.environment,
            check=True,
        )
        try:
            yield lab
        finally:
            for name in list(lab.processes):
                lab.kill(name)


def percentile(values: list[float], share: float) -> float:
    """The value that this share of them does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def duplicates(taken: list[Taken]) -> int:
    """How many mails were taken more than once."""
    counted = Counter(each.delivery_id for each in taken if each.kind == "email")
    return sum(count - 1 for count in counted.values())
