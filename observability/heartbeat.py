"""A dead-man's switch: an address elsewhere that is called every minute while all is well.

Whoever runs it (a monitor of another installation, a service) is alarmed when the calls stop, and so
hears of a Candor that is dead as a whole. While something is wrong here the calls stop on purpose.
"""

import logging
from datetime import datetime

from django.conf import settings

from common import egress, guarded_http
from public_pages import readiness

logger = logging.getLogger(__name__)


def call(*, now: datetime) -> bool:
    """Call the address, if there is one and nothing is wrong; whether it was called and took it."""
    if not settings.HEARTBEAT_URL:
        return False
    if problems := readiness.problems(now=now):
        logger.warning("No heartbeat is sent: %s", "; ".join(problems.values()))
        return False
    request = guarded_http.Request(url=settings.HEARTBEAT_URL, method="GET")
    # The address stands in the settings file: whoever writes there may dial their own network.
    guard = egress.monitor_guard(allow_private=True)
    try:
        answer = guarded_http.send(request, guard=guard, before_sending=lambda: None)
    except (guarded_http.NotSent, guarded_http.NoAnswer) as error:
        logger.warning("The heartbeat failed: %s", error)
        return False
    if not answer.is_success:
        logger.warning("The heartbeat was answered with %s", answer.status)
    return answer.is_success
