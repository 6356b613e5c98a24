"""Doorbells of incidents: beat rings, the rows say what is due."""

from celery import shared_task
from django.utils import timezone

from incidents import due_steps


@shared_task(ignore_result=True, acks_late=True)
def take_due_steps() -> None:
    """Start and finish maintenance, remind of it, and keep the next windows of series ready."""
    due_steps.take(now=timezone.now())
