"""X: a post of the account that signed in (Q2). https://docs.x.com/x-api/posts/create-post

Nobody types its token: `subscribers.integrations` signs in and keeps it fresh.
"""

import json
from collections.abc import Mapping

from django.conf import settings

from common import guarded_http
from notifications.channels import calls
from notifications.channels.base import DeliveryError, Field, Parcel
from notifications.messages import Message

# X counts: a post holds 280, any link is 23, letters outside these ranges are two each.
POST_MAX = 280
LINK_LENGTH = 23
_SINGLE = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))


class XChannel(calls.HttpChannel):
    name = "x"
    title = "X"
    fields = (Field(name="token", label="Access token", is_secret=True),)

    def address_of(self, secrets: Mapping[str, str]) -> str:
        return str(settings.X_URL)

    def call(self, parcel: Parcel) -> calls.Call:
        return calls.Call(
            url=f"{settings.X_URL}/2/tweets",
            body=json.dumps({"text": post_of(parcel.message)}).encode(),
            headers={**calls.JSON, "Authorization": f"Bearer {parcel.secrets.get('token', '')}"},
        )

    def judge(self, answer: guarded_http.Answer, parcel: Parcel) -> None:
        if answer.status in {401, 403}:
            raise DeliveryError(
                f"X answered {answer.status}: sign in again, or it takes this post for a repeat.",
                permanent=True,
            )
        super().judge(answer, parcel)


def post_of(message: Message) -> str:
    """The headline and as much of the text as fits, with the link at the end."""
    # One "@" would call somebody into it.
    words = f"{message.subject}\n{message.text.strip()}".strip().replace("@", "@\u200b")
    room = POST_MAX - (LINK_LENGTH + 1 if message.url else 0)
    text = cut(words, room)
    return f"{text}\n{message.url}" if message.url else text


def cut(text: str, room: int) -> str:
    """The text, with an ellipsis for what X would not take any more."""
    if sum(map(_weight, text)) <= room:
        return text
    kept, left = "", room - 2  # an ellipsis counts as two
    for letter in text:
        left -= _weight(letter)
        if left < 0:
            break
        kept += letter
    return kept.rstrip() + "…"


def _weight(letter: str) -> int:
    return 1 if any(first <= ord(letter) <= last for first, last in _SINGLE) else 2
