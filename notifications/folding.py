"""Order within a topic: nobody hears an older update after a newer one (reliability 3.1, rule 6).

A newer update takes in what the same recipient has not got yet of the same topic: when it is put,
and again for what was on its way then and came back unsent. Called by the outbox and the claim.
"""

from collections import Counter
from collections.abc import Collection, Sequence

from django.db.models import Exists, F, OuterRef, QuerySet

from notifications import endings
from notifications.models import Delivery, DeliveryQuerySet, State


def take_in_earlier(*, rows: Sequence[Delivery]) -> None:
    """End what waits of the same topics for the same recipients, and count it in these new rows.

    Call in the transaction that stores the rows. What is being sent right now stays; the claim lets
    the new rows wait for it.
    """
    newest: dict[tuple[str, str], list[Delivery]] = {}
    for row in rows:
        newest.setdefault((row.topic, row.channel), []).append(row)
    for (topic, channel), together in newest.items():
        waiting = Delivery.objects.filter(
            topic=topic,
            channel=channel,
            address__in=[row.address for row in together],
            state=State.PENDING,
            handed_at__isnull=True,
            sequence__lt=min(row.sequence for row in together),
        )
        # Locked first: one that a worker claims this very moment is not counted as waiting.
        locked = waiting.select_for_update().order_by("id")
        recipients = {(row.address, row.scope) for row in together}
        held = [
            found
            for found in locked.values_list("id", "address", "scope", "folded")
            if (found[1], found[2]) in recipients
        ]
        if not held:
            continue
        Delivery.objects.filter(id__in=[found[0] for found in held]).update(
            **endings.ending(State.FOLDED)
        )
        counts: Counter[tuple[str, str]] = Counter()
        for _pk, address, scope, folded in held:
            counts[address, scope] += 1 + folded
        for row in together:
            row.folded = counts[row.address, row.scope]


def superseded(*, ids: Collection[int]) -> set[int]:
    """Those of these deliveries that a newer one of the same topic and recipient makes void."""
    rows = Delivery.objects.filter(id__in=ids).exclude(topic="")
    return set(rows.filter(Exists(_newer())).values_list("id", flat=True))


def fold(*, ids: Collection[int]) -> None:
    """End deliveries that are void, and count each in the newest of its topic while that waits."""
    rows = Delivery.objects.filter(id__in=ids)
    ended = list(rows.values_list("topic", "channel", "address", "scope", "folded"))
    rows.update(**endings.ending(State.FOLDED))
    for topic, channel, address, scope, folded in ended:
        newest = Delivery.objects.filter(topic=topic, channel=channel, address=address, scope=scope)
        newest_id = newest.order_by("-sequence").values_list("id", flat=True)[:1]
        Delivery.objects.filter(id__in=list(newest_id), state=State.PENDING).update(
            folded=F("folded") + 1 + folded
        )


def not_behind_one_being_sent(due: DeliveryQuerySet) -> DeliveryQuerySet:
    """Those of the due deliveries that need not wait for an older one which somebody sends now."""
    older = Delivery.objects.filter(
        topic=OuterRef("topic"),
        channel=OuterRef("channel"),
        address=OuterRef("address"),
        scope=OuterRef("scope"),
        sequence__lt=OuterRef("sequence"),
        state=State.LEASED,
    ).exclude(topic="")
    return due.exclude(Exists(older))


def _newer() -> QuerySet[Delivery]:
    newer = Delivery.objects.filter(
        topic=OuterRef("topic"),
        channel=OuterRef("channel"),
        address=OuterRef("address"),
        scope=OuterRef("scope"),
        sequence__gt=OuterRef("sequence"),
    )
    return newer.exclude(topic="").exclude(state=State.CANCELLED)
