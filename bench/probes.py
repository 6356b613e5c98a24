"""CPU time of one recorded HTTP probe, ours and the database's: `bin/bench probes`.

1,000 replicas are claimed, probed and recorded as the workers do it, against a web server in a
process of its own, first on a private PostgreSQL and then on SQLite. Counted are all CPU time of
the measured process (user and system, all threads) and of all PostgreSQL processes.
Options: --rounds N, --replicas N, --batch N (17 is a second's worth of 1,000 at 60 s), --parts.
"""

import argparse
import asyncio
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from tests import servers

# 600 µs on a machine where a bare request through asyncio's streams costs 115 µs.
TARGET_RATIO = 600 / 115

ANSWER = (
    b"HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\n"
    b"Content-Type: text/html; charset=utf-8\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"
)
COMPONENTS = 50


def main() -> None:
    """Measure on both databases and print one line."""
    options = _options()
    if options.serve:
        asyncio.run(_serve(options.serve))
    elif options.measure:
        print(json.dumps(_measure(options)))
    else:
        _compare(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench probes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--replicas", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--parts", action="store_true", help="say where the time went")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def _compare(options: argparse.Namespace) -> None:
    with _site() as port:
        with servers.postgres() as url:
            postgres = _measured(port, url)
        sqlite = _measured(port, None)
        bare = _bare(port, options)
    total = postgres["ours"] + postgres["database"]
    print(
        f"probes: {total:.0f} µs of CPU per recorded HTTP probe on PostgreSQL"
        f" ({postgres['ours']:.0f} ours, {postgres['database']:.0f} the database's),"
        f" {sqlite['ours']:.0f} µs on SQLite; {options.replicas:,} replicas in batches of"
        f" {options.batch}, median of {options.rounds} rounds;"
        f" a bare request through asyncio's streams costs {bare:.0f} µs in the same run,"
        f" so it is {total / bare:.1f} of them (target {TARGET_RATIO:.1f});"
        f" {_machine()}, Python {platform.python_version()}"
    )
    if options.parts:
        for name, result in (("PostgreSQL", postgres), ("SQLite", sqlite)):
            parts = ", ".join(f"{part} {cost:.0f}" for part, cost in result.items())
            print(f"  {name}, µs each: {parts}")


def _bare(port: int, options: argparse.Namespace) -> float:
    """CPU µs of a request that is neither read into nor recorded, as a measure of this machine."""

    async def ask(limit: asyncio.Semaphore) -> None:
        async with limit:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            await reader.read()
            writer.close()

    async def ask_all() -> None:
        limit = asyncio.Semaphore(100)
        await asyncio.gather(*(ask(limit) for _ in range(options.replicas)))

    cores = os.sched_getaffinity(0)
    _pin(0)
    costs: list[float] = []
    for _ in range(options.rounds):
        began = time.process_time()
        asyncio.run(ask_all())
        costs.append((time.process_time() - began) / options.replicas * 1e6)
    os.sched_setaffinity(0, cores)
    return statistics.median(costs)


def _measured(port: int, database_url: str | None) -> dict[str, float]:
    """Run the measured process with a data folder of its own; what it found."""
    with tempfile.TemporaryDirectory(prefix="candor-bench-") as folder:
        kept = {name: value for name, value in os.environ.items() if "CANDOR" not in name}
        kept.pop("DATABASE_URL", None)
        environment = {
            **kept,
            "SECRET_KEY": "bench-only",
            "CANDOR_DATA": folder,
            "CANDOR_ALLOW_PRIVATE_TARGETS": "1",
            "DJANGO_SETTINGS_MODULE": "statuspage.settings",
            **({"DATABASE_URL": database_url} if database_url else {}),
        }
        command = [sys.executable, "-m", "bench.probes", *sys.argv[1:], "--measure", str(port)]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


# ---- the measured process ---------------------------------------------------------------------


def _measure(options: argparse.Namespace) -> dict[str, float]:
    import django

    _pin(0)
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    now = _fill(options.replicas, options.measure)
    _round(options, now)  # imports, connections, every replica's first health
    minutes = range(1, options.rounds + 1)
    rounds = [_round(options, now + timedelta(minutes=minute)) for minute in minutes]
    return {part: statistics.median(found[part] for found in rounds) for part in rounds[0]}


def _fill(count: int, port: int) -> datetime:
    """Make the replicas, all due now; returns now."""
    from django.utils import timezone

    from monitoring.models import Replica
    from tests import build

    nodes = [build.node(dead_after_s=20) for _ in range(COMPONENTS)]
    now = timezone.now()
    Replica.objects.bulk_create(
        Replica(
            node=nodes[number % COMPONENTS],
            address=f"http://127.0.0.1:{port}/{number}",
            next_probe_at=now,
        )
        for number in range(count)
    )
    return now


def _round(options: argparse.Namespace, now: datetime) -> dict[str, float]:
    """Claim, probe and record every replica once; CPU µs a replica by part."""
    from django.conf import settings

    from common import egress
    from monitoring import polling, recording, scheduling

    guard = egress.monitor_guard(allow_private=settings.ALLOW_PRIVATE_TARGETS)
    spent = {"claim": 0.0, "load": 0.0, "record": 0.0}
    recorded = 0
    before, database_before = _own_cpu_s(), _database_cpu_s()
    while True:
        began = time.thread_time()
        batch = scheduling.claim_due_replicas(now=now, limit=options.batch)
        spent["claim"] += time.thread_time() - began
        if not batch.replica_ids:
            break
        began = time.thread_time()
        jobs = polling.load_jobs(replica_ids=batch.replica_ids)
        spent["load"] += time.thread_time() - began
        for wave in polling.observe(jobs=jobs, guard=guard, now=now):
            began = time.thread_time()
            recording.record(observations=wave, now=now)
            spent["record"] += time.thread_time() - began
            recorded += sum(observation.outcome.reachable is True for observation in wave)
    spent["ours"] = _own_cpu_s() - before
    spent["database"] = _database_cpu_s() - database_before
    spent["probe"] = spent["ours"] - spent["claim"] - spent["load"] - spent["record"]
    if recorded != options.replicas:
        sys.exit(f"Only {recorded} of {options.replicas} probes were answered and recorded.")
    return {part: cost / options.replicas * 1e6 for part, cost in spent.items()}


def _own_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _database_cpu_s() -> float:
    """CPU time of all processes of PostgreSQL, ended ones included; 0 for SQLite."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("select pg_read_file('postmaster.pid')")
        postmaster = cursor.fetchone()[0].split()[0]
    ticks = 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except OSError:  # ended meanwhile
            continue
        if file.parent.name == postmaster:
            ticks += sum(int(field) for field in fields[11:15])
        elif fields[1] == postmaster:
            ticks += sum(int(field) for field in fields[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


# ---- the web server that is probed --------------------------------------------------------------


class _Answering(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(ANSWER)
        self._transport.close()


async def _serve(port: int) -> None:
    _pin(1)
    server = await asyncio.get_running_loop().create_server(
        _Answering, "127.0.0.1", port, backlog=2000
    )
    await server.serve_forever()


@contextmanager
def _site() -> Iterator[int]:
    port = servers.free_port()
    command = [sys.executable, "-m", "bench.probes", "--serve", str(port)]
    with subprocess.Popen(command) as server:
        try:
            servers.wait_for_port(port)
            yield port
        finally:
            server.kill()


def _pin(core: int) -> None:
    """Stay on one core, so that the measured process and its counterparts do not share one."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[core % len(cores)]})


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "?")
    return f"{model}, {len(os.sched_getaffinity(0))} cores"


if __name__ == "__main__":
    main()
