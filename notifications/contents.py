"""What deliveries say, whole: for whoever proves that nobody is told what is not theirs."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from notifications.models import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One delivery: under which grant it goes, over which channel, and all that it says as text."""

    grant: str
    channel: str
    text: str


def everything() -> Iterator[Said]:
    """Yield every delivery that is stored."""
    for row in Delivery.objects.select_related("body").order_by("id").iterator():
        text = json.dumps([row.content, row.parts], ensure_ascii=False)
        yield Said(grant=row.grant, channel=row.channel, text=text)
