"""Who carries text messages for us: one small interface, and Twilio as the first provider.

Another provider is a class with these methods and a line in `PROVIDERS`. Its account stands in the
environment, not in the database: it is the house's, and no subscriber has a part in it.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from typing import Protocol
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings

from common import guarded_http
from notifications.channels import calls
from notifications.channels.base import Blame, DeliveryError, OutcomeUnknown, Parcel

# Begins the error of a delivery whose number has told the provider to stop.
OPTED_OUT = "This number has answered STOP"


class Provider(Protocol):
    """One company that sends text messages and hands over the answers."""

    @property
    def name(self) -> str:
        """Its name in the address of the inbound hook."""

    @property
    def title(self) -> str: ...

    @property
    def is_set_up(self) -> bool:
        """Whether the environment holds an account."""

    @property
    def url(self) -> str:
        """Where its API is reached."""

    def call(self, *, number: str, text: str) -> calls.Call:
        """The request that sends one message."""

    def judge(self, answer: guarded_http.Answer, parcel: Parcel) -> None:
        """Return when it took the message.

        Raises:
            DeliveryError: it did not; the words begin with OPTED_OUT when the number said STOP.
            OutcomeUnknown: it broke while it had the message.
        """

    def is_genuine(
        self, *, url: str, params: Mapping[str, Sequence[str]], headers: Mapping[str, str]
    ) -> bool:
        """Whether an inbound request to this public address was made by the provider."""


# What Twilio's codes say about a number (https://www.twilio.com/docs/api/errors).
_STOPPED = 21610
_NOT_A_NUMBER = {21211, 21614, 21217, 21214}
_QUEUE_FULL = {20429, 21611, 30001, 14107}
_SERVICE = re.compile("MG[0-9a-fA-F]{32}")
# What an HMAC-SHA1 looks like in base64.
_SIGNATURE = re.compile("[A-Za-z0-9+/]{27}=")


class Twilio:
    """https://www.twilio.com/docs/messaging/api/message-resource"""

    name = "twilio"
    title = "Twilio"

    @property
    def is_set_up(self) -> bool:
        return bool(settings.TWILIO_SID and settings.TWILIO_TOKEN and settings.SMS_FROM)

    @property
    def url(self) -> str:
        return str(settings.TWILIO_URL)

    def call(self, *, number: str, text: str) -> calls.Call:
        sender = "MessagingServiceSid" if _SERVICE.fullmatch(settings.SMS_FROM) else "From"
        account = quote(settings.TWILIO_SID, safe="")
        login = base64.b64encode(f"{settings.TWILIO_SID}:{settings.TWILIO_TOKEN}".encode())
        return calls.Call(
            url=f"{self.url}/2010-04-01/Accounts/{account}/Messages.json",
            body=urlencode({"To": number, sender: settings.SMS_FROM, "Body": text}).encode(),
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Authorization": f"Basic {login.decode()}",
            },
        )

    def judge(self, answer: guarded_http.Answer, parcel: Parcel) -> None:
        if answer.is_success:
            return
        code, told = _told(answer.body)
        if code == _STOPPED:
            raise DeliveryError(f"{OPTED_OUT} ({code}).", permanent=True, blame=Blame.ADDRESS)
        words = f"Twilio answered {answer.status}{f', {code}' if code else ''}: {told[:200]}"
        if code in _NOT_A_NUMBER:
            raise DeliveryError(words, permanent=True, blame=Blame.ADDRESS)
        if answer.status in {429, 503} or code in _QUEUE_FULL:
            raise DeliveryError(words, retry_after_s=answer.retry_after_s(now=parcel.now))
        if answer.status == 401:
            # A token that was changed there and not here: the sender is refused, not this message.
            raise DeliveryError(words, blame=Blame.CONTENT)
        if answer.status >= 500:
            # It had the message in hand: a second copy would cost money and wake somebody twice.
            raise OutcomeUnknown(words)
        raise DeliveryError(words, permanent=True)

    def is_genuine(
        self, *, url: str, params: Mapping[str, Sequence[str]], headers: Mapping[str, str]
    ) -> bool:
        """HMAC-SHA1 of the address and the sorted fields, with the token or the one before it.

        https://www.twilio.com/docs/usage/security
        """
        given = headers.get("X-Twilio-Signature", "")
        if not _SIGNATURE.fullmatch(given):
            return False
        fields = "".join(
            f"{name}{value}" for name in sorted(params) for value in sorted(set(params[name]))
        )
        return any(
            hmac.compare_digest(given, _signature(token, f"{spelt}{fields}"))
            for token in (settings.TWILIO_TOKEN, settings.TWILIO_TOKEN_BEFORE)
            for spelt in _with_and_without_port(url)
            if token
        )


PROVIDERS: Mapping[str, Provider] = {each.name: each for each in (Twilio(),)}


def chosen() -> Provider | None:
    """The provider whose account the environment holds; None without any."""
    return next((each for each in PROVIDERS.values() if each.is_set_up), None)


def _with_and_without_port(url: str) -> tuple[str, str]:
    """The address both ways: Twilio signs now the one, now the other."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    name = host if parts.port is None else host.rpartition(":")[0]
    port = parts.port or (443 if parts.scheme == "https" else 80)
    bare, full = parts._replace(netloc=name), parts._replace(netloc=f"{name}:{port}")
    return bare.geturl(), full.geturl()


def _signature(token: str, signed: str) -> str:
    made = hmac.digest(token.encode(), signed.encode("utf-8", "surrogatepass"), hashlib.sha1)
    return base64.b64encode(made).decode()


def _told(body: bytes) -> tuple[int, str]:
    """The code and the words of an error; 0 and nothing when it is none of Twilio's."""
    try:
        told = json.loads(body)
    except ValueError:
        return 0, ""
    if not isinstance(told, dict):
        return 0, ""
    code = told.get("code")
    return (code if isinstance(code, int) else 0), str(told.get("message") or "")
