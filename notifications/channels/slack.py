"""Slack, and what takes Slack's form: one incoming webhook (F4).

Nothing of a message is read as markup: `&`, `<` and `>` are written as entities, so that neither
`<!channel>` nor a disguised link comes to life. https://api.slack.com/messaging/webhooks
"""

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from common import guarded_http
from notifications.channels import calls
from notifications.channels.base import Blame, DeliveryError, Field, Parcel
from notifications.messages import Message

_TITLE_MAX = 150
_TEXT_MAX = 2900  # a section holds 3,000 characters
# Words that Slack answers with when the hook is no more.
_GONE = (b"no_service", b"no_team", b"channel_is_archived", b"channel_not_found", b"action_prohib")


class SlackChannel(calls.HttpChannel):
    name = "slack"
    title = "Slack"
    fields = (
        Field(
            name="url",
            label="Webhook address",
            help_text="From Slack: Apps, Incoming Webhooks. Begins with https://hooks.slack.com/.",
            is_secret=True,
        ),
    )

    def check(self, values: Mapping[str, str]) -> dict[str, str]:
        checked = super().check(values)
        return {"url": calls.check_hook("url", checked["url"], hosts=settings.SLACK_HOSTS)}

    def address_of(self, secrets: Mapping[str, str]) -> str:
        return secrets.get("url", "")

    def call(self, parcel: Parcel) -> calls.Call:
        url = calls.stored_hook(parcel, hosts=settings.SLACK_HOSTS)
        return calls.Call(url=url, body=json.dumps(_body(parcel.message)).encode())

    def judge(self, answer: guarded_http.Answer, parcel: Parcel) -> None:
        if answer.is_success:
            return
        if answer.body.startswith(_GONE):
            raise DeliveryError(
                f"Slack answered {answer.status}: this webhook is no more.",
                permanent=True,
                blame=Blame.ADDRESS,
            )
        raise calls.refusal(answer, parcel)


def _body(message: Message) -> dict[str, Any]:
    subject = _escaped(calls.shortened(message.subject, _TITLE_MAX))
    blocks: list[dict[str, Any]] = [_section(f"*{subject.replace('*', '∗')}*")]
    if text := message.text.strip():
        blocks.append(_section(_cut(_escaped(text))))
    if message.url:
        address = _escaped(message.url).replace("|", "%7C")
        blocks.append(_section(f"<{address}|Open>"))
    return {
        "text": subject,
        "blocks": blocks,
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _section(text: str) -> dict[str, Any]:
    # Verbatim: Slack makes no links and no mentions of what merely looks like some.
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(escaped: str) -> str:
    """At most as much as a section holds, and no half entity at its end."""
    if len(escaped) <= _TEXT_MAX:
        return escaped
    cut = escaped[:_TEXT_MAX]
    head, ampersand, tail = cut.rpartition("&")
    return (head if ampersand and ";" not in tail else cut) + "…"
