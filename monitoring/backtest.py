"""What would have been with other settings: stored samples of a node, judged anew.

Reads what recording stored and replays it (`monitoring.replaying`); changes nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from monitoring import findings, packing, replaying
from monitoring.judging import Limits
from monitoring.models import Blindness, HealthChange, Mode, Node, PackedHour, Replica, Sample
from monitoring.replaying import Change, Outage, Sampled, Setup
from probing.health import Health

MAX_DAYS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaResult:
    """One replica: what was recorded, and what would have been."""

    replica_id: int
    number: int
    address: str
    samples: int
    recorded: tuple[Change, ...]
    replayed: tuple[Change, ...]
    recorded_outages: tuple[Outage, ...]
    replayed_outages: tuple[Outage, ...]
    recorded_alerts: int
    replayed_alerts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A back-test of one node."""

    since: datetime
    until: datetime
    limits: Limits
    replicas: tuple[ReplicaResult, ...]

    @property
    def samples(self) -> int:
        return sum(row.samples for row in self.replicas)

    @property
    def recorded_alerts(self) -> int:
        return sum(row.recorded_alerts for row in self.replicas)

    @property
    def replayed_alerts(self) -> int:
        return sum(row.replayed_alerts for row in self.replicas)


def run(*, node: Node, days: int, now: datetime, **trial: float | None) -> Result:
    """Judge the samples of the last `days` days anew; `trial` are fields of Limits that differ.

    Begins at a full hour (UTC) with the health recorded by then. Retries cannot be changed: they
    happened inside each check.
    """
    since = (now.astimezone(UTC) - timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
    setup = setup_of(node, since=since, trial=trial)
    replicas = list(Replica.objects.filter(node=node).order_by("position", "id"))
    starts = _starts(node, since)
    recorded = _recorded(node, since, now)
    results = []
    for number, replica in enumerate(replicas, start=1):
        start, made = starts.get(replica.id), recorded.get(replica.id, [])
        rows = list(samples(replica_id=replica.id, since=since, until=now))
        replayed = replaying.replay(rows, setup=setup, until=now, start=start)
        results.append(
            ReplicaResult(
                replica_id=replica.id,
                number=number,
                address=replica.address,
                samples=len(rows),
                recorded=tuple(made),
                replayed=tuple(replayed),
                recorded_outages=tuple(replaying.outages(made, start=start)),
                replayed_outages=tuple(replaying.outages(replayed, start=start)),
                recorded_alerts=replaying.alerts(made, start=start),
                replayed_alerts=replaying.alerts(replayed, start=start),
            )
        )
    return Result(since=since, until=now, limits=setup.limits, replicas=tuple(results))


def setup_of(node: Node, *, since: datetime, trial: Mapping[str, float | None]) -> Setup:
    """What the node is judged by now, but for what is tried."""
    limits = replace(findings.limits_of(node), **trial)  # type: ignore[arg-type]
    named = dict(node.locations.values_list("slug", "name"))
    places = (({"": ""} if node.is_polled_centrally else {}) | named) if named else None
    rows = Blindness.objects.order_by("started_at").values_list("started_at", "ended_at")
    is_central = node.mode == Mode.POLL and node.is_polled_centrally
    blind = [
        Outage(start, end) for start, end in rows if is_central and (end is None or end >= since)
    ]
    return Setup(limits=limits, fresh_for=node.fresh_for, places=places, blind=blind)


def samples(*, replica_id: int, since: datetime, until: datetime) -> Iterator[Sampled]:
    """The stored samples of one replica in order of time, packed ones first."""
    hours = PackedHour.objects.filter(replica_id=replica_id, hour__gte=since, hour__lte=until)
    for hour, data in hours.order_by("hour").values_list("hour", "data"):
        base = replaying.tenths(hour)
        for offset_ds, latency_ms, outcome, place in packing.unpack_rows(bytes(data)):
            yield base + offset_ds, latency_ms, outcome, place
    hot = Sample.objects.filter(replica_id=replica_id, at__gte=since, at__lte=until)
    rows = hot.order_by("at", "id").values_list("at", "latency_ms", "outcome", "place")
    for at, latency_ms, outcome, place in rows:
        yield replaying.tenths(at), latency_ms, outcome, place


def _starts(node: Node, since: datetime) -> dict[int, Change]:
    """What held at `since`, by replica, as if it had been heard just then."""
    rows = HealthChange.objects.filter(replica__node=node, at__lt=since).order_by("at", "id")
    held = dict(rows.values_list("replica_id", "health"))
    return {replica_id: Change(since, None, _health(health)) for replica_id, health in held.items()}


def _recorded(node: Node, since: datetime, until: datetime) -> dict[int, list[Change]]:
    rows = HealthChange.objects.filter(replica__node=node, at__gte=since, at__lte=until)
    found: dict[int, list[Change]] = {}
    for replica_id, at, previous, health in rows.order_by("at", "id").values_list(
        "replica_id", "at", "previous", "health"
    ):
        found.setdefault(replica_id, []).append(Change(at, _health(previous), _health(health)))
    return found


def _health(stored: str | None) -> Health | None:
    return Health(stored) if stored else None
