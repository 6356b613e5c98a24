"""Tell those who run the page that a channel has stopped: its server is away, or refuses what we send.

Called by beat. Hosts of single receivers that are away are no trouble of ours.
"""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from notifications import circuits
from notifications.channels import CHANNELS
from subscribers import operators

# A server that restarts is back by then.
AFTER = timedelta(minutes=1)


def tell(*, now: datetime) -> int:
    """Put one message to each owner for each channel that has stopped for a while; how many."""
    told = 0
    for trouble in circuits.troubles():
        channel = CHANNELS.get(trouble.channel)
        if channel is None or trouble.since > now - AFTER:
            continue
        text = _(
            "Nothing has been sent by %(channel)s since %(since)s UTC. It is tried again every"
            " minute at least, and what waits leaves when it works.\n\nLast error: %(error)s\n"
        )
        said = {
            "channel": channel.title,
            "since": f"{trouble.since:%Y-%m-%d %H:%M}",
            "error": trouble.error,
        }
        told += operators.tell(
            key=f"channel-stopped:{trouble.channel}:{trouble.since:%Y%m%d%H%M%S}",
            subject=_("%(channel)s has stopped") % said,
            text=text % said,
            path="/admin/notifications/delivery/",
            now=now,
        )
    return told
