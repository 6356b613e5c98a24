"""Upkeep of the catalog: what was removed 30 days ago goes for good."""

from celery import shared_task
from django.utils import timezone

from catalog import entering


@shared_task(ignore_result=True, acks_late=True)
def forget_removed() -> None:
    """Remove removed entries and types whose days of grace are over, with their pages."""
    entering.forget(now=timezone.now())
