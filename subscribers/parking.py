"""An event that cannot be prepared waits, instead of breaking every second (reliability, F-38).

Called by the expansion when it fails over one event. Owners hear of it once, with the reason; the
console shows it until somebody tries again or it works.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from common import auditing
from subscribers import operators
from subscribers.models import Broadcast

_logger = logging.getLogger(__name__)

# A mistake of ours that passes does so soon; after these it is parked, and told.
_WAITS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=5),
    timedelta(minutes=15),
)
_THEN_EVERY = timedelta(hours=1)
PARKED_AFTER = 3
_ERROR_MAX = 300


def due(rows: QuerySet[Broadcast], *, now: datetime) -> QuerySet[Broadcast]:
    """Those of these events that do not wait for another try."""
    return rows.filter(Q(retry_at__isnull=True) | Q(retry_at__lte=now))


def wait_after(failures: int) -> timedelta:
    """How long an event waits that has failed so often (1 or more) in a row."""
    return _WAITS[failures - 1] if failures <= len(_WAITS) else _THEN_EVERY


def note_failure(*, row: Broadcast, error: Exception, now: datetime) -> None:
    """Let the event wait; the log has the whole of it once, and after three tries the owners hear."""
    log = _logger.error if row.failures == 0 else _logger.warning
    log(
        "not expanded: %s",
        row.key,
        exc_info=error if row.failures == 0 else None,
        extra={"incident_id": row.topic.partition(":")[2]},
    )
    failures = row.failures + 1
    words = f"{type(error).__name__}: {error}"[:_ERROR_MAX]
    with transaction.atomic():
        # Of two workers that fail over it at once, one counts.
        noted = Broadcast.objects.filter(pk=row.pk, failures=row.failures).update(
            failures=failures, retry_at=now + wait_after(failures), error=words
        )
        if noted and failures == PARKED_AFTER:
            _tell(row, words, now=now)


def try_again(*, broadcast_id: int, now: datetime) -> bool:
    """Expand a waiting event at the next ring, on an operator's word; whether there was one."""
    with transaction.atomic():
        waiting = Broadcast.objects.unfinished().filter(pk=broadcast_id, failures__gt=0)
        row = waiting.select_for_update().first()
        if row is None:
            return False
        Broadcast.objects.filter(pk=row.pk).update(failures=0, retry_at=None)
        before, after = {"failures": row.failures}, {"failures": 0}
        auditing.record(subject=row, before=before, after=after, now=now)
        return True


def _tell(row: Broadcast, words: str, *, now: datetime) -> None:
    # Who hears this needs not be told again that the promised time has passed.
    Broadcast.objects.filter(pk=row.pk, missed_at__isnull=True).update(missed_at=now)
    title = str(row.content.get("title", "")) or row.key
    operators.tell(
        key=f"unprepared:{row.key}",
        subject=_("Subscribers cannot be told: %(title)s") % {"title": title},
        text=_(
            "The messages of this event cannot be prepared, so nobody hears of it. It is tried"
            " again now and then, and at once with the button in the console.\n\nThe reason: %(error)s\n"
        )
        % {"error": words},
        path="/admin/messages/",
        now=now,
    )
