"""Doorbells of the customer pages: beat rings, the rows say what is to be done."""

from celery import shared_task

from customer_pages import database_clock, readers, sessions, signing_in


@shared_task(ignore_result=True, acks_late=True, expires=2, time_limit=300)
def answer_sign_ins() -> None:
    """Send links to those who asked for one and may have it."""
    signing_in.answer(now=database_clock.now())


@shared_task(ignore_result=True, acks_late=True)
def forget_what_is_over() -> None:
    """Forget who asked for links, and sessions and addresses that ended long ago."""
    now = database_clock.now()
    signing_in.prune(now=now)
    sessions.prune(now=now)
    readers.prune(now=now)
