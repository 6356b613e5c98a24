"""The page answers while everything behind it is taken away, piece by piece."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.stories.world import ROOT, Product, Web, running, wait_for

pytestmark = [pytest.mark.story, pytest.mark.xdist_group("shared product")]

DESCRIPTION = """
page: {{name: Acme}}
components:
  - name: Landing page
    slug: landing-page
    nodes:
      - {{name: web, slug: web, mode: poll, interval_s: 1, retries: 0, dead_after_s: 1, sick_after_s: 0.9, replicas: ["{url}"]}}
"""


class Visitor:
    """Loads the page over and over, and counts what came back."""

    def __init__(self, product: Product) -> None:
        self._product, self._stopping = product, threading.Event()
        self.answers: Counter[int] = Counter()
        self.failures: list[str] = []
        self._thread = threading.Thread(target=self._visit, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _visit(self) -> None:
        while not self._stopping.is_set():
            answer = self._product.get("/")
            if "reset" in answer.text or "disconnected" in answer.text:
                # It was just being answered by the process that was killed: browsers ask again.
                answer = self._product.get("/")
            self.answers[answer.status_code] += 1
            if answer.status_code != 200:
                self.failures.append(answer.text[:200])
            time.sleep(0.02)

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()


def kill(pids: list[int]) -> None:
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


@contextmanager
def database_gone(folder: Path) -> Iterator[None]:
    """Make the database file unreadable, for root too: root reads files without permission."""
    database, away = folder / "candor.sqlite3", folder / "away"
    database.chmod(0)
    away.mkdir()
    for file in folder.glob("candor.sqlite3*"):
        file.rename(away / file.name)
    database.mkdir()
    try:
        yield
    finally:
        database.rmdir()
        for file in away.iterdir():
            file.rename(folder / file.name)
        database.chmod(0o600)


def test_a_second_bin_up_and_a_busy_port_are_refused_with_a_sentence(
    shared_product: Product, tmp_path: Path
) -> None:
    again = Product(shared_product.folder, {})
    assert "already running on this data folder" in _run_to_its_end(again)
    other = Product(tmp_path, {})
    other.port = shared_product.port
    assert f"Port {other.port} on 127.0.0.1 cannot be used" in _run_to_its_end(other)


@pytest.mark.req("C0")
def test_the_page_answers_without_workers_web_process_and_database(
    shared_product: Product,
) -> None:
    product, web = shared_product, Web()
    with running(web):
        applied = product.manage("apply", "-", text=DESCRIPTION.format(url=web.url))
        assert applied.returncode == 0, applied.stdout + applied.stderr
        wait_for(
            lambda: product.health() == "healthy" and "Landing page" in product.get("/").text,
            40,
            product.log,
        )
        visitor = Visitor(product)
        with running(visitor):
            for pattern in ("-Q probes", "-Q deliveries", "celery.* beat", "manage.py publish"):
                kill(product.children(pattern)[:1])
            wait_for(lambda: any("probes ended" in line for line in product.lines), 20, product.log)

            # A person's "the web process": one granian, as bin/up started it, then its worker.
            kill(product.children("statuspage.serve")[:1])
            time.sleep(1)
            kill(product.children("statuspage.serve")[-1:])
            time.sleep(2)

            with database_gone(product.folder):
                time.sleep(4)
                wait_for(lambda: product.get("/readyz").status_code == 503, 30, product.log)
                assert "Landing page" in product.get("/").text
                assert product.get("/livez").status_code == 200
                for path, title in (
                    ("/feed", "Acme Status - Incident History"),
                    ("/components/landing-page.atom", "Acme Status - Landing page"),
                    ("/maintenance.ics", "X-WR-CALNAME:Acme Status - Maintenance"),
                ):
                    assert title in product.get(path).text
                wait_for(lambda: product.get("/subscribe").status_code == 503, 30, product.log)
                assert "is restarting" in product.get("/subscribe").text

        assert set(visitor.answers) == {200}, (visitor.answers, visitor.failures)
        assert visitor.answers[200] > 30
        # Everything comes back by itself, and what is measured shows again.
        wait_for(lambda: product.get("/readyz").status_code == 200, 60, product.log)
        web.stop()
        wait_for(lambda: product.health() == "dead", 40, product.log)


def _run_to_its_end(product: Product) -> str:
    done = subprocess.run(
        [sys.executable, ROOT / "bin" / "up", "--port", str(product.port)],
        env=product.environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    return done.stdout + done.stderr
