"""Ask, then decide: what was handed over without an answer, where the far end can be asked.

A text message whose answer never came is in the provider's list or it is not (reliability 3.1): then
it was sent, or is sent again. While that cannot be told it waits, and in the end it is "perhaps sent",
for a person to look at. Called by the drain.
"""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction

from notifications import backoff, endings, leasing
from notifications.channels.base import Askable, Blame, CannotAsk, Carried, DeliveryError, Parcel
from notifications.models import Delivery, DeliveryQuerySet, State
from notifications.runs import Run

_logger = logging.getLogger(__name__)

# Asked in one run: an outage leaves as many in doubt as were on their way at once.
_BATCH = 10
# Longer than so many questions take; whoever dies meanwhile leaves the rest to the next.
_LEASE = timedelta(minutes=4)
# Their clock and ours.
_SKEW = timedelta(minutes=2)


class Unclear(Exception):
    """The far end has something that may be the message, or another one."""


def resolve(*, channel: Askable, name: str, run: Run) -> bool:
    """Ask about what is due to be asked, and note what comes of it; whether the far end answered."""
    rows = _claimed(channel=name, now=run.now)
    has_answered = False
    for number, row in enumerate(rows):
        try:
            _decide(channel, row, run)
        except Unclear as error:
            _wait(row, str(error), now=run.now)
        except (CannotAsk, DeliveryError) as error:
            # Whoever does not answer now is not asked nine times more.
            for left in rows[number:]:
                _wait(left, str(error), now=run.now)
            return has_answered
        has_answered = True
    return has_answered


def find(*, carried: Sequence[Carried], text: str, others: Collection[str]) -> Carried | None:
    """The message with this text among those that no other delivery stands for; None: surely not there.

    Raises Unclear: one of them might be it in other words, as some carriers replace characters.
    """
    unknown = [each for each in carried if each.provider_id not in others]
    for each in unknown:
        if _bare(each.text) == _bare(text):
            return each
    if unknown:
        raise Unclear("The provider has another message to this number, which may be this one.")
    return None


def _decide(channel: Askable, row: Delivery, run: Run) -> None:
    parcel: Parcel = run.parcel(row)
    handed_at = row.handed_at or run.now
    carried = channel.find(parcel=parcel, since=handed_at - _SKEW)
    same = Delivery.objects.filter(channel=row.channel, address=row.address).exclude(pk=row.pk)
    others = set(same.exclude(provider_id="").values_list("provider_id", flat=True))
    found = find(carried=carried, text=channel.text_of(parcel), others=others)
    if found is None:
        _send_again(row, now=run.now)
        run.drained.again += 1
    elif found.refusal is not None:
        _end(row, State.FAILED, found.refusal, provider_id=found.provider_id, now=run.now)
        run.drained.ended += 1
    else:
        row.provider_id = found.provider_id
        leasing.mark_sent(row=row, now=handed_at)
        run.drained.sent += 1


def _claimed(*, channel: str, now: datetime) -> list[Delivery]:
    """Some that are due to be asked about, so that no other worker asks meanwhile."""
    with transaction.atomic(durable=True):
        due = Delivery.objects.due(now=now).in_doubt().filter(channel=channel)
        due = due.select_for_update(skip_locked=True).order_by("next_attempt_at", "id")
        rows = list(due[:_BATCH])
        if not rows:
            return []
        token = uuid4().hex
        ids = [row.id for row in rows]
        Delivery.objects.due(now=now).in_doubt().filter(id__in=ids).update(
            lease_token=token, next_attempt_at=now + _LEASE
        )
        ours = set(
            Delivery.objects.filter(id__in=ids, lease_token=token).values_list("id", flat=True)
        )
    for row in rows:
        row.lease_token = token
    return [row for row in rows if row.id in ours]


def _send_again(row: Delivery, *, now: datetime) -> None:
    """It surely did not arrive: like any other that waits, from now on."""
    _held(row).update(
        handed_at=None,
        copies=max(0, row.copies - 1),
        lease_token="",
        next_attempt_at=now,
        last_error="The provider had never got it.",
    )


def _wait(row: Delivery, error: str, *, now: datetime) -> None:
    """Ask again later, or give up: then nobody knows, and a person may decide."""
    after = backoff.next_question_after(waited=now - (row.handed_at or now))
    if after is None:
        _end(row, State.UNKNOWN, DeliveryError(error), provider_id="", now=now)
    else:
        _held(row).update(lease_token="", next_attempt_at=now + after, last_error=error[:500])


def _end(
    row: Delivery, state: State, error: DeliveryError, *, provider_id: str, now: datetime
) -> None:
    columns = endings.ending(state) | {
        "state": state,
        "last_error": str(error)[:500],
        "provider_id": provider_id,
        "bounced_at": now if error.blame is Blame.ADDRESS else None,
    }
    _held(row).update(**columns)
    _logger.warning(
        "delivery in doubt ended: delivery=%s %s", row.public_id, error, extra=row.log_ids
    )


def _held(row: Delivery) -> DeliveryQuerySet:
    return Delivery.objects.in_doubt().filter(pk=row.pk, lease_token=row.lease_token)


def _bare(text: str) -> str:
    """The text without what carriers change: the kind and number of spaces."""
    return " ".join(text.split())
