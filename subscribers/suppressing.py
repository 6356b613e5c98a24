"""The suppression list: addresses that are not written to, whoever subscribes them (D6, AMB-14).

An entry beats every subscription of its address, and leaves the subscription as it is. Bounces and
STOPs are put here by `bouncing` and by text messages; operators add their own, and lift some.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from notifications import outbox
from subscribers import granting
from subscribers.models import Reason, Subscriber, Suppression

# What an operator may lift; a complaint is for ever, and a STOP ends by START from that phone only.
LIFTABLE = frozenset({Reason.HARD_BOUNCE, Reason.OPERATOR})
# Where an address has several entries, the one that is hardest to lift is told.
_STRENGTH = (Reason.COMPLAINT, Reason.STOP, Reason.HARD_BOUNCE, Reason.OPERATOR)
_NOTE_MAX = 300
_CHUNK = 500


class NotLiftable(Exception):
    """The entry stays; the sentence says why, for a person."""


def suppress(
    *,
    channel: str,
    canonical: str,
    note: str,
    now: datetime,
    reason: Reason = Reason.OPERATOR,
) -> Suppression:
    """Write to this address no more, and stop what waits for it; a second time changes nothing.

    `canonical` is the mailbox or number as `Subscriber.canonical` has it.
    """
    with transaction.atomic():
        row, _is_new = Suppression.objects.get_or_create(
            channel=channel,
            canonical=canonical,
            reason=reason,
            defaults={"note": note[:_NOTE_MAX], "created_at": now},
        )
        same = Subscriber.objects.filter(channel=channel, canonical=canonical)
        ids = same.values_list("id", flat=True)
        outbox.cancel_grants(grants=[granting.grant_of(one) for one in ids])
    return row


def lift(*, suppression: Suppression, why: str) -> None:
    """Take an entry off the list; `why` stays in the audit log, with who did it.

    Raises:
        NotLiftable: a complaint, a STOP, or an entry that is gone already.
    """
    with transaction.atomic():
        row = Suppression.objects.select_for_update().filter(pk=suppression.pk).first()
        if row is None:
            raise NotLiftable(_("This entry was lifted meanwhile."))
        if row.reason == Reason.COMPLAINT:
            raise NotLiftable(_("Who complained about our mail is never written to again."))
        if row.reason == Reason.STOP:
            raise NotLiftable(_("Only START, sent from that phone, lifts a STOP."))
        row.note = why[:_NOTE_MAX]
        row.save(update_fields=["note"])
        row.delete()


def is_liftable(suppression: Suppression) -> bool:
    """Whether an operator may take it off the list."""
    return suppression.reason in LIFTABLE


def reasons(*, addresses: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Reason]:
    """Why these (channel, canonical) are suppressed, for those that are; the strongest reason.

    Takes a statement for each 500 of them.
    """
    wanted = set(addresses)
    canonicals = sorted({canonical for _channel, canonical in wanted})
    found: dict[tuple[str, str], Reason] = {}
    for row in _entries(canonicals):
        key, reason = (row.channel, row.canonical), Reason(row.reason)
        if key in wanted and (
            key not in found or _STRENGTH.index(reason) < _STRENGTH.index(found[key])
        ):
            found[key] = reason
    return found


def _entries(canonicals: Collection[str]) -> Iterable[Suppression]:
    chosen = list(canonicals)
    for start in range(0, len(chosen), _CHUNK):
        yield from Suppression.objects.filter(canonical__in=chosen[start : start + _CHUNK])
