"""The registry: every way out of the house by its name in `Delivery.channel`."""

from collections.abc import Mapping

from notifications.channels.base import Channel
from notifications.channels.email import EmailChannel

CHANNELS: Mapping[str, Channel] = {channel.name: channel for channel in [EmailChannel()]}
