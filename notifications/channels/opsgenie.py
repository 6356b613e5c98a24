"""Opsgenie: a problem opens an alert under an alias, its recovery closes that alert.

The alias folds what is sent twice, so an unanswered request is simply sent again.
https://docs.opsgenie.com/docs/alert-api
"""

import json
import re
from collections.abc import Mapping
from urllib.parse import quote

from django.conf import settings

from notifications.channels import calls
from notifications.channels.base import Field, FieldInvalid, Parcel
from notifications.messages import Tone

_KEY = re.compile(r"[A-Za-z0-9-]{20,64}")
_ALIAS_MAX = 512


class OpsgenieChannel(calls.HttpChannel):
    name = "opsgenie"
    title = "Opsgenie"
    max_copies = None
    holds_incidents = True
    fields = (
        Field(
            name="key",
            label="API key",
            help_text="From an API integration of the team.",
            is_secret=True,
        ),
    )

    def check(self, values: Mapping[str, str]) -> dict[str, str]:
        checked = super().check(values)
        if not _KEY.fullmatch(checked["key"]):
            raise FieldInvalid("key", "This is not an API key: letters, digits and hyphens only.")
        return checked

    def address_of(self, secrets: Mapping[str, str]) -> str:
        return str(settings.OPSGENIE_URL)

    def call(self, parcel: Parcel) -> calls.Call:
        message = parcel.message
        alias = (message.alert_key or parcel.delivery_id)[:_ALIAS_MAX]
        text = message.text.strip()
        url, body = f"{settings.OPSGENIE_URL}/v2/alerts", {"source": "Candor"}
        if message.tone is Tone.RECOVERY:
            url = f"{url}/{quote(alias, safe='')}/close?identifierType=alias"
            body["note"] = calls.shortened(f"{message.subject}\n\n{text}", 20_000)
        else:
            body |= {
                "message": calls.shortened(message.subject, 130),
                "alias": alias,
                "description": calls.shortened(f"{text}\n\n{message.url}".strip(), 15_000),
                "priority": _priority(message.tone, is_urgent=message.is_urgent),
            }
        key = parcel.secrets.get("key", "")
        return calls.Call(
            url=url,
            body=json.dumps(body).encode(),
            headers={**calls.JSON, "Authorization": f"GenieKey {key}"},
        )


def _priority(tone: Tone, *, is_urgent: bool) -> str:
    if is_urgent:
        return "P1"
    return "P2" if tone is Tone.PROBLEM else "P5"
