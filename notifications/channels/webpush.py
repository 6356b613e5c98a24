"""Web Push: a notification in the browsers of chosen operators (F5).

http_ece encrypts, `vapid` signs, and our own client sends: push services are on a list and are
dialled through the guard like everybody else (reliability A8). Not pywebpush, which does no more
than this here and brings two HTTP clients along: 1.2 s and 20 MB for every process that starts.
"""

import base64
import hashlib
import json
from collections.abc import Mapping

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.utils.translation import gettext as _

from common import guarded_http
from notifications import vapid
from notifications.channels import calls
from notifications.channels.base import DeliveryError, Field, FieldInvalid, Parcel

# An alarm that could not be shown within six hours is not shown any more.
_TTL_S = 6 * 3600
# Services take 4,096 bytes; encryption needs about 100, and JSON may double what it escapes.
_TEXT_MAX = 1000


class WebPushChannel(calls.HttpChannel):
    name = "webpush"
    title = "Browser"
    max_copies = None
    waits_for_host = False
    fields = (
        Field(name="endpoint", label="Endpoint", is_secret=True),
        Field(name="p256dh", label="Public key of the browser", is_secret=True),
        Field(name="auth", label="Secret of the browser", is_secret=True),
        Field(name="name", label="Name", help_text="Whose browser.", is_required=False),
    )

    def check(self, values: Mapping[str, str]) -> dict[str, str]:
        checked = super().check(values)
        checked["endpoint"] = calls.check_hook(
            "endpoint", checked["endpoint"], hosts=settings.PUSH_HOSTS
        )
        for name, size in (("p256dh", 65), ("auth", 16)):
            if len(_bytes(checked[name])) != size:
                raise FieldInvalid(name, _("The browser's subscription cannot be read."))
        try:
            _encrypted(checked, b"x")
        except ValueError:
            raise FieldInvalid("p256dh", _("The browser's subscription cannot be read.")) from None
        return checked

    def label(self, secrets: Mapping[str, str]) -> str:
        endpoint = secrets.get("endpoint", "")
        whose = secrets.get("name") or "Browser"
        return f"{whose} at {calls.host_of(endpoint)} {calls.fingerprint(endpoint)}"

    def address_of(self, secrets: Mapping[str, str]) -> str:
        return secrets.get("endpoint", "")

    def call(self, parcel: Parcel) -> calls.Call:
        try:
            checked = self.check(parcel.secrets)
        except FieldInvalid as error:
            raise DeliveryError(str(error), permanent=True) from None
        message = parcel.message
        topic = _topic(message.alert_key or parcel.delivery_id)
        shown = {
            "title": message.subject,
            "body": calls.shortened(message.text.strip(), _TEXT_MAX),
            "url": message.url,
            # A notification with the same tag replaces the one before: a second copy shows once.
            "tag": topic,
        }
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(_TTL_S),
            "Urgency": "high",
            "Topic": topic,
            **vapid.authorization(endpoint=checked["endpoint"], now=parcel.now),
        }
        body = _encrypted(checked, json.dumps(shown, ensure_ascii=False).encode())
        return calls.Call(url=checked["endpoint"], body=body, headers=headers)

    def judge(self, answer: guarded_http.Answer, parcel: Parcel) -> None:
        if answer.status in {401, 403}:
            raise DeliveryError(
                f"The push service answered {answer.status}: it does not accept our key for this"
                " browser. Subscribe it again.",
                permanent=True,
            )
        super().judge(answer, parcel)


def _encrypted(subscription: Mapping[str, str], data: bytes) -> bytes:
    """The data for this browser's eyes only (RFC 8291), with a key of its own for each message.

    Raises ValueError when the subscription's keys are no keys.
    """
    try:
        sealed = http_ece.encrypt(
            data,
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=_bytes(subscription["p256dh"]),
            auth_secret=_bytes(subscription["auth"]),
            version="aes128gcm",
        )
    except http_ece.ECEException as error:
        raise ValueError(str(error)) from None
    return bytes(sealed)


def _topic(key: str) -> str:
    """At most 32 characters of base64url (RFC 8030 5.4), equal for equal keys."""
    return base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())[:32].decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
