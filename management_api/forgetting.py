"""Answers to creating requests that name a person who is erased: deleted with them (N11).

Named in settings.PERSON_ERASERS, for `subscribers.erasing`, which is below this app. What is kept here
for a day would bring the person back into the answer to a request that is repeated.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime

from management_api.models import IdempotentRequest
from subscribers import canonical as keys

# Whatever stands around an @, so that an address is found within a sentence as well.
_MAILBOX = re.compile(r"[^\s<>()\[\],:;\"]{1,256}@[^\s<>()\[\],:;\"]{1,256}")


def erase(*, channel: str, canonical: str, now: datetime) -> None:
    """Delete the notes whose answer names the person, however their address is written in it."""
    del now  # nothing of it is kept for a while
    notes = IdempotentRequest.objects.values_list("pk", "body").iterator()
    named = [pk for pk, body in notes if _names(body, channel, canonical)]
    IdempotentRequest.objects.filter(pk__in=named).delete()


def _names(body: str, channel: str, canonical: str) -> bool:
    for text in _texts(json.loads(body or "null")):
        if canonical in text:
            return True
        if channel == "email" and any(
            keys.key_of(found.rstrip(".").lstrip("'")) == canonical
            for found in _MAILBOX.findall(text)
        ):
            return True
    return False


def _texts(value: object) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
