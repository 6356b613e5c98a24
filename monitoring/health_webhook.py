"""`status:health:changed`: tells other systems that the page's general health changed (G1-G9).

Called by `page_health` inside the transaction of the change, and by the console. The body is fixed
by its source, so the signature travels in headers (Standard Webhooks); retried for a day.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import get_random_string

from common import sealing
from components import catalogue
from components.models import Page
from monitoring import rotation, secret_fields
from monitoring.models import HealthHook, PageHealthChange
from notifications import outbox, reading
from notifications.channels import CHANNELS
from notifications.channels.base import FieldInvalid
from notifications.messages import Message

EVENT = "status:health:changed"
TEST_EVENT = "status:health:test"
CHANNEL = "webhook"
_SCHEDULE = "day"


def put_letters(*, change: PageHealthChange, now: datetime) -> int:
    """Put one letter for each receiver that is on; a change reaches each of them once."""
    page = catalogue.page()
    message = Message(
        subject=f"{page.name} is {change.health}",
        text=f"The general health of {page.name} changed to {change.health}.\n",
        payload=body(page=page, change=change, event=EVENT),
    )
    hooks = HealthHook.objects.filter(is_enabled=True).order_by("id")
    letters = [
        letter
        for hook in hooks
        if (letter := _letter(hook, message, f"page-health:{change.pk}:{hook.pk}"))
    ]
    return outbox.put_many(letters=letters, now=now)


def body(*, page: Page, change: PageHealthChange, event: str) -> dict[str, Any]:
    """The JSON body: both `website_id` are filled (AMB-5), the timestamp is in epoch milliseconds."""
    website_id = str(page.uuid)
    return {
        "website_id": website_id,
        "event": event,
        "data": {"website_id": website_id, "health": change.health, "nodes": change.nodes},
        "timestamp": round(change.at.timestamp() * 1000),
    }


def save_hook(
    *,
    hook: HealthHook,
    name: str,
    is_enabled: bool,
    values: Mapping[str, str],
    cleared: frozenset[str] = frozenset(),
) -> HealthHook:
    """Add or change a receiver; `values` are merged as `secret_fields` says.

    Raises ValidationError by field, with nothing saved.
    """
    channel = CHANNELS[CHANNEL]
    wanted = secret_fields.merged(
        declared=channel.fields, stored=stored(hook), typed=values, cleared=cleared
    )
    try:
        secrets = channel.check(wanted)
    except FieldInvalid as error:
        raise ValidationError({error.name: [str(error)]}) from None
    with transaction.atomic():
        hook.name, hook.is_enabled = name.strip(), is_enabled
        if stored(hook).get(rotation.BEFORE) != secrets.get(rotation.BEFORE):
            hook.replaced_at = None
        hook.secrets = secrets
        hook.full_clean()
        hook.save()
    return hook


def remove_hook(*, hook: HealthHook) -> None:
    """Forget a receiver and its secrets."""
    HealthHook.objects.filter(pk=hook.pk).delete()


def send_test(*, hook: HealthHook, health: str, now: datetime) -> bool:
    """Put a test with the present health into the outbox, also while the hook is off.

    Its event is another one, so that no receiver takes it for a change. Whether it could be put.
    """
    page = catalogue.page()
    present = PageHealthChange(health=health, at=now)
    message = Message(
        subject=f"Test from {page.name}",
        text="A test of the health webhook.\n",
        payload=body(page=page, change=present, event=TEST_EVENT),
    )
    letter = _letter(hook, message, f"page-health-test:{get_random_string(12)}:{hook.pk}")
    return bool(letter) and outbox.put_many(letters=[letter] if letter else [], now=now) == 1


def attempts(*, hook: HealthHook) -> list[reading.Last]:
    """The latest deliveries to a receiver, newest first (G9)."""
    return reading.latest_to(channel=CHANNEL, addresses=[_address(hook)], limit=10)


def stored(hook: HealthHook) -> dict[str, str]:
    """Address and secrets; empty when they cannot be read any more and have to be entered again."""
    try:
        return hook.secrets
    except sealing.SealBroken:
        return {}


def _letter(hook: HealthHook, message: Message, dedupe_key: str) -> outbox.Letter | None:
    secrets = stored(hook)
    if not secrets:
        return None
    return outbox.Letter(
        channel=CHANNEL,
        address=_address(hook),
        message=message,
        dedupe_key=dedupe_key,
        secrets=secrets,
        schedule=_SCHEDULE,
    )


def _address(hook: HealthHook) -> str:
    return f"health webhook {hook.pk}"
