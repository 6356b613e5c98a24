"""What Statuspage's manage API reads: the components of a page, and its incidents with maintenance.

There maintenance is an incident, in the same lists. The main page stands for the whole installation;
another page has what it shows, and the events that touch it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from components import pages
from components.models import Component, Page
from incidents.models import (
    Incident,
    IncidentUpdate,
    Maintenance,
    MaintenanceUpdate,
    MaintenanceUpdateComponent,
)
from incidents.models.incidents import UpdateComponent

Event = Incident | Maintenance


class Filter(StrEnum):
    """Which incidents are asked for; their words."""

    ALL = "all"
    UNRESOLVED = "unresolved"
    SCHEDULED = "scheduled"
    UPCOMING = "upcoming"
    ACTIVE = "active_maintenance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A slice of a list, newest first: `kinds` are what the token may read."""

    filter: Filter
    kinds: Collection[type[Event]]
    text: str = ""
    offset: int = 0
    limit: int = 100


def components(page: Page) -> list[Component]:
    """The components of a page in its order, each with its group."""
    rows = Component.objects.in_page_order().select_related("group")
    if page.is_main:
        return list(rows)
    shown = pages.shown_ids(page)
    return [row for row in rows if row.pk in shown]


def events(page: Page, wanted: Wanted) -> list[Event]:
    """The events of this slice, with everything that is told of them."""
    reach = wanted.offset + wanted.limit
    keys: list[tuple[Any, int, type[Event]]] = []
    for kind, rows in _rows(page, wanted.filter).items():
        if kind in wanted.kinds:
            named = rows.filter(title__icontains=wanted.text) if wanted.text else rows
            newest = named.order_by("-created_at", "-id").values_list("created_at", "id")
            keys += [(at, pk, kind) for at, pk in newest[:reach]]
    keys.sort(key=lambda key: key[:2], reverse=True)
    chosen = keys[wanted.offset : reach]
    found: dict[tuple[type[Event], int], Event] = {}
    for kind in (Incident, Maintenance):
        ids = [pk for _at, pk, of_kind in chosen if of_kind is kind]
        found |= {(kind, row.pk): row for row in _whole(kind, page, Q(pk__in=ids))}
    return [found[kind, pk] for _at, pk, kind in chosen if (kind, pk) in found]


def event(page: Page, ident: str) -> Event | None:
    """The incident or maintenance of a page with this id, with everything that is told of it."""
    for kind, rows in _rows(page, Filter.ALL).items():
        found = rows.filter(public_id=ident).values_list("pk", flat=True).first()
        if found is not None:
            return next(iter(_whole(kind, page, Q(pk=found))), None)
    return None


def _rows(page: Page, wanted: Filter) -> dict[type[Event], "QuerySet[Any]"]:
    incidents: QuerySet[Any] = Incident.objects.public()
    works: QuerySet[Any] = Maintenance.objects.public()
    if wanted is Filter.UNRESOLVED:
        incidents, works = Incident.objects.open(), works.none()
    elif wanted is not Filter.ALL:
        incidents = incidents.none()
    if wanted is Filter.SCHEDULED:
        works = Maintenance.objects.scheduled() | Maintenance.objects.running()
    elif wanted is Filter.UPCOMING:
        works = Maintenance.objects.scheduled()
    elif wanted is Filter.ACTIVE:
        works = Maintenance.objects.running()
    if not page.is_main:
        touching = Q(affected__component__in=pages.shown_ids(page))
        incidents, works = incidents.filter(touching).distinct(), works.filter(touching).distinct()
    return {Incident: incidents, Maintenance: works}


def _whole(kind: type[Event], page: Page, which: Q) -> Sequence[Event]:
    """The rows with their entries and components, in a fixed number of statements."""
    if kind is Incident:
        # What is said to one page alone is on no other.
        updates = IncidentUpdate.objects.filter(Q(audience=None) | Q(audience=page))
        seen: QuerySet[Any] = UpdateComponent.objects.all()
        rows: QuerySet[Any] = Incident.objects.filter(which)
        entries: QuerySet[Any] = updates.order_by("-at", "-id")
    else:
        rows = Maintenance.objects.filter(which).prefetch_related("reminders")
        entries = MaintenanceUpdate.objects.timeline()
        seen = MaintenanceUpdateComponent.objects.all()
    with_seen = entries.prefetch_related(
        Prefetch("components", seen.select_related("component__group").order_by("id"))
    )
    return list(rows.prefetch_related(Prefetch("updates", with_seen), "affected"))
