"""How an event speaks about components: its claims, and what visitors see before and after them.

Incidents (`affecting`) and maintenance (`maintenance_entries`) speak through here, inside their
own transactions.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import models

from components import catalogue, claims, status
from components.claims import Claim
from components.models import Component, StatusClaim
from components.status import ClaimValue, Source, Status
from incidents.models import (
    IncidentUpdate,
    MaintenanceUpdate,
    MaintenanceUpdateComponent,
    UpdateComponent,
)

# A chip names its component as it was called then. One that is hidden now, or was when it was
# removed, is told of nowhere.
SHOWN = models.Q(component=None, was_visible=True) | models.Q(component__is_visible=True)
# For each component, by id, what visitors saw before and see now.
Seen = Mapping[int, tuple[Status, Status]]


def speak(
    *,
    source: Source,
    public_id: str,
    said: Mapping[int, Status | None],
    at: datetime,
    now: datetime,
) -> Seen:
    """Set an event's claims about components by id, None withdraws one; they hold from `at` on."""
    before = _shown(said)
    claims.set_claims(
        source=source,
        reference=public_id,
        claims=[
            # Not its title: the history of statuses stays when the event is deleted (AMB-18).
            Claim(component_id=one, status=status, at=at, note=f"{source} {public_id}")
            for one, status in said.items()
        ],
        now=now,
    )
    after = _shown(said)
    return {component_id: (before[component_id], after[component_id]) for component_id in before}


def seen_now(ids: Iterable[int]) -> Seen:
    """What visitors see of components at the moment, where nothing about them changes."""
    return {component_id: (status, status) for component_id, status in _shown(ids).items()}


def foresee(
    *, source: Source, public_id: str, said: Mapping[int, Status | None]
) -> list[tuple[Component, Status]]:
    """What visitors would see of each component if the event spoke so; in page order, saves nothing."""
    components = list(Component.objects.filter(id__in=list(said)).in_page_order())
    others: dict[int, list[ClaimValue]] = defaultdict(list)
    for claim in StatusClaim.objects.filter(component__in=components):
        if not (claim.source == source and claim.reference == public_id):
            value = ClaimValue(source=claim.source_kind, status=Status(claim.status))
            others[claim.component_id].append(value)
    hides = catalogue.page().maintenance_hides_monitors
    found = []
    for component in components:
        claimed, values = said[component.id], others[component.id]
        if claimed is not None:
            values = [*values, ClaimValue(source=source, status=claimed)]
        after = status.displayed(
            values, is_manual=component.is_manual, maintenance_hides_monitors=hides
        )
        found.append((component, after))
    return found


def keep_seen(*, update: IncidentUpdate | MaintenanceUpdate, seen: Seen) -> None:
    """Keep with an update what visitors saw of each component before and after it."""
    chips = Component.objects.filter(id__in=seen).in_page_order()
    values = [
        {
            "component_id": component_id,
            "name": name,
            # Once it is removed, nobody knows any more which pages had chosen it.
            "was_visible": is_visible and not is_restricted,
            "previous": seen[component_id][0],
            "status": seen[component_id][1],
        }
        for component_id, name, is_visible, is_restricted in chips.values_list(
            "id", "name", "is_visible", "only_where_chosen"
        )
    ]
    if isinstance(update, IncidentUpdate):
        UpdateComponent.objects.bulk_create(UpdateComponent(update=update, **one) for one in values)
    else:
        MaintenanceUpdateComponent.objects.bulk_create(
            MaintenanceUpdateComponent(update=update, **one) for one in values
        )


def _shown(ids: Iterable[int]) -> dict[int, Status]:
    rows = Component.objects.filter(id__in=list(ids)).values_list("id", "status")
    return {component_id: Status(shown) for component_id, shown in rows}
