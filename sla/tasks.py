"""Doorbell of sealing."""

from celery import shared_task
from django.utils import timezone

from sla import sealing


@shared_task(ignore_result=True, acks_late=True)
def seal_statements() -> None:
    """Seal the statements of months that are over."""
    sealing.seal_due(now=timezone.now())
