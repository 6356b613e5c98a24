import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from common import egress
from monitoring import inventory, polling, recording, testing
from monitoring.models import HealthChange, Replica, Sample
from probing.base import Reason
from probing.options import HttpOptions, Thresholds
from tests import build

pytestmark = pytest.mark.django_db
GUARD = egress.monitor_guard(allow_private=True)


@pytest.fixture
def site() -> Iterator[str]:
    """A real web server that answers at once."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "3")
            self.end_headers()
            self.wfile.write(b"ok\n")

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.fixture
def tarpit() -> Iterator[str]:
    """A server that accepts and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


@pytest.mark.req("C1", "C6")
def test_a_silent_neighbour_does_not_hold_back_what_is_already_known(
    site: str, tarpit: str
) -> None:
    quick = build.replica(address=site)
    silent = build.replica(
        address=tarpit, node=build.node(dead_after_s=1.5, sick_after_s=1, retries=0)
    )
    jobs = polling.load_jobs(replica_ids=[quick.id, silent.id])
    began = time.monotonic()
    arrived = {}
    for wave in polling.observe(jobs=jobs, guard=GUARD, now=datetime.now(UTC)):
        for observation in wave:
            arrived[observation.replica_id] = (time.monotonic() - began, observation.outcome)
    assert arrived[quick.id][1].reachable is True
    assert arrived[silent.id][1].reason == Reason.TIMEOUT
    assert arrived[quick.id][0] < 1.2 < arrived[silent.id][0]


@pytest.mark.req("C1")
def test_hanging_targets_do_not_hold_back_the_start_of_the_others(site: str, tarpit: str) -> None:
    options = HttpOptions()
    limits = Thresholds(sick_after_s=1.4, dead_after_s=1.5, retries=0)
    hanging = [polling.Job(number, tarpit, options, limits) for number in range(300)]
    jobs = [*hanging, polling.Job(300, site, options, limits)]
    waves = polling.observe(jobs=jobs, guard=GUARD, now=datetime.now(UTC))
    (first, *_) = next(waves)
    assert (first.replica_id, first.outcome.reachable) == (300, True)
    assert sum(len(wave) for wave in waves) == 300


@pytest.mark.req("B2", "C2", "D2")
def test_a_whole_batch_of_real_probes_is_recorded(site: str, tarpit: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        refusing = f"tcp://127.0.0.1:{closed.getsockname()[1]}"
        node = build.node(dead_after_s=0.5, sick_after_s=0.4, retries=0)
        ids = [build.replica(node=node, address=address).id for address in (site, tarpit, refusing)]
        for wave in polling.observe(
            jobs=polling.load_jobs(replica_ids=ids), guard=GUARD, now=datetime.now(UTC)
        ):
            recording.record(observations=wave, now=datetime.now(UTC))
    found = {replica.address: (replica.health, replica.reason) for replica in Replica.objects.all()}
    assert found == {
        site: ("healthy", "ok"),
        tarpit: ("dead", "timeout"),
        refusing: ("dead", "refused"),
    }


@pytest.mark.req("D1")
def test_a_dead_target_is_tried_once_and_as_often_again_as_its_node_says() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        replica = build.replica(
            address=f"tcp://127.0.0.1:{closed.getsockname()[1]}", node=build.node(retries=2)
        )
        jobs = polling.load_jobs(replica_ids=[replica.id])
        (wave,) = polling.observe(jobs=jobs, guard=GUARD, now=datetime.now(UTC))
    assert wave[0].outcome.attempts == 3


def test_the_log_says_which_replica_a_check_that_broke_was_of(
    site: str, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(address: str) -> bool:
        raise RuntimeError(address)

    limits = Thresholds(sick_after_s=1, dead_after_s=2, retries=0)
    jobs = [polling.Job(number, site, HttpOptions(), limits) for number in (7, 8)]
    (wave,) = polling.observe(jobs=jobs, guard=broken, now=datetime.now(UTC))

    assert {each.outcome.reason for each in wave} == {Reason.INTERNAL}
    told = [each for each in caplog.records if each.message == "probe failed by itself"]
    assert sorted(getattr(each, "replica_id", 0) for each in told) == [7, 8]


def test_a_private_target_is_not_dialled_unless_allowed_and_is_unknown_not_dead(site: str) -> None:
    replica = build.replica(address=site)
    jobs = polling.load_jobs(replica_ids=[replica.id])
    guard = egress.monitor_guard(allow_private=False)
    (wave,) = polling.observe(jobs=jobs, guard=guard, now=datetime.now(UTC))
    assert (wave[0].outcome.reachable, wave[0].outcome.reason) == (None, Reason.ADDRESS_FORBIDDEN)


@pytest.mark.req("E1")
@pytest.mark.parametrize("health", [None, "healthy", "dead"])
def test_what_a_check_found_is_not_said_of_what_replaced_its_target_meanwhile(
    health: str | None,
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        refusing = f"tcp://127.0.0.1:{closed.getsockname()[1]}"
        moved = build.replica(node=build.node(retries=0), address=refusing, health=health)
        handed_over = build.replica(node=build.node(retries=0), address=refusing, health=health)
        jobs = polling.load_jobs(replica_ids=[moved.id, handed_over.id])
        (wave,) = polling.observe(jobs=jobs, guard=GUARD, now=datetime.now(UTC))
    inventory.change_replica(replica=moved, address="https://example.com/", now=datetime.now(UTC))
    inventory.change_node(node=handed_over.node, mode="local", now=datetime.now(UTC))

    recording.record(observations=wave, now=datetime.now(UTC))

    moved.refresh_from_db()
    handed_over.refresh_from_db()
    assert [observation.outcome.reason for observation in wave] == [Reason.REFUSED] * 2
    assert (moved.health, moved.last_outcome_at, moved.reason) == (None, None, "")
    assert (handed_over.health, handed_over.last_outcome_at) == (health, None)
    assert not Sample.objects.exists()
    assert not HealthChange.objects.exists()


def test_a_test_probe_shows_timings_and_stores_nothing(site: str) -> None:
    node = build.node()
    outcome = testing.probe_once(node=node, address=site)
    assert outcome.reachable is True
    assert outcome.phases.connect_ms is not None
    assert outcome.phases.first_byte_ms is not None
    assert not Replica.objects.exists()
