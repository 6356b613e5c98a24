"""What one observation stands for by its node's limits, and what is kept of it."""

from datetime import datetime

from monitoring import judging
from monitoring.judging import Limits
from monitoring.models import Mode, Node
from monitoring.packing import Outcome
from monitoring.polling import Observation
from probing.base import Phases
from probing.health import Health

SAMPLED = {
    None: Outcome.UNKNOWN,
    Health.HEALTHY: Outcome.HEALTHY,
    Health.SICK: Outcome.SICK,
    Health.DEAD: Outcome.DEAD,
}


def limits_of(node: Node) -> Limits:
    """What a person set on the node, for the rules."""
    return Limits(
        sick_after_s=node.sick_after_s,
        dead_after_s=node.dead_after_s,
        bad_checks=node.bad_checks,
        good_checks=node.good_checks,
        quorum=node.quorum,
        retries=node.retries,
    )


def tenths(at: datetime) -> datetime:
    """The moment in whole tenths of a second, rounded down, as samples are kept."""
    return at.replace(microsecond=at.microsecond // 100_000 * 100_000)


def is_meant(observation: Observation, *, address: str, mode: Mode) -> bool:
    """Whether it is still about the replica: a check that was under way while a person pointed the
    replica elsewhere, or had it reported instead, says nothing of what it is now.
    """
    return observation.address is None or (observation.address == address and not mode.is_reported)


def found(observation: Observation, limits: Limits) -> tuple[Health | None, int | None]:
    """The health it stands for (None: it says nothing), and the latency to keep of it, from which a
    replay finds the same.
    """
    outcome = observation.outcome
    latency_ms = None if outcome.latency_ms is None else int(outcome.latency_ms)
    if observation.measured is not None:
        if latency_ms is not None and judging.by_limits(latency_ms, limits) != observation.measured:
            latency_ms = None  # judged elsewhere by other limits: ours would say something else
        return observation.measured, latency_ms
    if outcome.reachable is None:
        return None, None
    if not outcome.reachable:
        return Health.DEAD, None
    return judging.by_limits(latency_ms or 0, limits), latency_ms


def phases(phases: Phases) -> dict[str, float]:
    """The phases that were entered, in milliseconds by name, as they are stored."""
    values = {
        "dns_ms": phases.dns_ms,
        "connect_ms": phases.connect_ms,
        "tls_ms": phases.tls_ms,
        "first_byte_ms": phases.first_byte_ms,
    }
    return {name: value for name, value in values.items() if value is not None}
