"""Observations for tests, as a probe would hand them over."""

from datetime import datetime

from monitoring.models import Replica
from monitoring.polling import Observation
from probing.base import Phases, ProbeOutcome, Reason


def answered(replica: Replica, at: datetime, latency_ms: float = 80.0) -> Observation:
    outcome = ProbeOutcome(
        reachable=True,
        latency_ms=latency_ms,
        phases=Phases(dns_ms=1.0, connect_ms=2.0, first_byte_ms=latency_ms - 3),
        reason=Reason.OK,
        detail="200 in time",
        http_status=200,
    )
    return Observation(replica.id, outcome, at)


def refused(replica: Replica, at: datetime) -> Observation:
    outcome = ProbeOutcome(
        reachable=False,
        latency_ms=None,
        phases=Phases(dns_ms=1.0, connect_ms=0.4),
        reason=Reason.REFUSED,
        detail="Connection refused.",
        attempts=3,
    )
    return Observation(replica.id, outcome, at)


def inconclusive(replica: Replica, at: datetime) -> Observation:
    outcome = ProbeOutcome(
        reachable=None,
        latency_ms=None,
        phases=Phases(),
        reason=Reason.OWN_NETWORK,
        detail="Our own network is down.",
    )
    return Observation(replica.id, outcome, at)
