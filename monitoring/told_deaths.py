"""Deaths that operators were told and whose end they were not: told as "no longer watched" when the
replica goes, so that no pager keeps an incident open about something that does not exist any more.

A row outlives its replica, whichever way that was removed. Called by `alerting` and by beat.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring import alert_letters
from monitoring.alert_items import Told
from monitoring.models import Replica, ToldDeath
from notifications.messages import Tone


def remember(*, items: Sequence[tuple[Replica, Told]], now: datetime) -> None:
    """Keep what was told of these dead replicas; call in the transaction that tells it."""
    ToldDeath.objects.bulk_create(
        ToldDeath(replica=replica, name=item.name, address=item.address, told_at=now)
        for replica, item in items
    )


def forget(*, replicas: Iterable[Replica]) -> None:
    """Their recovery is told."""
    ToldDeath.objects.filter(replica__in=list(replicas)).delete()


def let_go(*, replica: Replica) -> None:
    """The replica stands for something else from now on: what was told of it is gone."""
    ToldDeath.objects.filter(replica=replica).update(replica=None)


def tell_gone(*, now: datetime) -> int:
    """Tell what was told dead and is no longer watched, in one message; how many there are."""
    with transaction.atomic():
        gone = list(
            ToldDeath.objects.filter(replica__isnull=True).select_for_update().order_by("id")
        )
        if gone:
            ToldDeath.objects.filter(id__in=[row.id for row in gone]).delete()
            _tell(gone, now)
    return len(gone)


def _tell(gone: Sequence[ToldDeath], now: datetime) -> None:
    is_over = not Replica.objects.filter(dead_told_at__isnull=False).exists()
    message = alert_letters.compose(
        name="gone",
        subject=_subject(gone),
        context={"gone": gone, "is_over": is_over},
        payload={
            "removed": [
                {"name": row.name, "replica": row.address, "told_at": row.told_at.isoformat()}
                for row in gone
            ]
        },
        tone=Tone.RECOVERY if is_over else Tone.NOTICE,
        now=now,
    )
    letters = [
        letter
        for channel in alert_letters.enabled(closing=is_over)
        if channel.tells_recovery
        for letter in alert_letters.letters(
            channel=channel, message=message, dedupe_key=f"gone:{gone[0].pk}:{now.isoformat()}"
        )
    ]
    alert_letters.put(letters=letters, now=now)


def _subject(gone: Sequence[ToldDeath]) -> str:
    if len(gone) == 1:
        return _("%(name)s is no longer watched") % {"name": gone[0].name}
    text = ngettext(
        "%(count)d dead replica is no longer watched",
        "%(count)d dead replicas are no longer watched",
        len(gone),
    )
    return text % {"count": len(gone)}
