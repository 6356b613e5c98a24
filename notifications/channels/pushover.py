"""Pushover: an application's token, and user or group keys that get its messages (F6).

An urgent message has priority 1, which breaks through quiet hours. https://pushover.net/api
"""

import json
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from django.conf import settings

from common import guarded_http
from notifications.channels import calls
from notifications.channels.base import Blame, DeliveryError, Field, FieldInvalid, Parcel, Recipient

_KEY = re.compile(r"[A-Za-z0-9]{30}")


class PushoverChannel(calls.HttpChannel):
    name = "pushover"
    title = "Pushover"
    fields = (
        Field(
            name="token",
            label="Application token",
            help_text="30 letters and digits, from your application at pushover.net.",
            is_secret=True,
        ),
        Field(
            name="keys",
            label="User and group keys",
            help_text="One on each line.",
            is_secret=True,
            is_many=True,
        ),
    )

    def check(self, values: Mapping[str, str]) -> dict[str, str]:
        checked = super().check(values)
        if not _KEY.fullmatch(checked["token"]):
            raise FieldInvalid("token", "An application token has 30 letters and digits.")
        for number, key in enumerate(calls.lines(checked["keys"]), start=1):
            if not _KEY.fullmatch(key):
                raise FieldInvalid("keys", f"Key {number} has to be 30 letters and digits.")
        return checked

    def recipients(self, values: Mapping[str, str]) -> list[Recipient]:
        return [
            Recipient(
                address=f"Pushover key …{key[-4:]} {calls.fingerprint(key, values.get('token', ''))}",
                secrets={"token": values.get("token", ""), "key": key},
            )
            for key in calls.lines(values.get("keys", ""))
        ]

    def address_of(self, secrets: Mapping[str, str]) -> str:
        return str(settings.PUSHOVER_URL)

    def call(self, parcel: Parcel) -> calls.Call:
        message = parcel.message
        form = {
            "token": parcel.secrets.get("token", ""),
            "user": parcel.secrets.get("key", ""),
            "title": calls.shortened(message.subject, 250),
            # An empty text is refused.
            "message": calls.shortened(message.text.strip() or message.subject, 1024),
            "priority": "1" if message.is_urgent else "0",
            "timestamp": str(int(parcel.created_at.timestamp())),
        }
        if message.url and len(message.url) <= 512:
            form |= {"url": message.url, "url_title": "Open"}
        return calls.Call(
            url=f"{settings.PUSHOVER_URL}/1/messages.json",
            body=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )

    def judge(self, answer: guarded_http.Answer, parcel: Parcel) -> None:
        if answer.is_success:
            return
        told = _told(answer.body)
        if answer.status == 400 and told.get("user") == "invalid":
            raise DeliveryError(
                "Pushover does not know this user or group key, or it has no device.",
                permanent=True,
                blame=Blame.ADDRESS,
            )
        if answer.status in {400, 401, 403} and told.get("token") == "invalid":
            raise DeliveryError("Pushover does not know this application token.", permanent=True)
        errors = told.get("errors")
        reason = "; ".join(map(str, errors)) if isinstance(errors, list) else ""
        raise calls.refusal(answer, parcel, told=reason)


def _told(body: bytes) -> dict[str, object]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
