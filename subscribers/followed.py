"""The one event that somebody wants to follow, asked of the app that knows events."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.module_loading import import_string

from components.models import Page
from subscribers import shown_events

_Find = Callable[[str], tuple[str, str, str, Collection[int], Collection[int]] | None]


@dataclass(frozen=True, slots=True)
class Event:
    """An event that is not over. `topic` is its name in `Subscriber.follows`, `path` its page.

    `dedicated_ids` as in `shown_events.of`.
    """

    public_id: str
    topic: str
    title: str
    path: str
    component_ids: frozenset[int] = field(default_factory=frozenset)
    dedicated_ids: frozenset[int] = field(default_factory=frozenset)

    @property
    def is_incident(self) -> bool:
        return self.topic.startswith("incident:")


def find(public_id: str) -> Event | None:
    """The open event with this id; None when there is none, or it is over, or hidden."""
    ask: _Find = import_string(settings.FOLLOWABLE_EVENTS)
    found = ask(public_id) if public_id else None
    if found is None:
        return None
    topic, title, path, component_ids, dedicated_ids = found
    return Event(public_id, topic, title, path, frozenset(component_ids), frozenset(dedicated_ids))


def find_on(page: Page, public_id: str) -> Event | None:
    """The same, if this page shows the event."""
    event = find(public_id)
    if event is None:
        return None
    shown = shown_events.of(event.component_ids, dedicated_ids=event.dedicated_ids)
    return event if shown_events.pages_of(shown).filter(pk=page.pk).exists() else None


def is_open(topic: str) -> bool:
    """Whether the event of this topic is still to be followed."""
    found = find(topic.partition(":")[2])
    return found is not None and found.topic == topic
