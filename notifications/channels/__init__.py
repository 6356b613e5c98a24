"""The registry: every way out of the house by its name in `Delivery.channel`."""

from collections.abc import Mapping

from notifications.channels.base import Channel
from notifications.channels.discord import DiscordChannel
from notifications.channels.email import EmailChannel
from notifications.channels.opsgenie import OpsgenieChannel
from notifications.channels.pagerduty import PagerDutyChannel
from notifications.channels.pushover import PushoverChannel
from notifications.channels.slack import SlackChannel
from notifications.channels.sms import SmsChannel
from notifications.channels.teams import TeamsChannel
from notifications.channels.telegram import TelegramChannel
from notifications.channels.webhook import WebhookChannel
from notifications.channels.webpush import WebPushChannel
from notifications.channels.x import XChannel

_ALL: list[Channel] = [
    EmailChannel(),
    SlackChannel(),
    TeamsChannel(),
    DiscordChannel(),
    TelegramChannel(),
    PushoverChannel(),
    PagerDutyChannel(),
    OpsgenieChannel(),
    WebhookChannel(),
    WebPushChannel(),
    XChannel(),
    SmsChannel(),
]
CHANNELS: Mapping[str, Channel] = {channel.name: channel for channel in _ALL}
