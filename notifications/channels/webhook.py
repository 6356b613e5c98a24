"""A webhook of anybody's: JSON, signed as Standard Webhooks 1.0 says (reliability D7).

The id stays the same over all attempts, the timestamp is the attempt's. While a secret is being
replaced, the body is signed with the new one and the one before.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets as randomness
from collections.abc import Mapping
from typing import Any

from common import guarded_http
from notifications import backoff
from notifications.channels import calls
from notifications.channels.base import Blame, DeliveryError, Field, FieldInvalid, Parcel

PREFIX = "whsec_"
_SECRET_BYTES = 32


class WebhookChannel(calls.HttpChannel):
    name = "webhook"
    title = "Webhook"
    schedule = backoff.WEBHOOK
    max_copies = None
    waits_for_host = False
    fields = (
        Field(
            name="url",
            label="Address",
            help_text="Gets a POST with JSON. May hold a secret of its own, so it is kept as one.",
            is_secret=True,
        ),
        Field(
            name="secret",
            label="Signing secret",
            help_text="whsec_ and 24 to 64 bytes in base64. Left empty, one is made.",
            is_secret=True,
            is_required=False,
        ),
        Field(
            name="previous_secret",
            label="Secret before",
            help_text="Bodies are signed with both for 24 hours, then this one is forgotten.",
            is_secret=True,
            is_required=False,
        ),
    )

    def check(self, values: Mapping[str, str]) -> dict[str, str]:
        checked = super().check(values)
        checked["url"] = calls.check_url("url", checked["url"])
        checked["secret"] = checked["secret"] or new_secret()
        for name in ("secret", "previous_secret"):
            if checked[name] and not 24 <= len(_key(checked[name])) <= 64:
                raise FieldInvalid(name, "Write whsec_ and 24 to 64 bytes in base64.")
        return checked

    def label(self, secrets: Mapping[str, str]) -> str:
        # Not of the signing secret: after a rotation it still is the same receiver.
        url = secrets.get("url", "")
        return f"{calls.host_of(url)} {calls.fingerprint(url)}"

    def address_of(self, secrets: Mapping[str, str]) -> str:
        return secrets.get("url", "")

    def call(self, parcel: Parcel) -> calls.Call:
        body = json.dumps(_body(parcel), separators=(",", ":")).encode()
        return calls.Call(
            url=parcel.secrets.get("url", ""),
            body=body,
            headers={**calls.JSON, **signature_headers(parcel=parcel, body=body)},
        )

    def judge(self, answer: guarded_http.Answer, parcel: Parcel) -> None:
        """Only "gone" ends it: whatever else a receiver answers may be a mistake it will repair."""
        if answer.is_success:
            return
        words = f"{calls.host_of(parcel.secrets.get('url', ''))} answered {answer.status}."
        if answer.status == 410:
            raise DeliveryError(words, permanent=True, blame=Blame.ADDRESS)
        raise DeliveryError(words, retry_after_s=answer.retry_after_s(now=parcel.now))


def new_secret() -> str:
    """A fresh signing secret, in the form that is shown to people."""
    return PREFIX + base64.b64encode(randomness.token_bytes(_SECRET_BYTES)).decode()


def signature_headers(*, parcel: Parcel, body: bytes) -> dict[str, str]:
    """The three headers of Standard Webhooks for this attempt; no signature without a secret."""
    timestamp = str(int(parcel.now.timestamp()))
    headers = {"webhook-id": f"msg_{parcel.delivery_id}", "webhook-timestamp": timestamp}
    signed = f"msg_{parcel.delivery_id}.{timestamp}.".encode() + body
    keys = [_key(parcel.secrets.get(name, "")) for name in ("secret", "previous_secret")]
    signatures = [
        "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        for key in keys
        if key
    ]
    if signatures:
        headers["webhook-signature"] = " ".join(signatures)
    return headers


def _body(parcel: Parcel) -> Mapping[str, Any]:
    message = parcel.message
    if message.payload:
        return message.payload
    return {
        "type": f"alert.{message.tone}",
        "timestamp": parcel.created_at.isoformat(),
        "data": {
            "subject": message.subject,
            "text": message.text,
            "url": message.url,
            "alert_key": message.alert_key,
        },
    }


def _key(secret: str) -> bytes:
    """The bytes of a secret; empty when it is none."""
    if not secret.startswith(PREFIX):
        return b""
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        return b""
