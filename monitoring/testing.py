"""One real probe on request, stored nowhere: the console's "Check now"."""

import asyncio

from django.conf import settings

from common import egress
from monitoring import addresses, polling
from monitoring.models import Node
from probing.base import ProbeOutcome


def probe_once(*, node: Node, address: str) -> ProbeOutcome:
    """Check an address once with a node's options; neither has to be saved.

    Raises ValidationError for an address that we would not save. Takes up to `dead_after_s`; the
    result changes no health, so that trying out an address alarms nobody.
    """
    addresses.check(address)
    job = polling.Job(0, address, node.http_options, node.thresholds)
    return asyncio.run(
        polling.probe_once(job, egress.monitor_guard(allow_private=settings.ALLOW_PRIVATE_TARGETS))
    )
