"""What an incident says of components: the rows that list them, the claims, and what visitors see.

Called inside the transactions of `publishing` and `postmortems`; the preview before saving uses
the same rule (`components.status.displayed`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from components.models import Component
from components.status import Source, Status
from incidents import dedicated, lifecycle, speaking
from incidents.lifecycle import Impact
from incidents.models import AffectedComponent, Incident
from incidents.speaking import Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What a save would do to one component: what visitors see before and after."""

    component_id: int
    name: str
    before: Status
    after: Status
    is_visible: bool = True  # a hidden component is named to nobody
    uuid: str = ""  # what programs know it by

    @property
    def is_change(self) -> bool:
        return self.before != self.after


def choose(*, incident: Incident, chosen: Mapping[int, Status | None]) -> None:
    """Make these the affected components, by id; None follows the impact, a status is a person's choice.

    One that was affected and is not among them any more stays listed, as operational again; in a
    draft, which nobody has seen, it is not listed any more. Raises ValidationError for `components`.
    """
    if not {one for one in chosen.values() if one is not None} <= {*lifecycle.DECLARABLE}:
        said = _("One of the chosen statuses is not offered. Choose again.")
        raise ValidationError({"components": said})
    removed: list[int] = []
    if incident.is_draft:
        gone = incident.affected.exclude(component__in=list(chosen))
        removed = list(gone.values_list("component_id", flat=True))
        gone.delete()
    known = {row.component_id: row for row in incident.affected.all()}
    ids = set(Component.objects.filter(id__in=chosen).values_list("id", flat=True))
    rows = []
    for component_id in sorted(ids | known.keys()):
        row = known.get(component_id) or AffectedComponent(
            incident=incident, component_id=component_id
        )
        if component_id in ids:
            picked = chosen[component_id]
            row.is_overridden = picked is not None
            row.status = picked or _by_impact(incident.impact_value)
        else:
            row.is_overridden, row.status = True, Status.OPERATIONAL
        rows.append(row)
    _save(rows)
    dedicated.keep(incident, removed=removed)


def follow_impact(*, incident: Incident) -> None:
    """Apply the impact again to every component that no person chose a status for (AMB-7)."""
    rows = list(incident.affected.filter(is_overridden=False))
    for row in rows:
        row.status = _by_impact(incident.impact_value)
    _save(rows)


def speak(*, incident: Incident, at: datetime, now: datetime) -> Seen:
    """Set the incident's claims as its state and its rows say; withdraw them when it is over.

    `at` is when they hold from. Returns for each affected component what visitors saw before and
    see now.
    """
    is_speaking = incident.is_open
    return speaking.speak(
        source=Source.INCIDENT,
        public_id=incident.public_id,
        said={
            row.component_id: row.claimed if is_speaking else None
            for row in incident.affected.all()
        },
        at=at,
        now=now,
    )


def consequences(
    *,
    incident: Incident | None,
    impact: Impact,
    chosen: Mapping[int, Status | None],
    is_open: bool = True,
) -> list[Consequence]:
    """What saving would change, without saving: every component chosen now or affected before.

    `incident` is None for a new one. In page order.
    """
    reference = incident.public_id if incident else ""
    affected = set(incident.affected.values_list("component_id", flat=True)) if incident else set()
    said = {
        one: _claimed(one, impact, chosen) if is_open else None for one in affected | chosen.keys()
    }
    return [
        Consequence(
            component_id=component.id,
            name=component.name,
            before=component.shown_status,
            after=after,
            is_visible=component.is_visible,
            uuid=str(component.uuid),
        )
        for component, after in speaking.foresee(
            source=Source.INCIDENT, public_id=reference, said=said
        )
    ]


def _claimed(
    component_id: int, impact: Impact, chosen: Mapping[int, Status | None]
) -> Status | None:
    if component_id not in chosen:
        return None
    return chosen[component_id] or lifecycle.claimed_status(impact)


def _by_impact(impact: Impact) -> str:
    return lifecycle.claimed_status(impact) or ""


def _save(rows: Iterable[AffectedComponent]) -> None:
    AffectedComponent.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["incident", "component"],
        update_fields=["status", "is_overridden"],
    )
