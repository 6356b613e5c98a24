"""Upkeep of uploads."""

from celery import shared_task
from django.utils import timezone

from branding import changing


@shared_task(ignore_result=True, acks_late=True)
def sweep_pictures() -> None:
    """Remove the pictures that were uploaded for a preview and never saved, or have been replaced."""
    changing.sweep(now=timezone.now())
