"""Each HTTP channel set up to call one server of the test."""

import base64
from collections.abc import Mapping

import http_ece
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_django import Settings

from notifications.channels import CHANNELS
from notifications.channels.base import Recipient
from tests import web

# Where it cannot be known whether an unanswered message arrived, and where equal ids are folded.
WITHOUT_KEY = ("slack", "teams", "discord", "telegram", "pushover")
WITH_KEY = ("pagerduty", "opsgenie", "webhook", "webpush")
ALL = WITHOUT_KEY + WITH_KEY

TOKEN = "123456:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr"
SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"o" * 32).decode()


class Browser:
    """The receiving end of Web Push: its keys, and how it reads what it gets."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._auth = b"a" * 16

    def subscription(self, endpoint: str) -> dict[str, str]:
        point = self._private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return {
            "endpoint": endpoint,
            "p256dh": base64.urlsafe_b64encode(point).rstrip(b"=").decode(),
            "auth": base64.urlsafe_b64encode(self._auth).rstrip(b"=").decode(),
        }

    def read(self, body: bytes) -> bytes:
        return bytes(
            http_ece.decrypt(
                body, private_key=self._private, auth_secret=self._auth, version="aes128gcm"
            )
        )


BROWSER = Browser()


def entered(kind: str, server: web.Server, settings: Settings) -> Mapping[str, str]:
    """What an operator would type so that the channel calls this server."""
    if kind in {"telegram", "pushover", "pagerduty", "opsgenie"}:
        setattr(settings, f"{kind.upper()}_URL", server.url)
    return {
        "slack": {"url": f"{server.url}/services/T0/B0/secret"},
        "teams": {"url": f"{server.url}/workflows/1?sig=secret"},
        "discord": {"url": f"{server.url}/api/webhooks/1/secret?thread_id=7"},
        "telegram": {"token": TOKEN, "chats": "-100200"},
        "pushover": {"token": "t" * 30, "keys": "u" * 30},
        "pagerduty": {"routing_key": "r" * 32},
        "opsgenie": {"key": "12345678-aaaa-bbbb-cccc-1234567890ab"},
        "webhook": {"url": f"{server.url}/hook", "secret": SECRET},
        "webpush": BROWSER.subscription(f"{server.url}/push/1"),
    }[kind]


def recipient(kind: str, server: web.Server, settings: Settings, **values: str) -> Recipient:
    """The first recipient of the channel, as the console would find it."""
    channel = CHANNELS[kind]
    checked = channel.check({**entered(kind, server, settings), **values})
    return channel.recipients(checked)[0]
