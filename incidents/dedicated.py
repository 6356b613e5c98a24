"""Which components of an event only some pages chose: kept with the event, for when they are gone.

An event that touches one of them is on pages of every service only for what else it touches. Read
from the components alone, it would be told to everybody once the last of them is removed or hidden.
"""

from collections.abc import Collection

from components.models import Component
from incidents.models import Incident, Maintenance


def keep(event: Incident | Maintenance, *, removed: Collection[int] = ()) -> None:
    """Keep which of its components only some pages chose; call after its rows, in their transaction.

    `removed` are those that somebody took out of the event just now: only they are let go.
    """
    rows = event.affected.filter(component__only_where_chosen=True)
    touched = set(rows.values_list("component_id", flat=True))
    found = sorted(set(event.dedicated_ids) - set(removed) | touched)
    if found != event.dedicated_ids:
        event.dedicated_ids = found
        event.save(update_fields=["dedicated_ids"])


def gone(event: Incident | Maintenance | None) -> list[int]:
    """Of these, those that were removed: nobody can take them out of the event any more."""
    if event is None or not event.dedicated_ids:
        return []
    there = set(event.affected.values_list("component_id", flat=True))
    return [one for one in event.dedicated_ids if one not in there]


def touched(event: Incident | Maintenance) -> list[int]:
    """All components that it is about, those that were removed among them only if they are kept."""
    return [*event.affected.values_list("component_id", flat=True), *gone(event)]


def has_lost(event: Incident | Maintenance) -> bool:
    """Whether it spoke of one that no page shows any more: then nobody knows of whom it speaks."""
    ids = event.dedicated_ids
    return len(ids) > Component.objects.visible().filter(id__in=ids).count() if ids else False
