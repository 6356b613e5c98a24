"""What the metrics are made from: frozen values, as `reading` finds them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from components.status import Status
from monitoring.packing import Outcome
from monitoring.totals import Total
from probing.health import Health


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentFact:
    """A component with its uptime as a ratio from 0 to 1 by window ("24h"); None: nothing measured."""

    name: str
    group: str
    status: Status
    uptime: Mapping[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaFact:
    """A replica and the last thing seen of it; `health` is None while nothing recent is known."""

    component: str
    node: str
    address: str
    health: Health | None
    response_s: float | None
    certificate_expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything at one moment. Times are aware; ages are in seconds, None when nothing waits."""

    version: str
    indicator: str
    components: tuple[ComponentFact, ...]
    replicas: tuple[ReplicaFact, ...]
    checks: Mapping[Outcome, Total]
    open_incidents: Mapping[str, int]
    running_maintenance: int
    deliveries: Mapping[tuple[str, str], int]
    hooks_waiting: int
    oldest_due_age_s: float | None
    published_at_s: float | None  # seconds since 1970
