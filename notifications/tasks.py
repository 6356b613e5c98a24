"""Doorbells of the outbox: beat rings, the rows say what is due.

Which queue they go to stands in the routes of `statuspage.celery`.
"""

from celery import shared_task
from django.utils import timezone

from notifications import delivering, outbox


# A run begins nothing after 20 s and one send ends after 30 s; the hard limit is for what hangs all
# the same, and whatever it held is taken up again when its lease ends.
@shared_task(ignore_result=True, acks_late=True, expires=2, time_limit=120)
def drain_due_deliveries() -> None:
    """Send what is due."""
    delivering.drain(now=timezone.now())


@shared_task(ignore_result=True, acks_late=True)
def prune_deliveries() -> None:
    """Delete deliveries beyond their retention."""
    outbox.prune(now=timezone.now())
