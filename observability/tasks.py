"""Doorbell of the heartbeat."""

from celery import shared_task
from django.utils import timezone

from observability import heartbeat


@shared_task(ignore_result=True, expires=55)
def send_heartbeat() -> None:
    """Tell the dead-man's switch that all is well."""
    heartbeat.call(now=timezone.now())
