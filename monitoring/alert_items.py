"""What an alert says: one item a replica, the subject, and the same as data for programs.

Called by `alerting`, which decides who is told of what.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Max

from components.models import Component
from components.status import Status
from monitoring.models import HealthChange, Replica
from probing.health import Health

_PHASES = {
    "dns_ms": "name lookup",
    "connect_ms": "connect",
    "tls_ms": "TLS",
    "first_byte_ms": "first byte",
}
_NAMED_DEPENDENTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One replica in an alert, ready for a template; `dependents` died with it.

    `folded` counts the changes, this one included, that were not told one by one (it flaps).
    """

    service: str
    node: str
    number: int
    address: str
    is_dead: bool
    since: datetime
    detail: str
    attempts: int
    phases: list[tuple[str, float]]
    visitors_see: str
    dead_for_s: int
    dependents: list[str] = field(default_factory=list)
    folded: int = 0

    @property
    def name(self) -> str:
        return f"{self.service} / {self.node}, replica {self.number}"

    @property
    def dead_for(self) -> str:
        """How long it was dead, or is by now, in words; empty for a death just seen."""
        return duration(self.dead_for_s) if self.dead_for_s or not self.is_dead else ""

    @property
    def named_dependents(self) -> str:
        return listed(self.dependents)

    def as_data(self) -> dict[str, Any]:
        """For a program: names, since when (ISO 8601), how long, and what was seen."""
        return {
            "service": self.service,
            "node": self.node,
            "replica": self.address,
            "health": "dead" if self.is_dead else "recovered",
            "since": self.since.isoformat(),
            "dead_for_s": self.dead_for_s,
            "detail": self.detail,
            "dependents": self.dependents,
            "folded_changes": self.folded,
        }


def describe(
    *,
    replicas: Sequence[Replica],
    now: datetime,
    dependents: Mapping[int, list[str]] | None = None,
    counts_time: bool = False,
) -> list[Told]:
    """What is said of these replicas, their nodes and components loaded; in four queries for any
    number of them.

    `dependents` are names by node, said with the first of its replicas. With `counts_time` an item
    of a dead replica says for how long it has been dead.
    """
    ids = [replica.id for replica in replicas]
    changes = _latest_changes(ids)
    died = _told_deaths([replica.id for replica in replicas if replica.health != Health.DEAD])
    numbers = _numbers({replica.node_id for replica in replicas})
    shown = _shown({replica.node.component_id for replica in replicas})
    waiting = dict(dependents or {})
    told = []
    for replica in replicas:
        change = changes.get(replica.id)
        is_dead = replica.health == Health.DEAD
        since = (change.at if change else replica.health_since) or now
        end, start = (
            (now if counts_time else since, since) if is_dead else (since, died.get(replica.id))
        )
        told.append(
            Told(
                service=replica.node.component.name,
                node=replica.node.name,
                number=numbers[replica.id],
                address=replica.address,
                is_dead=is_dead,
                since=since,
                detail=change.detail if change else replica.detail,
                attempts=change.attempts if change else 1,
                phases=_phases(change),
                visitors_see=Status(shown[replica.node.component_id]).label,
                dead_for_s=_seconds(end - start) if start else 0,
                dependents=waiting.pop(replica.node_id, []) if is_dead else [],
                folded=replica.flaps,
            )
        )
    return told


def subject(told: Sequence[Told]) -> str:
    """The alert in one line."""
    dead = [item for item in told if item.is_dead]
    recovered = [item for item in told if not item.is_dead]
    if len(told) == 1:
        text = f"{told[0].name} {'is dead' if dead else 'has recovered'}"
    else:
        parts = []
        if dead:
            parts.append(f"{len(dead)} {'replica is' if len(dead) == 1 else 'replicas are'} dead")
        if recovered:
            parts.append(f"{len(recovered)} {'has' if len(recovered) == 1 else 'have'} recovered")
        text = ", ".join(parts)
    following = sum(len(item.dependents) for item in told)
    return f"{text}, and {following} that depend on it" if following else text


def listed(names: Sequence[str]) -> str:
    """Names in one line, the first ten of them."""
    more = len(names) - _NAMED_DEPENDENTS
    line = ", ".join(names[:_NAMED_DEPENDENTS])
    return f"{line} and {more} more" if more > 0 else line


def duration(seconds: int) -> str:
    """A length of time in words, cut and not rounded."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def _latest_changes(replica_ids: Collection[int]) -> dict[int, HealthChange]:
    latest = (
        HealthChange.objects.filter(replica_id__in=replica_ids)
        .values("replica_id")
        .annotate(latest=Max("id"))
        .values("latest")
    )
    return {change.replica_id: change for change in HealthChange.objects.filter(id__in=latest)}


def _told_deaths(replica_ids: Collection[int]) -> dict[int, datetime]:
    """When these replicas died, of the deaths that operators were told."""
    deaths = HealthChange.objects.filter(
        replica_id__in=replica_ids,
        health=Health.DEAD,
        recorded_at__lte=F("replica__dead_told_at"),
    )
    return dict(deaths.values_list("replica_id").annotate(Max("at")))


def _numbers(node_ids: set[int]) -> dict[int, int]:
    """The number that each replica of these nodes has on the page."""
    numbers: dict[int, int] = {}
    last_node, number = 0, 0
    rows = Replica.objects.filter(node_id__in=node_ids).order_by("node_id", "position", "id")
    for replica_id, node_id in rows.values_list("id", "node_id"):
        number = number + 1 if node_id == last_node else 1
        last_node = node_id
        numbers[replica_id] = number
    return numbers


def _shown(component_ids: set[int]) -> dict[int, str]:
    return dict(Component.objects.filter(id__in=component_ids).values_list("id", "status"))


def _phases(change: HealthChange | None) -> list[tuple[str, float]]:
    seen = change.phases if change else {}
    return [(label, seen[key]) for key, label in _PHASES.items() if key in seen]


def _seconds(length: timedelta) -> int:
    return max(0, int(length.total_seconds()))
