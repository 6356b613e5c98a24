"""What Statuspage's documents hold and no page shows: ids for programs, and when rows were written.

Read beside the read model, with a fixed number of statements.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from components.models import Component, Page
from incidents.models import Incident, IncidentUpdate, Maintenance, MaintenanceUpdate

MOST = 50  # incidents, and maintenance, of one document


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentFact:
    """A component as programs know it; `group_id` and `group_name` are empty without a group."""

    public_id: str
    created_at: datetime
    group_id: str
    group_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """When an event or an entry was written and changed, and whether subscribers were told of it."""

    created_at: datetime
    changed_at: datetime
    is_told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFact:
    """A page as programs know it, and what it wants the indicator to say."""

    public_id: str
    tells_maintenance: bool = True
    counts_incidents: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class V2Facts:
    """By primary key of components, by public id of events and entries."""

    components: Mapping[int, ComponentFact]
    events: Mapping[str, Written]
    entries: Mapping[str, Written]


def pages() -> Mapping[int, PageFact]:
    """Read what concerns each page, by its id."""
    rows = Page.objects.values_list(
        "id", "public_id", "v2_tells_maintenance", "v2_counts_incidents"
    )
    return {
        pk: PageFact(public_id=public_id, tells_maintenance=maintenance, counts_incidents=incidents)
        for pk, public_id, maintenance, incidents in rows
    }


def facts(*, incident_ids: Collection[str], maintenance_ids: Collection[str]) -> V2Facts:
    """Read the facts of all visible components, and of these events (by public id)."""
    return V2Facts(
        components=_components(),
        events=_events(incident_ids, maintenance_ids),
        entries=_entries(incident_ids, maintenance_ids),
    )


def _components() -> dict[int, ComponentFact]:
    rows = Component.objects.visible().values_list(
        "id", "public_id", "created_at", "group__public_id", "group__name"
    )
    return {
        pk: ComponentFact(
            public_id=public_id,
            created_at=created_at,
            group_id=group_id or "",
            group_name=group_name or "",
        )
        for pk, public_id, created_at, group_id, group_name in rows
    }


def _events(incidents: Collection[str], works: Collection[str]) -> dict[str, Written]:
    found = {}
    for idents, rows in (
        (incidents, Incident.objects.public().filter(public_id__in=incidents)),
        (works, Maintenance.objects.public().filter(public_id__in=works)),
    ):
        if not idents:
            continue
        for ident, created_at, changed_at in rows.values_list(
            "public_id", "created_at", "changed_at"
        ):
            found[ident] = Written(created_at=created_at, changed_at=changed_at)
    return found


def _entries(incidents: Collection[str], works: Collection[str]) -> dict[str, Written]:
    found = {}
    for idents, rows in (
        (incidents, IncidentUpdate.objects.filter(incident__public_id__in=incidents)),
        (works, MaintenanceUpdate.objects.filter(maintenance__public_id__in=works)),
    ):
        if not idents:
            continue
        for ident, created_at, corrected_at, is_told in rows.values_list(
            "public_id", "created_at", "corrected_at", "notifies"
        ):
            found[ident] = Written(
                created_at=created_at, changed_at=corrected_at or created_at, is_told=is_told
            )
    return found
