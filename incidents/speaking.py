"""How an event speaks about components: its claims, and what visitors see before and after them.

Incidents (`affecting`) and maintenance (`maintenance_entries`) speak through here, inside their
own transactions.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from components import claims
from components.claims import Claim
from components.models import Component
from components.status import Source, Status
from incidents.models import (
    IncidentUpdate,
    MaintenanceUpdate,
    MaintenanceUpdateComponent,
    UpdateComponent,
)

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


def keep_seen(*, update: IncidentUpdate | MaintenanceUpdate, seen: Seen) -> None:
    """Keep with an update what visitors saw of each component before and after it."""
    chips = Component.objects.filter(id__in=seen).in_page_order()
    values = [
        {
            "component_id": component_id,
            "name": name,
            "was_visible": is_visible,
            "previous": seen[component_id][0],
            "status": seen[component_id][1],
        }
        for component_id, name, is_visible in chips.values_list("id", "name", "is_visible")
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
