"""What a provider of mail reports to our hook of a mail that came back, or was complained about.

django-anymail checks the request and makes every provider's words the same (`bounce_views`). The hook
has a secret, so its word about a recipient is believed.
"""

from datetime import datetime
from typing import Protocol

from notifications import returned
from subscribers import bounce_reports, bouncing
from subscribers.bounce_reports import Kind

_CAME_BACK = {"bounced", "rejected", "failed"}
_NOTE_MAX = 300


class Event(Protocol):
    """What we read of `anymail.signals.AnymailTrackingEvent`."""

    event_type: str
    timestamp: datetime | None
    recipient: str | None
    reject_reason: str | None
    description: str | None
    mta_response: str | None


def take(*, event: Event, now: datetime) -> Kind:
    """Act on an event; what it changed. The same event counts once."""
    kind = kind_of(event)
    if kind is Kind.NOTHING or not event.recipient:
        return Kind.NOTHING
    at = min(event.timestamp or now, now)
    left = returned.last_to(address=event.recipient, before=at, now=now)
    if left is None:
        return Kind.NOTHING
    words = f"{event.mta_response or event.description or event.reject_reason or ''}"
    if kind is Kind.COMPLAINT:
        is_new = bouncing.complain(grant=left.grant, note="Complaint: abuse", now=now)
    else:
        error = f"Came back: {bounce_reports.plain(words)}"[:_NOTE_MAX]
        is_new = returned.note(left=left, is_permanent=kind is Kind.HARD, error=error, now=now)
    return kind if is_new else Kind.NOTHING


def kind_of(event: Event) -> Kind:
    """What it says about the address; providers call soft bounces "bounced" as well."""
    if event.event_type == "complained":
        return Kind.COMPLAINT
    if event.event_type not in _CAME_BACK:
        return Kind.NOTHING
    said = (event.mta_response or "", event.description or "")
    is_hard = event.reject_reason == "invalid" or bounce_reports.says_nobody_is_there(*said)
    return Kind.HARD if is_hard else Kind.SOFT
