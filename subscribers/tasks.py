"""Doorbells of the subscribers: beat rings, the rows say what is to be told.

Which queue they go to stands in the routes of `statuspage.celery`.
"""

from celery import shared_task
from django.utils import timezone

from subscribers import (
    asking,
    bouncing,
    fanout,
    hooking,
    integrations,
    lapsing,
    leavers,
    limits,
    meter,
    proofs,
    sms_hook,
    troubles,
)


@shared_task(ignore_result=True, acks_late=True, expires=2, time_limit=300)
def expand_broadcasts() -> None:
    """Write the deliveries of what was announced."""
    fanout.expand(now=timezone.now())


@shared_task(ignore_result=True, acks_late=True, expires=2, time_limit=300)
def answer_asked() -> None:
    """Do what visitors asked for by e-mail."""
    asking.answer(now=timezone.now())


@shared_task(ignore_result=True, acks_late=True)
def retire_bounced() -> None:
    """Stop writing to addresses that do not take our messages."""
    bouncing.retire_bounced(now=timezone.now())


@shared_task(ignore_result=True, acks_late=True)
def note_misses() -> None:
    """Tell operators of an event that did not reach everybody in the promised time."""
    meter.note_misses(now=timezone.now())


@shared_task(ignore_result=True, acks_late=True)
def tell_troubles() -> None:
    """Tell operators of a channel that has stopped."""
    troubles.tell(now=timezone.now())


@shared_task(ignore_result=True, acks_late=True)
def keep_integrations_fresh() -> None:
    """Renew tokens before they run out."""
    integrations.keep_fresh(now=timezone.now())


@shared_task(ignore_result=True, acks_late=True)
def forget_what_is_over() -> None:
    """Forget people who are no subscribers, proofs, counts, answers of phones, replaced secrets."""
    now = timezone.now()
    lapsing.forget_lapsed(now=now)
    hooking.forget_replaced(now=now)
    leavers.prune(now=now)
    proofs.prune(now=now)
    limits.prune(now=now)
    sms_hook.prune(now=now)
