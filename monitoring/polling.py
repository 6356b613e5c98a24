"""Run a batch of probes in one asyncio loop and hand the outcomes over as they come.

The loop lives in a thread of its own: storing one wave of outcomes must not stop the clock of the
probes still on their way. No transaction is open while the network is waited for.
"""

import asyncio
import contextlib
import functools
import queue
import resource
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

import probing
from monitoring import vantage
from monitoring.models import Node, Replica
from probing.base import Guard, Phases, ProbeOutcome, Reason
from probing.health import Health
from probing.options import HttpOptions, Thresholds
from probing.progress import checked
from probing.targets import Target, TargetInvalid, parse_target

# Outcomes are stored at most this often, so that the number of statements follows the time a batch
# takes and not its size, and a slow neighbour does not hold back what is already known.
WAVE_S = 0.4
# Starting all at once would measure our own queue: 500 local targets took 280 ms each instead of
# 1 ms. An HTTPS probe costs 1.7 ms of CPU (2 cores). Ten at once cost two thirds of ten one by one.
START_TOGETHER = 10
START_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be checked for one replica."""

    replica_id: int
    address: str
    http: HttpOptions
    thresholds: Thresholds


@dataclass(frozen=True, slots=True)
class Observation:
    """The outcome of one replica's check, and when it was known (aware).

    `place` is the slug of the location that checked, empty for here. `address` is what was checked,
    None where others reported. `measured` is a health that was reported or computed from a load;
    without it the node's limits judge the outcome. `silent_share` is the share of witnesses that were
    silent when a check failed (`vantage`).
    """

    replica_id: int
    outcome: ProbeOutcome
    at: datetime
    place: str = ""
    measured: Health | None = None
    silent_share: float = 0.0
    address: str | None = None


def load_jobs(*, replica_ids: Sequence[int]) -> list[Job]:
    """The jobs of a batch in two queries, with the options as they are now (D8)."""
    rows = Replica.objects.filter(id__in=replica_ids).values_list("id", "address", "node_id")
    # Options are read and their secrets unsealed once a node, not once a replica.
    options = {
        node.id: (node.http_options, node.thresholds)
        for node in Node.objects.filter(replicas__in=replica_ids).distinct()
    }
    return [
        Job(replica_id, address, *options[node_id])
        for replica_id, address, node_id in rows
        if node_id in options
    ]


def observe(*, jobs: Sequence[Job], guard: Guard, now: datetime) -> Iterator[list[Observation]]:
    """Run the jobs, all at once, and yield the outcomes in waves.

    Each starts when `start_after_s` says, however long the others take, and ends by its own total
    deadline, so the whole ends after the longest of them.
    `now` is the time at the start; the times of the outcomes are counted from it by a monotonic
    clock, so that a step of the wall clock moves nothing.
    """
    found: queue.SimpleQueue[list[Observation] | None] = queue.SimpleQueue()
    thread = threading.Thread(
        target=_run_loop, args=(jobs, guard, now, found), name="probes", daemon=True
    )
    thread.start()
    while (wave := found.get()) is not None:
        yield wave
    thread.join()


def start_after_s(number: int) -> float:
    """How long after the start of its batch the check with this number (from 0) starts."""
    return number // START_TOGETHER * START_EVERY_S


def _run_loop(
    jobs: Sequence[Job],
    guard: Guard,
    now: datetime,
    found: "queue.SimpleQueue[list[Observation] | None]",
) -> None:
    _allow_sockets()
    try:
        asyncio.run(_probe_all(jobs, guard, now, found))
    finally:
        found.put(None)


async def _probe_all(
    jobs: Sequence[Job],
    guard: Guard,
    now: datetime,
    found: "queue.SimpleQueue[list[Observation] | None]",
) -> None:
    started = time.monotonic()
    own = vantage.Vantage(witnesses=settings.WITNESSES)
    may_dial = functools.cache(guard)  # reading an address costs as much as asking about it
    waves = _Waves(found)

    async def check(job: Job) -> None:
        checked.set({"replica_id": job.replica_id})
        outcome, silent_share = await own.judge(await probe_job(job, may_dial))
        waves.add(
            Observation(
                job.replica_id,
                outcome,
                now + timedelta(seconds=time.monotonic() - started),
                place=settings.LOCATION,
                silent_share=silent_share,
                address=job.address,
            )
        )

    try:
        async with asyncio.TaskGroup() as group:
            for number, job in enumerate(jobs):
                if pause_s := start_after_s(number) - start_after_s(max(0, number - 1)):
                    await asyncio.sleep(pause_s)
                group.create_task(check(job))
    finally:
        waves.hand_over()


@functools.cache
def _allow_sockets() -> None:
    """Let this process have as many sockets as its host allows: 1,000 targets that hang are 1,000
    sockets, and the usual 1,024 open files are not enough for them.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # some systems forbid what they say they allow
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class _Waves:
    """Gathers outcomes in the loop: handing over each by itself would wake the storing thread for
    each, and the two would wait for one another more than they work.
    """

    def __init__(self, found: "queue.SimpleQueue[list[Observation] | None]") -> None:
        self._found = found
        self._wave: list[Observation] = []

    def add(self, observation: Observation) -> None:
        if not self._wave:
            asyncio.get_running_loop().call_later(WAVE_S, self.hand_over)
        self._wave.append(observation)

    def hand_over(self) -> None:
        if self._wave:
            self._found.put(self._wave)
            self._wave = []


@functools.lru_cache(maxsize=5000)
def _target(address: str) -> Target:
    return parse_target(address)


async def probe_job(job: Job, guard: Guard) -> ProbeOutcome:
    """One check of one replica, repeated while dead as often as its node says (D1)."""
    try:
        target = _target(job.address)
    except TargetInvalid as error:  # saved by an older version with other rules
        return ProbeOutcome(
            reachable=None,
            latency_ms=None,
            phases=Phases(),
            reason=Reason.CONFIGURATION_INVALID,
            detail=str(error)[:200],
        )
    return await probing.run_with_retries(
        target, http=job.http, thresholds=job.thresholds, guard=guard
    )


async def probe_once(job: Job, guard: Guard) -> ProbeOutcome:
    """One attempt, without repeating it while dead."""
    return await probing.run(
        parse_target(job.address),
        http=job.http,
        deadline_s=job.thresholds.dead_after_s,
        guard=guard,
    )
