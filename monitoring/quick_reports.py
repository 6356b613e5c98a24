"""The quick way for reports that change nothing: two statements for a whole batch.

`monitoring.reports` decides which those are. A row that changed since it was read fails the
condition of its update, and the batch then takes the long way.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, models, transaction

from monitoring.models import Mode, Replica
from monitoring.packing import Outcome
from probing.health import Health

_UPDATE = """
UPDATE monitoring_replica SET
  last_outcome_at = %s, silent_at = %s, announced_interval_s = %s, cpu = %s, ram = %s,
  checks_in_health = checks_in_health + 1
WHERE id = %s AND health = %s AND silent_at IS NOT NULL
"""
_INSERT = (
    "INSERT INTO monitoring_sample (replica_id, at, latency_ms, outcome) VALUES (%s, %s, NULL, %s)"
)
_OUTCOMES = {Health.HEALTHY: int(Outcome.HEALTHY), Health.SICK: int(Outcome.SICK)}


@dataclass(frozen=True, slots=True)
class Known:
    """A push replica as it is stored, with what judges it."""

    replica_id: int
    node_id: int
    health: str | None
    streak_health: str
    is_proven: bool
    silence_rule: str
    silent_after_s: float
    cpu_sick_above: float
    ram_sick_above: float

    def is_confirmed_by(self, health: Health) -> bool:
        """Whether this health is the known one, with no run of others to break."""
        return (
            self.health == health
            and self.streak_health in {"", health}
            and (self.is_proven or health is not Health.HEALTHY)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    """What a report changes of a replica whose health stays."""

    replica_id: int
    health: Health
    at: datetime
    silent_at: datetime
    announced_interval_s: float
    cpu: float | None
    ram: float | None

    @property
    def heard_at(self) -> datetime:
        """The time that is kept: in tenths of a second, as `recording` does; deadlines are exact."""
        return self.at.replace(microsecond=self.at.microsecond // 100_000 * 100_000)


def find(
    *, services: Collection[str], nodes: Collection[str], addresses: Collection[str]
) -> dict[tuple[str, str, str], Known]:
    """Push replicas with a report before, by service, node (slug or UUID) and id."""
    if not addresses:
        return {}
    is_service = models.Q(node__component__slug__in=services)
    is_node = models.Q(node__slug__in=nodes)
    if service_uuids := uuids(services):
        is_service |= models.Q(node__component__uuid__in=service_uuids)
    if node_uuids := uuids(nodes):
        is_node |= models.Q(node__uuid__in=node_uuids)
    rows = Replica.objects.filter(
        is_service, is_node, address__in=addresses, node__mode=Mode.PUSH, silent_at__isnull=False
    ).values_list(
        "node__component__slug",
        "node__component__uuid",
        "node__slug",
        "node__uuid",
        "address",
        "id",
        "node_id",
        "health",
        "streak_health",
        "first_healthy_at",
        "node__silence_rule",
        "node__silent_after_s",
        "node__cpu_sick_above",
        "node__ram_sick_above",
    )
    found: dict[tuple[str, str, str], Known] = {}
    for row in rows:
        service, service_uuid, node, node_uuid, address, *values, healthy_at = row[:10]
        known = Known(*values, healthy_at is not None, *row[10:])
        found[service, node, address] = known
        if service_uuids or node_uuids:
            found[str(service_uuid), str(node_uuid), address] = known
            found[str(service_uuid), node, address] = known
            found[service, str(node_uuid), address] = known
    return found


def store(*, quick: Sequence[Quick]) -> bool:
    """Store them in one transaction; False, with nothing stored, when one is out of date."""
    if not quick:
        return True
    moment = connection.ops.adapt_datetimefield_value
    # In order of ids, so that two batches wait for each other and never deadlock.
    latest = {item.replica_id: item for item in sorted(quick, key=lambda item: item.at)}
    rows = [
        (
            moment(item.heard_at),
            moment(item.silent_at),
            item.announced_interval_s,
            item.cpu,
            item.ram,
            item.replica_id,
            item.health.value,
        )
        for _, item in sorted(latest.items())
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(_UPDATE, rows)
        if cursor.rowcount != len(rows):
            transaction.set_rollback(True)
            return False
        cursor.executemany(
            _INSERT,
            [(item.replica_id, moment(item.heard_at), _OUTCOMES[item.health]) for item in quick],
        )
    return True


def uuids(names: Iterable[str]) -> list[uuid.UUID]:
    """Those of the names that are UUIDs."""
    return [uuid.UUID(name) for name in names if len(name) == 36 and _is_uuid(name)]


def _is_uuid(name: str) -> bool:
    try:
        uuid.UUID(name)
    except ValueError:
        return False
    return True
