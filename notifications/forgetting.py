"""Take a person out of what was sent: their address, their own words and links, wherever they stand.

The rows stay, so that the counts of an event do not change; what names somebody goes.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast, Concat

from common import auditing
from notifications import endings
from notifications.messages import BLANK
from notifications.models import OPEN_STATES, Delivery, State


def forget(
    *,
    grants: Collection[str],
    channel: str,
    addresses: Collection[str],
    keys: Collection[str] = (),
    about: Collection[str] = (),
    now: datetime,
) -> int:
    """Stop what waits and blank what was sent, under these grants or of these kinds; how many rows.

    `keys` are the beginnings of dedupe keys ("proof:"): letters to these addresses of the channel
    that are of such a kind are the person's too. `about` are beginnings of those that name the person
    to whomever they went. Letters to the same address for another reason (an operator's alerts) stay.
    """
    theirs = Q(grant__in=[grant for grant in grants if grant])
    for key in keys:
        theirs |= Q(channel=channel, address__in=list(addresses), dedupe_key__startswith=key)
    for key in about:
        theirs |= Q(dedupe_key__startswith=key)
    with transaction.atomic():
        rows = list(Delivery.objects.select_for_update().filter(theirs).order_by("id"))
        ids = [row.pk for row in rows]
        mine = Delivery.objects.filter(pk__in=ids)
        mine.filter(state__in=OPEN_STATES).update(**endings.ending(State.CANCELLED))
        mine.update(
            address=Concat(Value("erased "), Cast(F("id"), CharField())),
            message=dict(BLANK),
            parts={},
            sealed="",
            destination="",
            last_error="",
        )
        auditing.redact(objects=rows, now=now)
    return len(rows)
