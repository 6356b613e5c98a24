"""Telegram: a bot writes to chats, groups and channels.

Without a parse mode, so that nothing of a message is markup; the subject is made bold by its
position. https://core.telegram.org/bots/api#sendmessage
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from common import guarded_http
from notifications.channels import calls
from notifications.channels.base import Blame, DeliveryError, Field, FieldInvalid, Parcel, Recipient

_TEXT_MAX = 4096
_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,100}")
# 123, -100123, @channel; behind a slash the topic of a forum.
_CHAT = re.compile(r"(-?[0-9]{1,20}|@[A-Za-z0-9_]{3,64})(/[0-9]{1,10})?")


class TelegramChannel(calls.HttpChannel):
    name = "telegram"
    title = "Telegram"
    fields = (
        Field(
            name="token",
            label="Bot token",
            help_text="From @BotFather, like 123456:ABC-DEF.",
            is_secret=True,
        ),
        Field(
            name="chats",
            label="Chats",
            help_text="Numbers or @names, one on each line. 123/45 is topic 45 of a forum.",
            is_many=True,
        ),
    )

    def check(self, values: Mapping[str, str]) -> dict[str, str]:
        checked = super().check(values)
        if not _TOKEN.fullmatch(checked["token"]):
            raise FieldInvalid("token", "This is not a bot token. It looks like 123456:ABC-DEF…")
        for chat in calls.lines(checked["chats"]):
            if not _CHAT.fullmatch(chat):
                raise FieldInvalid("chats", f"{chat[:60]} is neither a chat's number nor a @name.")
        return checked

    def recipients(self, values: Mapping[str, str]) -> list[Recipient]:
        bot = values.get("token", "").partition(":")[0]
        return [
            Recipient(
                address=f"Telegram {chat} by bot {bot}",
                secrets={"token": values.get("token", ""), "chat": chat},
            )
            for chat in calls.lines(values.get("chats", ""))
        ]

    def address_of(self, secrets: Mapping[str, str]) -> str:
        return str(settings.TELEGRAM_URL)

    def call(self, parcel: Parcel) -> calls.Call:
        token = parcel.secrets.get("token", "")
        if not _TOKEN.fullmatch(token):
            raise DeliveryError("The bot token is missing.", permanent=True)
        return calls.Call(
            url=f"{settings.TELEGRAM_URL}/bot{token}/sendMessage",
            body=json.dumps(_body(parcel)).encode(),
        )

    def judge(self, answer: guarded_http.Answer, parcel: Parcel) -> None:
        if answer.is_success:
            return
        told = _told(answer.body)
        words = f"Telegram answered {answer.status}. {told.get('description', '')}".strip()
        asked_s = _number(told.get("parameters"), "retry_after")
        if answer.status == 429 and asked_s is not None:
            raise DeliveryError(words[:300], retry_after_s=asked_s)
        if answer.status == 403 or (answer.status == 400 and "chat" in words):
            raise DeliveryError(words[:300], permanent=True, blame=Blame.ADDRESS)
        if answer.status in {401, 404}:  # no such bot
            raise DeliveryError("Telegram does not know this bot token.", permanent=True)
        raise calls.refusal(answer, parcel)


def _body(parcel: Parcel) -> dict[str, Any]:
    message = parcel.message
    chat, _, topic = parcel.secrets.get("chat", "").partition("/")
    tail = f"\n\n{message.url}" if message.url else ""
    text = f"{message.subject}\n\n{message.text.strip()}".strip()
    text = calls.shortened(text, _TEXT_MAX - len(tail)) + tail
    body: dict[str, Any] = {
        "chat_id": chat if chat.startswith("@") else int(chat or 0),
        "text": text,
        # Lengths are counted in UTF-16 code units.
        "entities": [
            {"type": "bold", "offset": 0, "length": len(message.subject.encode("utf-16-le")) // 2}
        ],
        "link_preview_options": {"is_disabled": True},
    }
    if topic:
        body["message_thread_id"] = int(topic)
    return body


def _told(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _number(told: object, name: str) -> float | None:
    value = told.get(name) if isinstance(told, dict) else None
    return float(value) if isinstance(value, int | float) else None
