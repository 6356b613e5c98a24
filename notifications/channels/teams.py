"""Microsoft Teams: the webhook of a workflow, which posts an Adaptive Card.

The text goes into text runs, which know no Markdown: it is shown as typed.
https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
"""

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from common import guarded_http
from notifications.channels import calls
from notifications.channels.base import DeliveryError, Field, Parcel
from notifications.messages import Message, Tone

_TEXT_MAX = 8000  # a whole post holds 28 KB
_COLOURS = {Tone.PROBLEM: "attention", Tone.RECOVERY: "good", Tone.NOTICE: "default"}
# What the old connectors answer, with a 200, when Teams did not take the card.
_NOT_TAKEN = b"Webhook message delivery failed"


class TeamsChannel(calls.HttpChannel):
    name = "teams"
    title = "Microsoft Teams"
    # Each tenant has a host of its own.
    waits_for_host = False
    fields = (
        Field(
            name="url",
            label="Webhook address",
            help_text="From Teams: Workflows, Post to a channel when a webhook request is received.",
            is_secret=True,
        ),
    )

    def check(self, values: Mapping[str, str]) -> dict[str, str]:
        checked = super().check(values)
        return {"url": calls.check_hook("url", checked["url"], hosts=settings.TEAMS_HOSTS)}

    def address_of(self, secrets: Mapping[str, str]) -> str:
        return secrets.get("url", "")

    def call(self, parcel: Parcel) -> calls.Call:
        url = calls.stored_hook(parcel, hosts=settings.TEAMS_HOSTS)
        return calls.Call(url=url, body=json.dumps(_body(parcel.message)).encode())

    def judge(self, answer: guarded_http.Answer, parcel: Parcel) -> None:
        super().judge(answer, parcel)
        if answer.body.startswith(_NOT_TAKEN):
            raise DeliveryError("Teams did not take the message.")


def _body(message: Message) -> dict[str, Any]:
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            _block(
                message.subject,
                {"weight": "bolder", "size": "medium", "color": _COLOURS[message.tone]},
            ),
            *(
                _block(line, {})
                for line in calls.shortened(message.text.strip(), _TEXT_MAX).split("\n")
                if line
            ),
        ],
    }
    if message.url:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open", "url": message.url}]
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": card,
            }
        ],
    }


def _block(text: str, look: Mapping[str, str]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **look}]}
