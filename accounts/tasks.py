"""Upkeep of signing in; the addresses of people are kept no longer than they are good for."""

from celery import shared_task
from django.utils import timezone

from accounts import sessions


@shared_task(ignore_result=True, acks_late=True)
def forget_what_is_over() -> None:
    """Delete sessions that ended, and failed sign-ins that lock nothing any more."""
    sessions.forget_what_is_over(now=timezone.now())
