"""Is it them or is it us? Witnesses that tell an outage of our own network from a target's.

While we are blind an outcome is inconclusive, so that a replica becomes unknown and never dead
(reliability F-28). Targets on this host's own loopback need no network and are never doubted.
"""

import asyncio
import dataclasses
import ipaddress
import re
import time
from collections.abc import Sequence
from pathlib import Path

import probing
from probing import routes
from probing.base import ProbeOutcome, Reason
from probing.options import HttpOptions
from probing.targets import Target, parse_target

WITNESS_DEADLINE_S = 1.0
_REMEMBERED_S = 3.0
# Of the checks of one batch: this many network failures, and this share of all, look like ours.
_SUSPICIOUS_COUNT = 5
_SUSPICIOUS_SHARE = 0.6
_NETWORK_REASONS = frozenset(
    {Reason.TIMEOUT, Reason.UNREACHABLE, Reason.DNS_FAILED, Reason.NAME_NOT_FOUND}
)
_RESOLV_CONF = Path("/etc/resolv.conf")


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
        self._checks = self._failures = 0

    async def judge(self, outcome: ProbeOutcome) -> ProbeOutcome:
        """The outcome as it is, or inconclusive when it is us who are cut off."""
        self._checks += 1
        if not _needs_network(outcome):
            return outcome
        self._failures += 1
        share = await self._failing_share()
        is_wide = (
            self._failures >= _SUSPICIOUS_COUNT
            and self._failures >= _SUSPICIOUS_SHARE * self._checks
        )
        if share >= 2 / 3 or (share > 0 and is_wide):
            return dataclasses.replace(
                outcome,
                reachable=None,
                reason=Reason.OWN_NETWORK,
                detail=f"Our own network seems to be down; the check said: {outcome.detail}"[:200],
            )
        return outcome

    async def _failing_share(self) -> float:
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


def _needs_network(outcome: ProbeOutcome) -> bool:
    if outcome.reachable is not False or outcome.reason not in _NETWORK_REASONS:
        return False
    return outcome.address is None or not ipaddress.ip_address(outcome.address).is_loopback


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
