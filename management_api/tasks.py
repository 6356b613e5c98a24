"""What the API does by itself."""

from celery import shared_task
from django.utils import timezone

from management_api import idempotency


@shared_task(ignore_result=True, acks_late=True, time_limit=300)
def forget_what_is_over() -> None:
    """Forget answers to requests whose keys count no longer."""
    idempotency.forget(now=timezone.now())
