"""Replaced signing secrets: the one before signs beside the new one for a day, and is forgotten.

Called by beat, which also starts the clock: so it does not matter who replaced the secret.
"""

from datetime import datetime, timedelta

from django.db import transaction

from common import sealing
from monitoring.models import AlertChannel, HealthHook

KEPT_FOR = timedelta(hours=24)
BEFORE = "previous_secret"


def forget_replaced(*, now: datetime) -> int:
    """Forget the secrets that were replaced a day ago; how many."""
    with transaction.atomic():
        channels = AlertChannel.objects.select_for_update().exclude(sealed="").order_by("id")
        hooks = HealthHook.objects.select_for_update().exclude(sealed="").order_by("id")
        rows: list[AlertChannel | HealthHook] = [*channels, *hooks]
        return sum(_forget(row, now) for row in rows)


def _forget(row: AlertChannel | HealthHook, now: datetime) -> bool:
    try:
        secrets = row.secrets
    except sealing.SealBroken:
        return False
    is_kept = bool(secrets.get(BEFORE))
    is_over = is_kept and row.replaced_at is not None and row.replaced_at <= now - KEPT_FOR
    if is_over:
        row.secrets = {name: value for name, value in secrets.items() if name != BEFORE}
    replaced_at = None if is_over or not is_kept else row.replaced_at or now
    if is_over or replaced_at != row.replaced_at:
        row.replaced_at = replaced_at
        row.save(update_fields=["sealed", "replaced_at"])
    return is_over
