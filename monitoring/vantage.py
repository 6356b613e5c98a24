"""Is it them or is it us? Witnesses that tell an outage of our own network from a target's.

While we are blind an outcome is inconclusive, so that a replica becomes unknown and never dead
(reliability F-28). Targets on this host's own loopback need no network and are never doubted.
`monitoring.blindness` keeps the finding for all workers.
"""

import asyncio
import dataclasses
import ipaddress
import re
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import probing
from monitoring.models import Blindness
from probing import routes
from probing.base import ProbeOutcome, Reason
from probing.options import HttpOptions
from probing.targets import Target, parse_target

WITNESS_DEADLINE_S = 1.0
_REMEMBERED_S = 3.0
# That many healthy poll replicas, and that share of all, failing within one interval look like ours.
SUSPICIOUS_COUNT = 5
_SUSPICIOUS_SHARE = 0.6
BLIND_SHARE = 2 / 3
_NETWORK_REASONS = frozenset(
    {Reason.TIMEOUT, Reason.UNREACHABLE, Reason.DNS_FAILED, Reason.NAME_NOT_FOUND}
)
_RESOLV_CONF = Path("/etc/resolv.conf")


def is_blind(*, now: datetime) -> bool:
    """Whether our own network is down, as far as any worker found out."""
    return Blindness.objects.filter(is_open=True, started_at__lte=now).exists()


def is_wide(*, failing: int, healthy: int) -> bool:
    """Whether so many of the healthy fail at once that one failing witness settles it."""
    return failing >= SUSPICIOUS_COUNT and failing >= _SUSPICIOUS_SHARE * healthy


def needs_network(address: str) -> bool:
    """Whether what is checked lies beyond this host's own loopback, by its address as written."""
    host = parse_target(address).host
    if host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def is_network_failure(outcome: ProbeOutcome) -> bool:
    """Whether the outcome is one that a cut of our own network would give, too."""
    if outcome.reachable is not False or outcome.reason not in _NETWORK_REASONS:
        return False
    return outcome.address is None or not ipaddress.ip_address(outcome.address).is_loopback


def doubted(outcome: ProbeOutcome) -> ProbeOutcome:
    """The outcome as inconclusive, because it may be ours."""
    return dataclasses.replace(
        outcome,
        reachable=None,
        latency_ms=None,
        reason=Reason.OWN_NETWORK,
        detail=f"Our own network seems to be down; the check said: {outcome.detail}"[:200],
    )


class Vantage:
    """What one batch knows of our own network. Belongs to one event loop.

    `witnesses` are targets that are practically always up, on networks apart; without any, the
    host's routes and its name servers bear witness.
    """

    def __init__(self, *, witnesses: Sequence[str]) -> None:
        self._witnesses = [parse_target(witness) for witness in witnesses] or _name_servers()
        self._asks_routes = not witnesses
        self._lock = asyncio.Lock()
        self._share: float | None = None
        self._asked_at = 0.0

    async def judge(self, outcome: ProbeOutcome) -> tuple[ProbeOutcome, float]:
        """The outcome, inconclusive when it is us who are cut off; and the share of silent witnesses.

        Some silent witnesses make a network failure doubtful: `blindness` then looks at how many
        others fail.
        """
        if not is_network_failure(outcome):
            return outcome, 0.0
        share = await self.failing_share()
        return (doubted(outcome) if share >= BLIND_SHARE else outcome), share

    async def is_cut_off(self) -> bool:
        """One round of the witnesses: whether so many are silent that it is us."""
        return await self.failing_share() >= BLIND_SHARE

    async def failing_share(self) -> float:
        """The share of witnesses that do not answer, asked anew every few seconds."""
        async with self._lock:
            if self._share is None or time.monotonic() - self._asked_at > _REMEMBERED_S:
                testimonies = [routes.has_any()] if self._asks_routes else []
                testimonies += await asyncio.gather(
                    *(self._ask(target) for target in self._witnesses)
                )
                self._share = testimonies.count(False) / len(testimonies)
                self._asked_at = time.monotonic()
            return self._share

    async def _ask(self, witness: Target) -> bool:
        outcome = await probing.run(
            witness, http=HttpOptions(), deadline_s=WITNESS_DEADLINE_S, guard=_anywhere
        )
        return bool(outcome.reachable)


def _anywhere(_address: str) -> bool:
    """Witnesses come from the settings file and the resolver's, never from a form: any address."""
    return True


def _name_servers() -> list[Target]:
    """The resolver's servers as DNS targets; every working resolver knows who serves .com."""
    try:
        text = _RESOLV_CONF.read_text("utf-8", errors="replace")
    except OSError:
        return []
    servers = re.findall(r"^\s*nameserver\s+([0-9A-Fa-f.:]+)", text, re.MULTILINE)[:3]
    return [
        parse_target(f"dns://com?type=NS&server={f'[{server}]' if ':' in server else server}")
        for server in servers
    ]
