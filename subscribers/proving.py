"""How somebody on each channel is asked to prove that the address is theirs: one table.

A prover is called in the transaction of who asks, `prover(subscriber=, occasion=, now=)`, puts what is
to be sent and says whether it did. It may raise `limits.TooManyRequests` or `limits.NotNow` where
that reveals nothing about an address.
"""

from datetime import datetime
from typing import Protocol

from django.utils.translation import gettext as _

from subscribers import hooking, letters, pushing, texting
from subscribers.limits import NotNow
from subscribers.models import Subscriber
from subscribers.proofs import Occasion


class Prover(Protocol):
    def __call__(self, *, subscriber: Subscriber, occasion: Occasion, now: datetime) -> bool: ...


PROVERS: dict[str, Prover] = {
    "email": letters.prove,
    "sms": texting.prove,
    **dict.fromkeys((*hooking.CHATS, hooking.WEBHOOK), hooking.prove),
    pushing.CHANNEL: pushing.prove,
}


def prove(*, subscriber: Subscriber, occasion: Occasion, now: datetime) -> bool:
    """Ask on the subscriber's channel; whether something is sent.

    Raises:
        NotNow: nobody can prove anything on this channel here.
        TooManyRequests: see the provers.
    """
    prover = PROVERS.get(subscriber.channel)
    if prover is None:
        raise NotNow(_("This way to subscribe is not offered here."))
    is_sent = prover(subscriber=subscriber, occasion=occasion, now=now)
    if not is_sent and prover is not letters.prove:  # which puts its own
        letters.put_decoy(now=now)
    return is_sent


def pretend(*, channel: str, now: datetime) -> None:
    """Do the work of asking, and send nothing: who watches the clock learns nothing (A3)."""
    del channel  # the work is the same
    letters.put_decoy(now=now)
