"""A database inside a LAN: watched by the installed daemon, which dies, recovers and falls silent."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests import servers
from tests.stories.world import Product, running, wait_for

pytestmark = pytest.mark.story

# Only the daemon is told of this address; the central poller never looks at local nodes.
ALIAS = "127.77.0.1"
INTERVAL_S, GRACE_S, DEAD_AFTER_S = 2, 4, 1
# A check is due, takes its whole time, is reported, and the page follows.
IN_TIME_S = INTERVAL_S + DEAD_AFTER_S + 4

SET_UP = """
from django.utils import timezone
from components import catalogue
from monitoring import inventory, tokens
from monitoring.models import TokenKind
now = timezone.now()
component = catalogue.add_component(name="Data", slug="data", now=now)
node = inventory.add_node(component=component, name="database", slug="database", now=now,
    mode="local", interval_s={interval_s}, retries=0, sick_after_s=0.5, dead_after_s={dead_after_s},
    silent_after_s=1)
inventory.add_replica(node=node, address="{address}", now=now)
print(tokens.create(kind=TokenKind.LOCAL, node=node, now=now)[1])
"""


class Database:
    """A TCP service on the alias that counts who asks."""

    def __init__(self) -> None:
        self.port = servers.free_port()
        self.asked = 0
        self._socket: socket.socket | None = None

    @property
    def address(self) -> str:
        return f"tcp://{ALIAS}:{self.port}"

    def start(self) -> None:
        self._socket = socket.create_server((ALIAS, self.port))
        threading.Thread(target=self._accept, args=(self._socket,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                caller, _ = listening.accept()
            except OSError:
                return
            self.asked += 1
            caller.close()

    def stop(self) -> None:
        if self._socket is not None:
            # Closing alone leaves it open while a thread accepts.
            self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            self._socket = None


class Daemon:
    """candor-local, as pip installed it, run and stopped like a service."""

    def __init__(self, installed: Path, folder: Path, origin: str, token: str) -> None:
        self.folder, self.target, self.log = folder, installed, folder / "daemon.log"
        self._origin, self._token = origin, token
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, self.target / "bin" / "candor-local", "--url", self._origin),
                    *("--queue", self.folder / "unsent.json", "--location", "cellar"),
                ],
                cwd=self.target,
                env={
                    **os.environ,
                    "PYTHONPATH": str(self.target),
                    "CANDOR_LOCAL_TOKEN": self._token,
                },
                stderr=log,
            )

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            assert self._process.wait(timeout=10) == 0, self.log.read_text()
            self._process = None


@pytest.mark.req("C4", "D7", "V1", "V3")
def test_a_database_in_a_lan_dies_recovers_and_its_daemon_falls_silent(
    tmp_path: Path, installed: Path, prepared: Path
) -> None:
    database = Database()
    shutil.copytree(prepared, tmp_path / "data")
    product = Product(tmp_path / "data", {"CANDOR_LOCAL_GRACE_S": str(GRACE_S)})
    with running(database, product):
        script = SET_UP.format(
            interval_s=INTERVAL_S, dead_after_s=DEAD_AFTER_S, address=database.address
        )
        token = product.shell(script).split()[-1]
        wait_for(lambda: "Data" in product.get("/").text, 5, product.log)

        daemon = Daemon(installed, tmp_path, product.origin, token)

        def log() -> str:
            return product.log() + "\n" + daemon.log.read_text()

        def health() -> str:
            (component,) = product.json("/status/report")["components"]
            (replica,) = component["nodes"][0]["replicas"]
            return str(replica["health"])

        assert database.asked == 0  # nobody but the daemon asks
        with running(daemon):
            wait_for(lambda: health() == "healthy", IN_TIME_S, log)

            database.stop()
            wait_for(lambda: health() == "dead", IN_TIME_S, log)
            assert "Major outage" in product.get("/").text
            database.start()
            wait_for(lambda: health() == "healthy", IN_TIME_S, log)

            daemon.stop()
            began, asked = time.monotonic(), database.asked
            wait_for(lambda: health() == "dead", INTERVAL_S + GRACE_S + 4, log)
            # Not before the promised interval and the grace are over; reported up to now at least.
            assert time.monotonic() - began > GRACE_S - 0.5
            assert database.asked == asked

            daemon.start()
            wait_for(lambda: health() == "healthy", IN_TIME_S, log)
        assert token not in daemon.log.read_text()
