"""What happens to host names by itself: the look of every week, certificates, the end of a hold.

A run looks at so many names that it ends within its time limit, even if nobody answers for any of
them; those looked at longest ago come first, so the next run goes on where this one ended.
"""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from custom_domains import asking, domains

_NEW_FOR = timedelta(hours=1)
# Of one run, `asking.AT_ONCE` at a time: 100 s for the records, 150 s for the certificates.
_BATCH = 40
_NEW_BATCH = 16  # 60 s


@shared_task(ignore_result=True, acks_late=True, time_limit=600)
def look_again() -> None:
    """Look at the records of names that are due, and forget names that nobody may hold any more."""
    now = timezone.now()
    domains.forget_released(now=now)
    asking.verify_all(domains.due(now=now)[:_BATCH], now=now)
    old = domains.with_old_certificate(now=now)
    asking.look_at_certificates(domains.take_turn(old, at_most=_BATCH, now=now))


@shared_task(ignore_result=True, acks_late=True, time_limit=120)
def look_for_certificates() -> None:
    """Get the first certificate of names that were verified a moment ago."""
    now = timezone.now()
    new = domains.without_certificate(verified_after=now - _NEW_FOR)
    asking.look_at_certificates(domains.take_turn(new, at_most=_NEW_BATCH, now=now))
