"""Tell operators: a replica died, it recovered, it is still dead, or we stopped looking.

Writes deliveries in the transaction of the change; what is told in one pass is one message. What is
dead and not told yet is a replica with no `dead_told_at`: held back for its root cause, or muted.
A recovery is told to whoever was told of the death, also when an unknown stretch lay between.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from monitoring import (
    alert_items,
    alert_letters,
    dependencies,
    flapping,
    node_alerts,
    told_deaths,
)
from monitoring.alert_items import Told
from monitoring.dependencies import Answer, Seen
from monitoring.models import AlertSettings, HealthChange, Mode, Replica
from notifications.messages import Tone
from probing.health import Health

_ALIVE = [Health.HEALTHY, Health.SICK]
_IS_INVENTED = Q(node__mode__in=[Mode.PUSH, Mode.LOCAL], first_healthy_at__isnull=True)


def tell_changes(*, changes: Sequence[HealthChange], now: datetime) -> None:
    """Put the alert about these health changes into the outbox, and remember what was told.

    Call inside the transaction that stored the changes. No alert for sick (AMB-4). A death of a
    node that depends on others may be held back until `tell_held`, and one of a replica that flaps.
    """
    has_died = any(change.health == Health.DEAD for change in changes)
    alive = [change.replica_id for change in changes if change.health in _ALIVE]
    if not has_died and not alive:
        return
    flapping.fold(changes=changes, now=now)
    told_dead = Replica.objects.filter(
        id__in=alive, health__in=_ALIVE, dead_told_at__isnull=False
    ).select_related("node__component")
    recovered = list(told_dead.order_by("id")) if alive else []
    if has_died or recovered:
        _tell(recovered=recovered, now=now)


def tell_held(*, now: datetime) -> None:
    """Tell what was held back and need not wait any longer. Called by beat."""
    if not _tellable(now).exists() and not flapping.settled(now).exists():
        return
    with transaction.atomic():
        settled = flapping.settled(now).select_for_update(of=("self",), skip_locked=True)
        _tell(recovered=list(settled.select_related("node__component").order_by("id")), now=now)


def tell_interrupted(*, gaps: Sequence[HealthChange], now: datetime) -> None:
    """Tell operators that replicas went without a check; at most once an hour.

    Our own worker or network is the likely cause, so nobody else is told.
    """
    lost = [gap for gap in gaps if gap.previous is not None]
    if not lost:
        return
    since = min(gap.at for gap in lost)
    message = alert_letters.compose(
        name="interrupted",
        subject="Monitoring has been interrupted",
        context={"count": len(lost), "since": since},
        payload={"replicas": len(lost), "since": since.isoformat()},
        tone=Tone.NOTICE,
        about="interrupted",
        now=now,
    )
    key = f"interrupted:{now:%Y-%m-%dT%H}"
    letters = [
        letter
        for channel in alert_letters.enabled()
        for letter in alert_letters.letters(channel=channel, message=message, dedupe_key=key)
    ]
    alert_letters.put(letters=letters, now=now)


def _tell(*, recovered: Sequence[Replica], now: datetime) -> None:
    """One message to each channel about these recoveries and the deaths that are ripe."""
    died, dependents = _ripe(now)
    if not died and not recovered:
        return
    told = alert_items.describe(replicas=[*died, *recovered], dependents=dependents, now=now)
    _remember(died=list(zip(died, told, strict=False)), recovered=recovered, now=now)
    is_over = not Replica.objects.filter(dead_told_at__isnull=False).exists()
    # A replica is told of once in a pass, and no two passes at the same moment tell of the same.
    first = min(replica.id for replica in [*died, *recovered])
    key = f"health:{now.isoformat()}:{first}"
    letters = []
    for channel in alert_letters.enabled(closing=is_over and _has_reminded()):
        parts = [item for item in told if item.is_dead or channel.tells_recovery]
        if not parts:
            continue
        message = alert_letters.compose(
            name="health",
            subject=alert_items.subject(parts),
            context={"items": parts},
            payload=_payload(parts),
            tone=_tone(parts, is_over=is_over),
            now=now,
        )
        letters += alert_letters.letters(channel=channel, message=message, dedupe_key=key)
    alert_letters.put(letters=letters, now=now)


def untold(now: datetime) -> QuerySet[Replica]:
    """Dead replicas that operators do not know of, except those whose node is muted.

    One that a reporter named and nobody ever saw healthy is not worth waking anybody: whoever holds
    the reporter's token could invent them (reliability E2).
    """
    is_muted = Q(node__muted_until__gt=now)
    dead = Replica.objects.filter(health=Health.DEAD, dead_told_at__isnull=True)
    return dead.exclude(is_muted).exclude(_IS_INVENTED)


def _tellable(now: datetime) -> QuerySet[Replica]:
    """Those of them that need not wait for the end of a flap."""
    return untold(now).exclude(flapping.held(now))


def _ripe(now: datetime) -> tuple[list[Replica], dict[int, list[str]]]:
    """The dead replicas to tell now, and by node the names of what died because of it."""
    # A row that another recorder holds is told by that one, or a moment later by beat.
    waiting = list(
        _tellable(now)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("node__component")
        .order_by("id")
    )
    depends_on = node_alerts.dependencies_by_node() if waiting else {}
    if not depends_on:
        return waiting, {}
    seen = _seen(depends_on)
    window = timedelta(seconds=settings_row().dependency_window_s)
    ripe: list[Replica] = []
    following: dict[int, list[str]] = defaultdict(list)
    for replica in waiting:
        verdict = dependencies.judge(
            node=replica.node_id,
            died_at=replica.health_since or now,
            checked_at=replica.last_outcome_at or now,
            depends_on=depends_on,
            seen=seen,
            window=window,
            now=now,
        )
        if verdict.answer is Answer.TELL:
            ripe.append(replica)
        elif verdict.root is not None:
            name = f"{replica.node.component.name} / {replica.node.name}"
            if name not in following[verdict.root]:
                following[verdict.root].append(name)
    return ripe, following


def _seen(depends_on: Mapping[int, Collection[int]]) -> list[Seen]:
    """The replicas of all nodes that others depend on."""
    above = {other for others in depends_on.values() for other in others}
    return [
        Seen(
            node=replica.node_id,
            is_dead=replica.health == Health.DEAD,
            since=replica.health_since,
            checked_at=replica.last_outcome_at,
            is_suspect=replica.streak_health == Health.DEAD,
        )
        for replica in Replica.objects.filter(node_id__in=above).exclude(_IS_INVENTED)
    ]


def settings_row() -> AlertSettings:
    """How operators want to be told; the defaults before anybody chose."""
    return AlertSettings.objects.filter(id=1).first() or AlertSettings()


def _has_reminded() -> bool:
    """Whether reminders went out in this stretch, so that pagers that only get those know of it."""
    return AlertSettings.objects.filter(id=1, reminders_sent__gt=0).exists()


def _remember(
    *, died: Sequence[tuple[Replica, Told]], recovered: Sequence[Replica], now: datetime
) -> None:
    if died:
        ids = [replica.id for replica, _ in died]
        Replica.objects.filter(id__in=ids).update(dead_told_at=now, alerted_at=now, flaps=0)
        told_deaths.remember(items=died, now=now)
    if recovered:
        ids = [replica.id for replica in recovered]
        Replica.objects.filter(id__in=ids, flaps__gt=0).update(alerted_at=now, flaps=0)
        Replica.objects.filter(id__in=ids).update(dead_told_at=None)
        told_deaths.forget(replicas=recovered)


def _payload(told: Iterable[Told]) -> dict[str, object]:
    return {
        "dead": [item.as_data() for item in told if item.is_dead],
        "recovered": [item.as_data() for item in told if not item.is_dead],
    }


def _tone(told: Iterable[Told], *, is_over: bool) -> Tone:
    """A recovery only once nothing is dead any more: pagers close the whole incident on it."""
    if any(item.is_dead for item in told):
        return Tone.PROBLEM
    return Tone.RECOVERY if is_over else Tone.NOTICE
