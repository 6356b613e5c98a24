"""Upkeep of pages: what was retired 30 days ago goes for good."""

from celery import shared_task
from django.utils import timezone

from components import pages


@shared_task(ignore_result=True, acks_late=True)
def remove_overdue_pages() -> None:
    """Remove retired pages whose days of grace are over, with their subscribers and host names."""
    pages.remove_overdue(now=timezone.now())
