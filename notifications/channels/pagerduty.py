"""PagerDuty, Events API v2: a problem triggers, its recovery resolves.

The deduplication key folds what is sent twice, so an unanswered event is simply sent again.
https://developer.pagerduty.com/docs/events-api-v2/overview/
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from notifications.channels import calls
from notifications.channels.base import Field, FieldInvalid, Parcel
from notifications.messages import Tone

_KEY = re.compile(r"[A-Za-z0-9]{32}")
_KEY_MAX = 255


class PagerDutyChannel(calls.HttpChannel):
    name = "pagerduty"
    title = "PagerDuty"
    max_copies = None
    holds_incidents = True
    fields = (
        Field(
            name="routing_key",
            label="Integration key",
            help_text="32 characters, from an Events API v2 integration of the service.",
            is_secret=True,
        ),
    )

    def check(self, values: Mapping[str, str]) -> dict[str, str]:
        checked = super().check(values)
        if not _KEY.fullmatch(checked["routing_key"]):
            raise FieldInvalid("routing_key", "An integration key has 32 letters and digits.")
        return checked

    def address_of(self, secrets: Mapping[str, str]) -> str:
        return str(settings.PAGERDUTY_URL)

    def call(self, parcel: Parcel) -> calls.Call:
        return calls.Call(
            url=f"{settings.PAGERDUTY_URL}/v2/enqueue", body=json.dumps(_body(parcel)).encode()
        )


def _body(parcel: Parcel) -> dict[str, Any]:
    message = parcel.message
    body: dict[str, Any] = {
        "routing_key": parcel.secrets.get("routing_key", ""),
        "event_action": "resolve" if message.tone is Tone.RECOVERY else "trigger",
        "dedup_key": (message.alert_key or parcel.delivery_id)[:_KEY_MAX],
    }
    if message.tone is Tone.RECOVERY:
        return body
    body["payload"] = {
        "summary": calls.shortened(message.subject, 1024),
        "source": settings.CANDOR_ORIGIN,
        "severity": "critical" if message.tone is Tone.PROBLEM else "info",
        "timestamp": parcel.created_at.isoformat(),
        "custom_details": {"text": calls.shortened(message.text.strip(), 8000)},
    }
    body["client"] = "Candor"
    if message.url:
        body["client_url"] = message.url
        body["links"] = [{"href": message.url, "text": "Open"}]
    return body
