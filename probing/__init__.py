"""Asks targets whether they are well: HTTP, TCP, ICMP and DNS probes and the health rules.

A pure async library without Django, used by `monitoring` and by the installable local daemon.
Nothing here keeps an object of one event loop, so several threads may each run their own.
"""

import asyncio
import dataclasses
from collections.abc import Mapping
from typing import Protocol

from probing import dns, health, http, icmp, resolving, tcp
from probing.base import Guard, Kind, ProbeOutcome
from probing.health import Health
from probing.options import HttpOptions, Thresholds
from probing.resolving import Resolver
from probing.targets import Target


class Probe(Protocol):
    """What every kind of probe looks like. It never raises but for cancellation."""

    async def __call__(
        self,
        target: Target,
        *,
        http: HttpOptions,
        deadline_s: float,
        guard: Guard,
        resolver: Resolver = ...,
    ) -> ProbeOutcome: ...


PROBES: Mapping[Kind, Probe] = {
    Kind.HTTP: http.probe,
    Kind.TCP: tcp.probe,
    Kind.ICMP: icmp.probe,
    Kind.DNS: dns.probe,
}


async def run(
    target: Target,
    *,
    http: HttpOptions,
    deadline_s: float,
    guard: Guard,
    resolver: Resolver = resolving.SYSTEM,
) -> ProbeOutcome:
    """Probe the target once. Ends by `deadline_s` plus half a second whatever it does.

    Never raises but for cancellation: every failure is an outcome.
    """
    probe = PROBES[target.kind]
    return await probe(target, http=http, deadline_s=deadline_s, guard=guard, resolver=resolver)


async def run_with_retries(
    target: Target,
    *,
    http: HttpOptions,
    thresholds: Thresholds,
    guard: Guard,
    pause_s: float = 0.5,
    resolver: Resolver = resolving.SYSTEM,
) -> ProbeOutcome:
    """Probe, and repeat while the attempt is dead: at most `thresholds.retries` + 1 attempts (D1).

    Each attempt may take `thresholds.dead_after_s` (D2); `pause_s` lies between two. A success
    stops at once, and so does an inconclusive attempt, which is unknown, not dead. The outcome is
    the last attempt's, with the number of attempts.
    """
    attempts = 0
    while True:
        attempts += 1
        outcome = await run(
            target,
            http=http,
            deadline_s=thresholds.dead_after_s,
            guard=guard,
            resolver=resolver,
        )
        is_dead = health.replica_health(outcome, thresholds) is Health.DEAD
        if not is_dead or attempts > thresholds.retries:
            return dataclasses.replace(outcome, attempts=attempts) if attempts > 1 else outcome
        await asyncio.sleep(pause_s)
