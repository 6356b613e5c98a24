"""The end of the hooks of mail providers; the views before it are django-anymail's."""

from django.utils import timezone

from subscribers import bounce_events
from subscribers.bounce_events import Event


def heard(*, event: Event, **_signal: object) -> None:
    """The receiver of anymail's `tracking` signal, within the provider's request (statuspage.apps)."""
    bounce_events.take(event=event, now=timezone.now())
