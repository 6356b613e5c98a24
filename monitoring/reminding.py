"""Remind operators of what is still dead, as rarely as they chose. Called by beat."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q

from monitoring import alert_items, alert_letters, alerting, muting, reminders
from monitoring.models import AlertSettings, Replica
from monitoring.reminders import Backoff, Plan
from notifications.messages import Tone
from probing.health import Health


def remind(*, now: datetime) -> int:
    """Put a reminder into the outbox if one is due; how many letters it became.

    What is dead and was told counts, unless it is quiet (`muting.is_quiet`); once nothing is left of it, the next
    stretch begins with the first interval again.
    """
    chosen = AlertSettings.objects.filter(id=1, reminder_interval_s__gt=0).first()
    if chosen is None:
        return 0
    told = _told_dead(now)
    if not told:
        AlertSettings.objects.filter(id=1).exclude(reminders_sent=0, reminded_at=None).update(
            reminders_sent=0, reminded_at=None
        )
        return 0
    notices = [replica.dead_told_at for replica in told] + [chosen.reminded_at]
    plan, sent = _plan(chosen), chosen.reminders_sent
    is_due = reminders.is_due(
        plan=plan,
        sent=sent,
        last_notice_at=max(notice for notice in notices if notice is not None),
        muted_until=chosen.muted_until,
        now=now,
    )
    if not is_due:
        return 0
    with transaction.atomic():
        return _put(told, plan, sent, now) if _claim(chosen, now) else 0


def _told_dead(now: datetime) -> Sequence[Replica]:
    dead = Replica.objects.filter(health=Health.DEAD, dead_told_at__isnull=False)
    rows = dead.exclude(muting.is_quiet(now=now)).select_related("node__component")
    return list(rows.order_by("node__component_id", "node_id", "position", "id"))


def _claim(chosen: AlertSettings, now: datetime) -> bool:
    """Whether this reminder is ours to send; of two workers at once only one may."""
    is_same = Q(reminders_sent=chosen.reminders_sent, reminded_at=chosen.reminded_at)
    if chosen.reminded_at is None:
        is_same = Q(reminders_sent=chosen.reminders_sent, reminded_at__isnull=True)
    rows = AlertSettings.objects.filter(is_same, id=1)
    return rows.update(reminders_sent=chosen.reminders_sent + 1, reminded_at=now) == 1


def _put(told: Sequence[Replica], plan: Plan, sent: int, now: datetime) -> int:
    items = alert_items.describe(replicas=told, now=now, counts_time=True)
    also = _also_dead(now)
    message = alert_letters.compose(
        name="reminder",
        subject=f"Still dead: {items[0].name}"
        + (f" and {len(items) + len(also) - 1} more" if len(items) + len(also) > 1 else ""),
        context={"items": items, "also": alert_items.listed(also)},
        payload={"dead": [item.as_data() for item in items], "also_dead": also},
        tone=Tone.PROBLEM,
        now=now,
    )
    is_urgent = partial(_is_urgent, plan, sent)
    letters = [
        letter
        for channel in alert_letters.enabled(reminders=True)
        for letter in alert_letters.letters(
            channel=channel,
            message=message,
            dedupe_key=f"reminder:{now.isoformat()}",
            is_urgent=is_urgent,
        )
    ]
    return alert_letters.put(letters=letters, now=now)


def _is_urgent(plan: Plan, sent: int, position: int) -> bool:
    return reminders.is_urgent(plan=plan, sent=sent, position=position)


def _also_dead(now: datetime) -> list[str]:
    """Nodes that are dead and were not told for themselves."""
    rows = alerting.untold(now).select_related("node__component").order_by("node_id", "id")
    names = [f"{row.node.component.name} / {row.node.name}" for row in rows]
    return list(dict.fromkeys(names))


def _plan(chosen: AlertSettings) -> Plan:
    return Plan(
        interval=timedelta(seconds=chosen.reminder_interval_s or 0) or None,
        backoff=Backoff(chosen.reminder_backoff),
        limit=chosen.reminder_limit,
        escalates=chosen.escalates,
    )
