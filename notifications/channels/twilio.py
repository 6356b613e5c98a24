"""Twilio as the provider of text messages.

https://www.twilio.com/docs/messaging/api/message-resource
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings

from common import guarded_http
from notifications.channels import calls
from notifications.channels.base import (
    OPTED_OUT,
    Blame,
    CannotAsk,
    Carried,
    DeliveryError,
    OutcomeUnknown,
    Parcel,
)

# What Twilio's codes say about a number (https://www.twilio.com/docs/api/errors).
_STOPPED = 21610
_NOT_A_NUMBER = {21211, 21614, 21217, 21214}
_QUEUE_FULL = {20429, 21611, 30001, 14107}
# What it says of a message that it took and that did not arrive. With some, nobody is there.
_FATES = {
    30001: "the queue of our number was full",
    30003: "the phone is switched off or out of reach",
    30004: "the phone or its carrier blocks our messages",
    30005: "there is no such phone",
    30006: "a landline, or a carrier that takes no text messages",
    30007: "a carrier took it for spam",
    30008: "the carrier gave no reason",
    30010: "it costs more than the limit",
}
_NOBODY_THERE = {_STOPPED, 30005, 30006} | _NOT_A_NUMBER
_LOST = {"undelivered", "failed", "canceled"}
_ON_ITS_WAY = {"accepted", "scheduled", "queued", "sending", "sent", "delivered", "read"}
# A list of a hundred messages with all that Twilio says about each.
_PAGE, _LIST_MAX, _ANSWER_MAX = 100, 1024 * 1024, 64 * 1024
_NAME = re.compile("(?:SM|MM)[0-9a-fA-F]{32}")
_SERVICE = re.compile("MG[0-9a-fA-F]{32}")
# What an HMAC-SHA1 looks like in base64.
_SIGNATURE = re.compile("[A-Za-z0-9+/]{27}=")


class Twilio:
    """One account and its number, or messaging service."""

    name = "twilio"
    title = "Twilio"

    @property
    def is_set_up(self) -> bool:
        return bool(settings.TWILIO_SID and settings.TWILIO_TOKEN and settings.SMS_FROM)

    @property
    def url(self) -> str:
        return str(settings.TWILIO_URL)

    @property
    def status_url(self) -> str:
        return str(settings.SMS_STATUS_URL)

    def call(self, *, number: str, text: str, status_url: str) -> calls.Call:
        sender = "MessagingServiceSid" if _SERVICE.fullmatch(settings.SMS_FROM) else "From"
        form = {"To": number, sender: settings.SMS_FROM, "Body": text}
        if status_url:
            form["StatusCallback"] = status_url
        return calls.Call(
            url=self._messages,
            body=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded", **_login()},
            answer_max=_ANSWER_MAX,
        )

    def receipt(self, answer: guarded_http.Answer) -> str:
        return _name(_json(answer.body).get("sid"))

    def find(self, *, number: str, since: datetime) -> Sequence[Carried]:
        """Not narrowed by the date it was sent: what is queued over there has none yet."""
        query = urlencode({"To": number, "PageSize": _PAGE})
        question = calls.Call(
            url=f"{self._messages}?{query}", method="GET", headers=_login(), answer_max=_LIST_MAX
        )
        answer = calls.ask(question)
        listed = _json(answer.body).get("messages")
        if not answer.is_success or not isinstance(listed, list):
            raise CannotAsk(f"Twilio answered {answer.status} when it was asked for messages.")
        told = [each for each in listed if isinstance(each, dict)]
        found = [each for each in told if _is_ours(each) and _created_at(each) >= since]
        is_whole = len(listed) < _PAGE or any(_created_at(each) < since for each in told)
        if not is_whole:
            raise CannotAsk("Twilio has more messages to this number than it can be asked for.")
        return [_carried(each) for each in found]

    def report(self, params: Mapping[str, Sequence[str]]) -> Carried | None:
        """https://www.twilio.com/docs/messaging/guides/track-outbound-message-status"""
        given = {name: values[0] for name, values in params.items() if values}
        sid = _name(given.get("MessageSid"))
        status = given.get("MessageStatus", "")
        if not sid or status not in _LOST | _ON_ITS_WAY:
            return None
        code = given.get("ErrorCode", "")
        is_number = code.isascii() and code.isdigit() and len(code) < 8
        return _carried({"sid": sid, "status": status, "error_code": int(code) if is_number else 0})

    @property
    def _messages(self) -> str:
        account = quote(settings.TWILIO_SID, safe="")
        return f"{self.url}/2010-04-01/Accounts/{account}/Messages.json"

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


def _login() -> dict[str, str]:
    account = base64.b64encode(f"{settings.TWILIO_SID}:{settings.TWILIO_TOKEN}".encode())
    return {"Authorization": f"Basic {account.decode()}"}


def _told(body: bytes) -> tuple[int, str]:
    """The code and the words of an error; 0 and nothing when it is none of Twilio's."""
    told = _json(body)
    code = told.get("code")
    return (code if isinstance(code, int) else 0), str(told.get("message") or "")


def _json(body: bytes) -> Mapping[str, Any]:
    """The object of an answer; an empty one when there is none."""
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _name(given: object) -> str:
    return given if isinstance(given, str) and _NAME.fullmatch(given) else ""


def _is_ours(told: Mapping[str, Any]) -> bool:
    return str(told.get("direction", "")).startswith("outbound") and bool(_name(told.get("sid")))


def _created_at(told: Mapping[str, Any]) -> datetime:
    try:
        at = parsedate_to_datetime(str(told.get("date_created")))
    except ValueError:
        raise CannotAsk("Twilio listed a message without its time.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _carried(told: Mapping[str, Any]) -> Carried:
    status, code = str(told.get("status", "")), told.get("error_code")
    return Carried(
        provider_id=_name(told.get("sid")),
        text=str(told.get("body", "")),
        refusal=_refusal(status, code if isinstance(code, int) else 0),
        is_delivered=status in {"delivered", "read"},
    )


def _refusal(status: str, code: int) -> DeliveryError | None:
    """Why a message that Twilio took did not arrive; None when it did, or still may."""
    if status not in _LOST:
        return None
    blame = Blame.ADDRESS if code in _NOBODY_THERE else Blame.NOTHING
    if code == _STOPPED:
        words = f"{OPTED_OUT} ({code})."
    else:
        words = (
            f"Twilio could not deliver it, {code or status}: {_FATES.get(code, 'no reason given')}."
        )
    return DeliveryError(words, permanent=True, blame=blame)
