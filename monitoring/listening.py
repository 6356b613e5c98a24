"""Replicas whose reports stopped: dead by their deadline, and removed when they are gone for good.

Silence is a column (`Replica.silent_at`, set with each report), so finding it costs what is due and
not what exists. Time in which we ourselves were away is nobody's silence.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction

from components import catalogue
from monitoring import clock_steps, pings, recording, reports, silence, verdicts
from monitoring.models import Mode, Pulse, Replica
from monitoring.polling import Observation
from probing.base import Phases, ProbeOutcome, Reason
from probing.health import Health

# The task runs every second; after a longer pause we were stopped, or the clock was set.
AWAY_AFTER = timedelta(seconds=15)
_PULSE = "silence"
# Our latest absence: from when, and when we noticed.
_LEFT, _BACK = "silence-left", "silence-back"
_BEATEN_EVERY = timedelta(seconds=3)


def find_silent(*, now: datetime, limit: int = 500) -> int:
    """Turn replicas dead whose deadline passed; how many there were.

    After a stop of ours every deadline is moved to a whole allowance from now, so that reporters
    can find us again first.
    """
    with transaction.atomic():
        _beat(now)
        clock_steps.look(now=now)
        overdue = list(
            Replica.objects.filter(silent_at__lt=now)
            .select_for_update(of=("self",))
            .select_related("node__component")
            .order_by("id")[:limit]
        )
        if not overdue:
            return 0
        held = _hold_again(overdue)
        silent = [replica for replica in overdue if replica.id not in held]
        strangers = [replica for replica in silent if _is_stranger(replica)]
        _remove(strangers, now=now)
        _declare([replica for replica in silent if not _is_stranger(replica)], now=now)
    return len(overdue)


def remove_gone(*, now: datetime) -> int:
    """Remove replicas that are silent for long while others of their node report; how many.

    The last one of a node stays: then it is the application that is down, not one instance less.
    """
    reporting = Replica.objects.filter(node=models.OuterRef("node"), silent_at__isnull=False)
    with transaction.atomic():
        gone = list(
            Replica.objects.filter(models.Exists(reporting), expires_at__lte=now)
            .select_for_update(of=("self",))
            .select_related("node")
            .order_by("id")
        )
        _remove(gone, now=now)
    return len(gone)


def _beat(now: datetime) -> None:
    """Note that we are here; hold all verdicts off when we were not."""
    pulse = Pulse.objects.select_for_update().filter(name=_PULSE).first()
    if pulse is None:
        Pulse.objects.get_or_create(name=_PULSE, defaults={"at": now})
        return
    away = abs(now - pulse.at)
    if away > AWAY_AFTER:
        _hold_off(now, since=pulse.at)
        for name, at in ((_LEFT, pulse.at), (_BACK, now)):
            Pulse.objects.update_or_create(name=name, defaults={"at": at})
    if away >= _BEATEN_EVERY:
        Pulse.objects.filter(name=_PULSE).update(at=now)


def _hold_off(now: datetime, *, since: datetime) -> None:
    waiting = Replica.objects.filter(silent_at__isnull=False).select_related("node")
    _move(waiting.select_for_update(of=("self",)).order_by("id"), now=now, since=since)


def _hold_again(overdue: Sequence[Replica]) -> set[int]:
    """Move deadlines that reports from before our return have set back since; whose they are.

    A report that a hanging database held up is stored after the deadlines were moved, and its own is
    counted from when it came: by then it has nearly passed, and the next reports came in vain.
    """
    pulses = Pulse.objects.in_bulk([_LEFT, _BACK])
    if len(pulses) < 2:
        return set()
    back_at = pulses[_BACK].at
    # Not of jobs: the start of one sets a deadline and is no outcome, and `_hold_off` knows theirs.
    held_up = [
        one
        for one in overdue
        if one.node.ping_every_s is None and one.last_outcome_at and one.last_outcome_at <= back_at
    ]
    return {replica.id for replica in _move(held_up, now=back_at, since=pulses[_LEFT].at)}


def _move(replicas: Iterable[Replica], *, now: datetime, since: datetime) -> list[Replica]:
    """Give these a whole allowance from `now`, our return; which of them needed it."""
    moved = []
    for replica in replicas:
        deadline = now + reports.allowance(replica.node, replica.announced_interval_s or 0)
        if _is_held_off(replica, deadline=deadline, since=since, now=now):
            replica.silent_at = deadline
            moved.append(replica)
    Replica.objects.bulk_update(moved, ["silent_at"], batch_size=500)
    return moved


def _is_held_off(replica: Replica, *, deadline: datetime, since: datetime, now: datetime) -> bool:
    """Whether its report may have come in vain while we were away."""
    if replica.silent_at is None or replica.silent_at >= deadline:
        # Later than any report makes it: by a clock that was ahead.
        return replica.silent_at is None or (since > now and replica.silent_at > deadline)
    return replica.node.ping_every_s is None or silence.may_have_missed(
        silent_at=replica.silent_at,
        grace_s=replica.node.ping_grace_s,
        away_from=min(since, now),
        away_to=max(since, now),
    )


def _is_stranger(replica: Replica) -> bool:
    """Known from its own reports and never seen healthy: it goes instead of being called dead."""
    return replica.first_healthy_at is None and replica.node.mode == Mode.PUSH


def _remove(replicas: Sequence[Replica], *, now: datetime) -> None:
    if not replicas:
        return
    Replica.objects.filter(id__in=[replica.id for replica in replicas]).delete()
    verdicts.refresh(component_ids={replica.node.component_id for replica in replicas}, now=now)
    catalogue.mark_dirty()


def _declare(replicas: Sequence[Replica], *, now: datetime) -> None:
    if not replicas:
        return
    recording.record(observations=[_silence(replica, now) for replica in replicas], now=now)
    ids = [replica.id for replica in replicas]
    kept = timedelta(hours=settings.GONE_REPLICA_KEPT_H)
    Replica.objects.filter(id__in=ids, health=Health.DEAD).update(
        silent_at=None, fresh_until=None, expires_at=now + kept
    )
    # Not dead yet: the node asks for several bad checks in a row. Each missed report is one more.
    for replica in Replica.objects.filter(id__in=ids).exclude(health=Health.DEAD):
        again_at = now + timedelta(seconds=max(1.0, replica.announced_interval_s or 0))
        Replica.objects.filter(id=replica.id).update(silent_at=again_at, fresh_until=None)


def _silence(replica: Replica, now: datetime) -> Observation:
    at = replica.silent_at or now
    if replica.last_outcome_at is not None:
        at = max(at, replica.last_outcome_at + timedelta(microseconds=1))
    announced_s = replica.announced_interval_s or 0
    detail = "No report in time."
    if replica.node.ping_every_s is not None:
        detail = pings.why_silent(node=replica.node, at=at)
    elif replica.last_outcome_at is not None and announced_s:
        silent_s = (at - replica.last_outcome_at).total_seconds()
        detail = f"No report for {silent_s:.0f} s; one was due every {announced_s:g} s."
    outcome = ProbeOutcome(
        reachable=False,
        latency_ms=None,
        phases=Phases(),
        reason=Reason.SILENT,
        detail=detail,
    )
    return Observation(replica_id=replica.id, outcome=outcome, at=at, measured=Health.DEAD)
