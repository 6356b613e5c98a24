"""After a back-up was brought back: nothing leaves by itself that may have left since (reliability, H5).

Called by `bin/manage hold_deliveries`, before any worker is started again.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from notifications import outbox
from subscribers import fanout
from subscribers.models import Broadcast


def hold(*, now: datetime) -> int:
    """Hold all that was waiting or announced when the back-up was made; how many deliveries.

    What was announced is expanded first, so that operators see whom it was for. They send it with
    "try again" where it is still news. What cannot be expanded is cancelled.
    """
    unfinished = Broadcast.objects.unfinished()
    with transaction.atomic():
        before: list[Any] = []
        while (places := list(unfinished.values_list("id", "lane", "cursor"))) != before:
            before = places
            fanout.expand(now=now)
        unfinished.update(cancelled_at=now)
        return outbox.hold_open()
