"""Forget people who are not subscribers (any more): 30 days after they left, 7 after they only asked.

A phone that answered STOP stays: START takes up what it had (AMB-14).
"""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from subscribers import erasing
from subscribers.models import Proof, State, Subscriber

LEFT_FOR = timedelta(days=30)
ASKED_FOR = timedelta(days=7)


def forget_lapsed(*, now: datetime, at_most: int = 500) -> int:
    """Erase those people, wherever their address stands; how many. Call again until it is none."""
    usable = Proof.objects.usable(now=now).filter(subscriber=OuterRef("pk"))
    has_left = Q(state=State.ENDED, ended_at__lte=now - LEFT_FOR) & ~Q(channel="sms")
    only_asked = Q(state=State.WAITING, created_at__lte=now - ASKED_FOR) & ~Exists(usable)
    lapsed = Subscriber.objects.filter(has_left | only_asked)
    same = Subscriber.objects.filter(channel=OuterRef("channel"), canonical=OuterRef("canonical"))
    rows = lapsed.exclude(Exists(same.exclude(pk__in=lapsed.values("pk")))).order_by("id")
    done = 0
    for row in rows[:at_most]:
        # An earlier one of the same person took this one along.
        if Subscriber.objects.filter(pk=row.pk).exists():
            # Who unsubscribed may read a customer page all the same, and stays signed in.
            erasing.erase_subscriptions(subscriber=row, now=now)
            done += 1
    return done
