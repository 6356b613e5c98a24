"""Health rules: a probe outcome and a person's limits in, healthy, sick or dead out (E1-E7)."""

from collections.abc import Iterable
from enum import StrEnum

from probing.base import ProbeOutcome
from probing.options import Thresholds


class Health(StrEnum):
    """How a replica is (E1). Measured, unlike a status, which is said."""

    HEALTHY = "healthy"
    SICK = "sick"
    DEAD = "dead"

    @property
    def rank(self) -> int:
        """Severity: 0 healthy, 1 sick, 2 dead."""
        return _RANKS[self]


_RANKS = {Health.HEALTHY: 0, Health.SICK: 1, Health.DEAD: 2}


def replica_health(outcome: ProbeOutcome, thresholds: Thresholds) -> Health | None:
    """The health one outcome stands for; None when it is inconclusive (unknown, never dead).

    Unreachable is dead; an answer that took `dead_after_s` or longer is dead (D2); one that took
    `sick_after_s` or longer is sick (D3). Both limits are at-or-above.
    """
    if outcome.reachable is None:
        return None
    if not outcome.reachable:
        return Health.DEAD
    latency_s = (outcome.latency_ms or 0.0) / 1000
    if latency_s >= thresholds.dead_after_s:
        return Health.DEAD
    if latency_s >= thresholds.sick_after_s:
        return Health.SICK
    return Health.HEALTHY


def load_health(
    *, cpu: float | None, ram: float | None, cpu_sick_above: float, ram_sick_above: float
) -> Health:
    """The health that a reported load stands for (D5, D6): sick when strictly above either limit.

    `cpu` is load average by number of CPUs and may exceed 1; `ram` is used by total. None is a
    bare sign of life, which is healthy.
    """
    if (cpu is not None and cpu > cpu_sick_above) or (ram is not None and ram > ram_sick_above):
        return Health.SICK
    return Health.HEALTHY


def worst(healths: Iterable[Health]) -> Health:
    """The most severe of them (E4, E5); healthy when there are none (E6).

    The same rule at every level: node = worst replica, service = worst node, page = worst service
    (E7).
    """
    return max(healths, key=lambda health: health.rank, default=Health.HEALTHY)
