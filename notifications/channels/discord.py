"""Discord: one channel webhook. Markdown is shown as typed and nobody can be mentioned.

https://discord.com/developers/docs/resources/webhook#execute-webhook
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings

from notifications.channels import calls
from notifications.channels.base import Field, Parcel
from notifications.messages import Message, Tone

_TITLE_MAX = 256
_TEXT_MAX = 4096
_MARKUP = re.compile(r"([\\*_~`|>\[\]()#<@:-])")
_COLOURS = {Tone.PROBLEM: 0xC4302B, Tone.RECOVERY: 0x2E8540, Tone.NOTICE: 0x5B6770}


class DiscordChannel(calls.HttpChannel):
    name = "discord"
    title = "Discord"
    fields = (
        Field(
            name="url",
            label="Webhook address",
            help_text="From Discord: Edit channel, Integrations, Webhooks.",
            is_secret=True,
        ),
    )

    def check(self, values: Mapping[str, str]) -> dict[str, str]:
        checked = super().check(values)
        return {"url": calls.check_hook("url", checked["url"], hosts=settings.DISCORD_HOSTS)}

    def address_of(self, secrets: Mapping[str, str]) -> str:
        return secrets.get("url", "")

    def call(self, parcel: Parcel) -> calls.Call:
        parts = urlsplit(calls.stored_hook(parcel, hosts=settings.DISCORD_HOSTS))
        # With "wait" the answer comes after the message was stored, and not before.
        query = urlencode({**dict(parse_qsl(parts.query)), "wait": "true"})
        return calls.Call(
            url=parts._replace(query=query).geturl(),
            body=json.dumps(_body(parcel.message)).encode(),
        )


def _body(message: Message) -> dict[str, Any]:
    embed: dict[str, Any] = {
        "title": _plain(message.subject, _TITLE_MAX),
        "description": _plain(message.text.strip(), _TEXT_MAX),
        "color": _COLOURS[message.tone],
    }
    if message.url:
        embed["url"] = message.url
    return {"embeds": [embed], "allowed_mentions": {"parse": []}}


def _plain(text: str, limit: int) -> str:
    """The text with its markup escaped, in at most `limit` characters, cut between two signs."""
    escaped = _MARKUP.sub(r"\\\1", text)
    if len(escaped) <= limit:
        return escaped
    cut = escaped[: limit - 1]
    # An odd number of backslashes at the end would escape nothing.
    return (cut[:-1] if (len(cut) - len(cut.rstrip("\\"))) % 2 else cut) + "…"
