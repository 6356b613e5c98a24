"""Tell operators: a replica died, it recovered, or we stopped looking.

Writes deliveries in the transaction of the change; what changed in one pass is one message. A
recovery is told to whoever was told of the death, also when an unknown stretch lay between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string

from components.models import Component
from components.status import Status
from monitoring.models import AlertChannel, HealthChange, Replica
from notifications import outbox
from notifications.messages import Message
from probing.health import Health

_TEMPLATE = "monitoring/emails/{name}.{part}"


@dataclass(frozen=True, slots=True)
class Told:
    """One replica in an alert, ready for a template."""

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
    dead_for: str

    @property
    def name(self) -> str:
        return f"{self.service} / {self.node}, replica {self.number}"


_PHASES = {
    "dns_ms": "name lookup",
    "connect_ms": "connect",
    "tls_ms": "TLS",
    "first_byte_ms": "first byte",
}


def tell_changes(*, changes: Sequence[HealthChange], now: datetime) -> None:
    """Put the alert about these health changes into the outbox, and remember what was told.

    Call inside the transaction that stored the changes, with their replicas' nodes and components
    loaded. No alert for sick (AMB-4).
    """
    died = [
        change
        for change in changes
        if change.health == Health.DEAD and change.replica.dead_told_at is None
    ]
    recovered = [
        change
        for change in changes
        if change.health in {Health.HEALTHY, Health.SICK}
        and change.replica.dead_told_at is not None
    ]
    if not died and not recovered:
        return
    channels = list(AlertChannel.objects.filter(is_enabled=True))
    _remember(died=died, recovered=recovered, now=now)
    told = _describe([*died, *recovered])
    ids = sorted(change.id for change in [*died, *recovered])
    for channel in channels:
        parts = [item for item in told if item.is_dead or channel.tells_recovery]
        if parts:
            _put(
                channel,
                "health",
                {"items": parts, "subject": _subject(parts)},
                f"health:{ids[0]}-{ids[-1]}",
                now,
            )


def tell_interrupted(*, gaps: Sequence[HealthChange], now: datetime) -> None:
    """Tell operators that replicas went without a check; at most once an hour.

    Our own worker or network is the likely cause, so nobody else is told.
    """
    lost = [gap for gap in gaps if gap.previous is not None]
    if not lost:
        return
    context = {
        "count": len(lost),
        "since": min(gap.at for gap in lost),
        "subject": "Monitoring has been interrupted",
    }
    for channel in AlertChannel.objects.filter(is_enabled=True):
        _put(channel, "interrupted", context, f"interrupted:{now:%Y-%m-%dT%H}", now)


def _remember(*, died: list[HealthChange], recovered: list[HealthChange], now: datetime) -> None:
    if died:
        Replica.objects.filter(id__in=[change.replica_id for change in died]).update(
            dead_told_at=now
        )
    if recovered:
        Replica.objects.filter(id__in=[change.replica_id for change in recovered]).update(
            dead_told_at=None
        )


def _describe(changes: Sequence[HealthChange]) -> list[Told]:
    """What the message says, in two queries whatever the number of changes."""
    component_ids = {change.replica.node.component_id for change in changes}
    shown = dict(Component.objects.filter(id__in=component_ids).values_list("id", "status"))
    numbers = _numbers({change.replica.node_id for change in changes})
    return [
        Told(
            service=change.replica.node.component.name,
            node=change.replica.node.name,
            number=numbers[change.replica_id],
            address=change.replica.address,
            is_dead=change.health == Health.DEAD,
            since=change.at,
            detail=change.detail,
            attempts=change.attempts,
            phases=[
                (label, change.phases[key])
                for key, label in _PHASES.items()
                if key in change.phases
            ],
            visitors_see=Status(shown[change.replica.node.component_id]).label,
            dead_for=_duration(change),
        )
        for change in changes
    ]


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


def _duration(change: HealthChange) -> str:
    """How long the replica had been dead, in words; empty for a death."""
    told_at = change.replica.dead_told_at
    if change.health == Health.DEAD or told_at is None:
        return ""
    minutes, seconds = divmod(max(0, int((change.at - told_at).total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def _subject(told: Sequence[Told]) -> str:
    dead = [item for item in told if item.is_dead]
    recovered = [item for item in told if not item.is_dead]
    if len(told) == 1:
        return f"{told[0].name} {'is dead' if dead else 'has recovered'}"
    parts = []
    if dead:
        parts.append(f"{len(dead)} {'replica is' if len(dead) == 1 else 'replicas are'} dead")
    if recovered:
        parts.append(f"{len(recovered)} {'has' if len(recovered) == 1 else 'have'} recovered")
    return ", ".join(parts)


def _put(
    channel: AlertChannel, name: str, context: dict[str, object], dedupe_key: str, now: datetime
) -> None:
    url = f"{settings.CANDOR_ORIGIN}/admin/monitors/"
    context = {**context, "url": url, "now": now}
    message = Message(
        subject=str(context["subject"]),
        text=render_to_string(_TEMPLATE.format(name=name, part="txt"), context),
        html=render_to_string(_TEMPLATE.format(name=name, part="html"), context),
        url=url,
    )
    for recipient in channel.recipients:
        outbox.put(
            channel=channel.kind, address=recipient, message=message, dedupe_key=dedupe_key, now=now
        )
