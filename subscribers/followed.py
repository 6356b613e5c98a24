"""The one event that somebody wants to follow, asked of the app that knows events."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

_Find = Callable[[str], tuple[str, str, str] | None]


@dataclass(frozen=True, slots=True)
class Event:
    """An event that is not over. `topic` is its name in `Subscriber.follows`, `path` its page."""

    public_id: str
    topic: str
    title: str
    path: str

    @property
    def is_incident(self) -> bool:
        return self.topic.startswith("incident:")


def find(public_id: str) -> Event | None:
    """The open event with this id; None when there is none, or it is over, or hidden."""
    ask: _Find = import_string(settings.FOLLOWABLE_EVENTS)
    found = ask(public_id) if public_id else None
    return None if found is None else Event(public_id, *found)


def is_open(topic: str) -> bool:
    """Whether the event of this topic is still to be followed."""
    found = find(topic.partition(":")[2])
    return found is not None and found.topic == topic
