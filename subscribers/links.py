"""The links of a subscription that stand in every mail: opaque, and for nobody else to guess.

The token is made from the row's id with our key, so that the fan-out can write ten thousand links
without storing a secret; the row keeps its digest, by which a link is found again (D2).
"""

import base64
import hashlib
import re

from django.utils.crypto import salted_hmac

from components.page_addresses import PageAddress

_BYTES = 24
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")


def leave_token(subscriber_id: int) -> str:
    """The token that ends this subscription, and leads to its page; 32 characters of base64url."""
    made = salted_hmac("subscribers.leave", str(subscriber_id), algorithm="sha256").digest()
    return base64.urlsafe_b64encode(made[:_BYTES]).decode()


def digest(token: str) -> str:
    """What `Subscriber.unsubscribe_digest` holds of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_token(text: str) -> bool:
    """Whether a text has the form of a token; what has not needs no look."""
    return _TOKEN.fullmatch(text) is not None


def leave_url(token: str, at: PageAddress) -> str:
    """Where one click ends the subscription (RFC 8058): a POST acts, a GET shows a button.

    `at` is where the links of the page lead (`told_pages.own_links`); the path is good on every host.
    """
    return at.url(f"/subscriptions/leave/{token}")


def manage_url(token: str, at: PageAddress) -> str:
    """Where the holder of a mail asks for a link to change what they get."""
    return at.url(f"/subscriptions/manage/{token}")
