"""How operators are told: add channels, switch them, say who gets their messages, try them out.

What a channel has to be told is declared by its module in `notifications.channels`; nothing here
knows Slack from e-mail. Called by the console and by config files.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import get_random_string

from accounts.models import User
from common import sealing
from components import catalogue
from monitoring import alert_letters, browsers, rotation, secret_fields
from monitoring.models import AlertChannel, AlertSettings
from monitoring.reminders import Backoff
from notifications import outbox, reading
from notifications.channels import CHANNELS
from notifications.channels.base import Field, FieldInvalid
from notifications.messages import Message

EMAIL = "email"
# Browsers subscribe themselves and X is signed in to; nobody types their keys. Text messages are for
# visitors, within the budget of the page.
_NOT_TYPED = {browsers.KIND, "x", "sms"}
# Their titles are words and no proper names: inside a sentence they are small.
_COMMON_NOUNS = {EMAIL, "webhook"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pane:
    """One channel as the console shows it; `title` heads its row, `name` is for inside a sentence.

    `is_broken`: its secrets cannot be read any more.
    """

    channel: AlertChannel
    title: str
    name: str
    recipients: list[str]
    is_broken: bool
    last: reading.Last | None


def kinds() -> list[tuple[str, str]]:
    """The channels that an operator can add, as (kind, title inside a sentence)."""
    return [(kind, title_within(kind)) for kind in CHANNELS if kind not in _NOT_TYPED]


def title(kind: str) -> str:
    return CHANNELS[kind].title if kind in CHANNELS else kind


def title_within(kind: str) -> str:
    """The title of a kind as it stands inside a sentence: e-mail, but PagerDuty."""
    return title(kind).lower() if kind in _COMMON_NOUNS else title(kind)


def name_within(channel: AlertChannel) -> str:
    """One channel inside a sentence: its kind, and its own name if it has one."""
    return f"{title_within(channel.kind)} {channel.name}".strip()


def fields(kind: str) -> list[Field]:
    """What this kind of channel has to be told; empty for one that does not exist."""
    return list(CHANNELS[kind].fields) if kind in CHANNELS else []


def panes() -> list[Pane]:
    """Every channel with its last delivery, in a steady order."""
    return [_pane(channel) for channel in AlertChannel.objects.order_by("kind", "name", "id")]


def stored(channel: AlertChannel) -> dict[str, str]:
    """What is stored of the channel's fields, without secrets that cannot be read any more."""
    try:
        return channel.values
    except sealing.SealBroken:
        return {"recipients": "\n".join(channel.recipients), **channel.options}


def save(
    *,
    channel: AlertChannel,
    values: Mapping[str, str],
    cleared: Collection[str] = (),
    name: str = "",
    is_enabled: bool = True,
    tells_recovery: bool = True,
    reminders_only: bool = False,
) -> AlertChannel:
    """Add or change a channel; counts from the next alert.

    `values` are merged with the stored secrets as `secret_fields` says. Raises ValidationError by
    field, with nothing saved.
    """
    declared = fields(channel.kind)
    wanted = secret_fields.merged(
        declared=declared, stored=stored(channel), typed=values, cleared=cleared
    )
    try:
        checked = CHANNELS[channel.kind].check(wanted)
    except FieldInvalid as error:
        raise ValidationError({error.name: [str(error)]}) from None
    secret = {each.name for each in declared if each.is_secret}
    channel.recipients = [line for line in checked.get("recipients", "").splitlines() if line]
    if stored(channel).get(rotation.BEFORE, "") != checked.get(rotation.BEFORE, ""):
        channel.replaced_at = None
    channel.secrets = {key: value for key, value in checked.items() if key in secret and value}
    kept = {key: value for key, value in checked.items() if key not in secret}
    channel.options = {key: value for key, value in kept.items() if key != "recipients"}
    channel.name, channel.is_enabled = name.strip(), is_enabled
    channel.tells_recovery, channel.reminders_only = tells_recovery, reminders_only
    with transaction.atomic():
        channel.full_clean(exclude=["recipients", "options"])
        channel.save()
    return channel


def save_push(
    *,
    channel: AlertChannel,
    is_enabled: bool,
    operators: Iterable[User],
    tells_recovery: bool,
    reminders_only: bool,
) -> AlertChannel:
    """Set which operators are told in their browsers; only theirs get it (F5)."""
    channel.options = {"operators": sorted(operator.pk for operator in operators)}
    channel.is_enabled = is_enabled
    channel.tells_recovery, channel.reminders_only = tells_recovery, reminders_only
    channel.save()
    return channel


def switch(*, channel: AlertChannel, is_enabled: bool) -> None:
    """Switch a channel on or off; off sends nothing (F2)."""
    channel.is_enabled = is_enabled
    channel.save(update_fields=["is_enabled"])


def remove(*, channel: AlertChannel) -> None:
    """Forget a channel and its secrets; letters that are in the outbox already still go out."""
    AlertChannel.objects.filter(pk=channel.pk).delete()


def send_test(*, channel: AlertChannel, now: datetime) -> int:
    """Put a test into the outbox for everybody the channel names, also while it is off.

    Returns how many; their fate is read back from the deliveries.
    """
    page = catalogue.page()
    message = Message(
        subject=f"[{page.name}] Test of the team alerts",
        text="This is a test. Messages like this one will tell you when a replica dies.\n",
        alert_key=f"candor-{page.uuid}-test",
        payload={"type": "test", "time": now.isoformat()},
    )
    key = f"alert-test:{get_random_string(12)}"
    letters = alert_letters.letters(channel=channel, message=message, dedupe_key=key)
    return outbox.put_many(letters=letters, now=now)


def save_settings(**chosen: Any) -> AlertSettings:
    """Set when operators are reminded, how long a root cause is waited for, and the warning in other
    places, which is published at once.

    Raises ValidationError by field, with nothing saved.
    """
    row = AlertSettings.objects.filter(id=1).first() or AlertSettings()
    for name, value in chosen.items():
        setattr(row, name, value)
    if row.reminder_backoff not in list(Backoff):
        raise ValidationError({"reminder_backoff": ["Choose how reminders become rarer."]})
    row.full_clean(validate_unique=False, validate_constraints=False)
    with transaction.atomic():
        row.save()
        if {"warns", "warns_after_s"} & chosen.keys():
            catalogue.mark_dirty()
    return row


def _pane(channel: AlertChannel) -> Pane:
    try:
        addresses, is_broken = [each.address for each in alert_letters.recipients(channel)], False
    except sealing.SealBroken:
        addresses, is_broken = [], True
    return Pane(
        channel=channel,
        title=title(channel.kind),
        name=name_within(channel),
        recipients=addresses,
        is_broken=is_broken,
        last=reading.last_to(channel=channel.kind, addresses=addresses),
    )
