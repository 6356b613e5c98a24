"""Shorthand of the tests of text messages: a provider on loopback, codes, answers from phones."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.test import Client
from pytest_django import Settings

from subscribers.models import WaySettings
from tests import web

PHONE = "+12025550143"
TOKEN = "0123456789abcdef0123456789abcdef"
HOOK = "https://status.example.com/hooks/sms/twilio"
_TAKEN = web.answer(201, json.dumps({"sid": "SM" + "0" * 32, "status": "queued"}))


@contextmanager
def provider(settings: Settings, **ways: Any) -> Iterator[web.Server]:
    """A server that speaks Twilio's API, set up for mobiles of the United States and Germany."""
    settings.ALLOW_PRIVATE_HOOKS = True
    settings.CANDOR_ORIGIN = "https://status.example.com"
    settings.SMS_HOOK_URL = HOOK
    settings.TWILIO_SID, settings.TWILIO_TOKEN = "AC" + "1" * 32, TOKEN
    settings.SMS_FROM, settings.SMS_PER_S = "+15005550006", 0
    WaySettings.objects.create(**({"sms_countries": "DE US"} | ways))
    with web.server(_TAKEN) as running:
        settings.TWILIO_URL = running.url
        yield running


def code_in(got: web.Got) -> str:
    """The code that this message holds."""
    found = re.match(r"\d{6}", got.form["Body"])
    assert found, got.form
    return found[0]


def signature(params: Mapping[str, str], *, url: str = HOOK, token: str = TOKEN) -> str:
    """What Twilio's documentation says about signing, written down once more."""
    signed = url + "".join(name + params[name] for name in sorted(params))
    made = hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(made).decode()


def answer(client: Client, text: str, *, sid: str = "", **fields: str) -> Any:
    """A genuine answer from the phone."""
    params = {
        "MessageSid": sid or f"SM{hashlib.md5(text.encode()).hexdigest()}",
        "AccountSid": "AC" + "1" * 32,
        "From": PHONE,
        "To": "+15005550006",
        "Body": text,
    } | fields
    return post(client, params, signature(params))


def post(client: Client, params: Mapping[str, str], signed: str) -> Any:
    return client.post("/hooks/sms/twilio", params, headers={"X-Twilio-Signature": signed})
