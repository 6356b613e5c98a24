"""What happens to host names by itself: the look of every week, certificates, the end of a hold."""

from datetime import timedelta

from celery import shared_task
from django.core.exceptions import ValidationError
from django.utils import timezone

from components.models import PageHost
from custom_domains import asking, domains

_NEW_FOR = timedelta(hours=1)
_RENEWED_WITHIN = timedelta(days=35)  # of their end, proxies renew certificates
_BATCH = 20  # names of one run: each may take 20 s


@shared_task(ignore_result=True, acks_late=True, time_limit=600)
def look_again() -> None:
    """Look at the records of names that are due, and forget names that nobody may hold any more."""
    domains.forget_released(now=timezone.now())
    for host in domains.due(now=timezone.now())[:_BATCH]:
        try:
            asking.verify(host=host, now=timezone.now())
        except ValidationError:
            continue  # a name that came back in an hour of many: it is looked at again
    for host in PageHost.objects.active().order_by("certificate_until", "id"):
        if (
            host.certificate_until is None
            or host.certificate_until < timezone.now() + _RENEWED_WITHIN
        ):
            asking.look_at_certificate(host)


@shared_task(ignore_result=True, acks_late=True, time_limit=120)
def look_for_certificates() -> None:
    """Get the first certificate of names that were verified a moment ago."""
    new = PageHost.objects.active().filter(
        certificate_until__isnull=True, verified_at__gt=timezone.now() - _NEW_FOR
    )
    for host in new.order_by("id")[:_BATCH]:
        asking.look_at_certificate(host)
