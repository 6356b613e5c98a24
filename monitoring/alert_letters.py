"""From an alert to the outbox: one letter for each recipient of each channel that wants it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from common import sealing
from components import catalogue
from monitoring import browsers
from monitoring.models import AlertChannel
from notifications import outbox
from notifications.channels import CHANNELS
from notifications.channels.base import Recipient
from notifications.messages import Message, Tone

_TEMPLATE = "monitoring/emails/{name}.{part}"


def compose(
    *,
    name: str,
    subject: str,
    context: Mapping[str, Any],
    payload: Mapping[str, Any],
    tone: Tone,
    now: datetime,
    about: str = "",
    path: str = "/admin/monitors/",
) -> Message:
    """The message of one alert, from the pair of templates `name`.

    A recovery closes, at pagers, what every problem before it opened: they share one key, unless
    the message is `about` something else. `path` is where its link leads in the console.
    """
    page = catalogue.page()
    url = f"{settings.CANDOR_ORIGIN}{path}"
    context = {**context, "subject": subject, "url": url, "now": now}
    return Message(
        subject=subject,
        text=render_to_string(_TEMPLATE.format(name=name, part="txt"), context),
        html=render_to_string(_TEMPLATE.format(name=name, part="html"), context),
        url=url,
        tone=tone,
        alert_key="-".join(["candor", str(page.uuid), *([about] if about else [])]),
        payload={
            "type": name,
            "time": now.isoformat(),
            "page": {"id": str(page.uuid), "name": page.name, "url": settings.CANDOR_ORIGIN},
            "subject": subject,
            "url": url,
            **payload,
        },
    )


def letters(
    *,
    channel: AlertChannel,
    message: Message,
    dedupe_key: str,
    is_urgent: Callable[[int], bool] = lambda _position: False,
) -> list[outbox.Letter]:
    """A letter for each recipient; `is_urgent` says it by their position (from 0).

    A channel whose secrets cannot be read any more, or that does not exist, has no recipients: its
    pane says so.
    """
    try:
        named = recipients(channel)
    except sealing.SealBroken:
        return []
    return [
        outbox.Letter(
            channel=channel.kind,
            address=recipient.address,
            message=replace(message, is_urgent=is_urgent(position)),
            dedupe_key=f"{dedupe_key}:{channel.id}",
            secrets=recipient.secrets,
        )
        for position, recipient in enumerate(named)
    ]


def recipients(channel: AlertChannel) -> list[Recipient]:
    """Everybody whom a channel tells, in a steady order. Raises SealBroken."""
    kind = CHANNELS.get(channel.kind)
    if kind is None:
        return []
    if channel.kind == browsers.KIND:
        return browsers.recipients(user_ids=channel.options.get("operators", []))
    return kind.recipients(channel.values)


def enabled(*, reminders: bool = False, closing: bool = False) -> Sequence[AlertChannel]:
    """The channels that are on and want this kind of message, in a steady order.

    With `closing` also those for reminders only that hold an incident, which reminders opened.
    """
    channels = AlertChannel.objects.filter(is_enabled=True).order_by("kind", "id")
    return [
        channel
        for channel in channels
        if reminders or not channel.reminders_only or (closing and _holds_incidents(channel))
    ]


def _holds_incidents(channel: AlertChannel) -> bool:
    return channel.kind in CHANNELS and CHANNELS[channel.kind].holds_incidents


def put(*, letters: Iterable[outbox.Letter], now: datetime) -> int:
    """Put letters into the outbox, in the caller's transaction; how many are new."""
    return outbox.put_many(letters=letters, now=now)
