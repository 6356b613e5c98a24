"""Run a batch of probes in one asyncio loop and hand the outcomes over as they come.

The loop lives in a thread of its own: storing one wave of outcomes must not stop the clock of the
probes still on their way. No transaction is open while the network is waited for.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

import probing
from monitoring import vantage
from monitoring.models import Replica
from probing.base import Guard, Phases, ProbeOutcome, Reason
from probing.health import Health
from probing.options import HttpOptions, Thresholds
from probing.targets import Target, TargetInvalid, parse_target

# Outcomes are stored at most this often, so that the number of statements follows the time a batch
# takes and not its size, and a slow neighbour does not hold back what is already known.
WAVE_S = 0.4
CONCURRENCY = 250
# Starting all at once would measure our own queue: 500 local targets took 280 ms each instead of
# 1 ms. An HTTPS probe costs 1.7 ms of CPU (2 cores).
START_EVERY_S = 0.002


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

    `place` is the slug of the location that checked, empty for here. `measured` is a health that
    was reported or computed from a load; without it the node's limits judge the outcome.
    """

    replica_id: int
    outcome: ProbeOutcome
    at: datetime
    place: str = ""
    measured: Health | None = None


def load_jobs(*, replica_ids: Sequence[int]) -> list[Job]:
    """The jobs of a batch in one query, with the options as they are now (D8)."""
    replicas = Replica.objects.filter(id__in=replica_ids).select_related("node")
    return [
        Job(replica.id, replica.address, replica.node.http_options, replica.node.thresholds)
        for replica in replicas
    ]


def observe(*, jobs: Sequence[Job], guard: Guard, now: datetime) -> Iterator[list[Observation]]:
    """Run the jobs, all at once, and yield the outcomes in waves.

    Each check ends by its own total deadline, so the whole ends after the longest of them.
    `now` is the time at the start; the times of the outcomes are counted from it by a monotonic
    clock, so that a step of the wall clock moves nothing.
    """
    found: queue.SimpleQueue[Observation | None] = queue.SimpleQueue()
    thread = threading.Thread(
        target=_run_loop, args=(jobs, guard, now, found), name="probes", daemon=True
    )
    thread.start()
    is_over = False
    while not is_over:
        wave: list[Observation] = []
        ends = time.monotonic() + WAVE_S
        with suppress(queue.Empty):
            while (left := ends - time.monotonic()) > 0:
                observation = found.get(timeout=left)
                if observation is None:
                    is_over = True
                    break
                wave.append(observation)
        if wave:
            yield wave
    thread.join()


def _run_loop(
    jobs: Sequence[Job], guard: Guard, now: datetime, found: "queue.SimpleQueue[Observation | None]"
) -> None:
    try:
        asyncio.run(_probe_all(jobs, guard, now, found))
    finally:
        found.put(None)


async def _probe_all(
    jobs: Sequence[Job], guard: Guard, now: datetime, found: "queue.SimpleQueue[Observation | None]"
) -> None:
    started = time.monotonic()
    slots = asyncio.Semaphore(CONCURRENCY)
    own = vantage.Vantage(witnesses=settings.WITNESSES)

    async def check(job: Job, start_in_s: float) -> None:
        await asyncio.sleep(start_in_s)
        async with slots:
            outcome = await own.judge(await probe_job(job, guard))
        found.put(
            Observation(
                job.replica_id, outcome, now + timedelta(seconds=time.monotonic() - started)
            )
        )

    async with asyncio.TaskGroup() as group:
        for place, job in enumerate(jobs):
            group.create_task(check(job, place * START_EVERY_S))


async def probe_job(job: Job, guard: Guard) -> ProbeOutcome:
    """One check of one replica, repeated while dead as often as its node says (D1)."""
    try:
        target: Target = parse_target(job.address)
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
