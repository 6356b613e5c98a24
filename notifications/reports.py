"""What a provider reports of a message after it took it: on its way, arrived, or lost after all.

Called by the hook. A report may come twice, late, out of order, or before our own note that the
message was taken: what is known already is not changed by it.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from notifications.channels.base import Blame, Carried
from notifications.messages import BLANK
from notifications.models import Delivery, State

_logger = logging.getLogger(__name__)

# Phones that are off get a message for days; an older report is no news, or no honest one.
BELIEVED_FOR = timedelta(days=14)


def take(*, channel: str, number: int, delivery_id: str, report: Carried, now: datetime) -> bool:
    """Note a genuine report about the delivery of this row and name; whether it is news."""
    with transaction.atomic():
        rows = Delivery.objects.filter(channel=channel, created_at__gt=now - BELIEVED_FOR)
        row = rows.select_for_update().filter(pk=number).first()
        if row is None or row.public_id != delivery_id:
            return False
        changes = _changes(row, report, now)
        return bool(changes and Delivery.objects.filter(pk=row.pk).update(**changes))


def _changes(row: Delivery, report: Carried, now: datetime) -> dict[str, Any]:
    if row.provider_id and row.provider_id != report.provider_id and not report.is_delivered:
        return {}  # of an earlier copy; the later one decides
    if report.refusal is not None:
        return _lost(row, report, now)
    changes = _sent(row) if _is_in_doubt(row) else {}
    if not row.provider_id:
        changes["provider_id"] = report.provider_id
    if report.is_delivered and row.delivered_at is None and row.state != State.FAILED:
        changes["delivered_at"] = now
    return changes


def _is_in_doubt(row: Delivery) -> bool:
    """Handed over without an answer: that the provider speaks of it is the answer."""
    return row.handed_at is not None and row.state in {State.PENDING, State.UNKNOWN}


def _sent(row: Delivery) -> dict[str, Any]:
    return {
        "state": State.SENT,
        "sent_at": row.handed_at,
        "next_attempt_at": None,
        "lease_token": "",
        "last_error": "",
        "sealed": "",
        **_blanked(row),
    }


def _lost(row: Delivery, report: Carried, now: datetime) -> dict[str, Any]:
    is_waiting = row.state == State.PENDING and row.handed_at is None
    is_over = row.state in {State.FAILED, State.CANCELLED, State.FOLDED, State.EXPIRED}
    if report.refusal is None or row.delivered_at is not None or is_over or is_waiting:
        return {}
    _logger.warning(
        "delivery lost on its way: delivery=%s %s", row.public_id, report.refusal, extra=row.log_ids
    )
    return {
        "state": State.FAILED,
        "provider_id": report.provider_id,
        "sent_at": None,
        "next_attempt_at": None,
        "lease_token": "",
        "last_error": str(report.refusal)[:500],
        "bounced_at": now if report.refusal.blame is Blame.ADDRESS else None,
        **_blanked(row),
    }


def _blanked(row: Delivery) -> dict[str, Any]:
    return {"message": dict(BLANK)} if row.is_sensitive else {}
