"""Set and withdraw claims: the only writer of a component's status.

Monitoring, operators and later incidents and maintenance all speak through here, so that
withdrawing one voice lets the others show through again (requirements I14, AMB-6).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from common import auditing
from components import catalogue, status
from components.models import Component, Page, StatusChange, StatusClaim
from components.status import ClaimValue, Source, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim to set: which component, what, from when (aware), and a note for the history."""

    component_id: int
    status: Status | None  # None withdraws the claim
    at: datetime
    note: str = ""


def set_claims(
    *, source: Source, reference: str, claims: Iterable[Claim], now: datetime
) -> list[StatusChange]:
    """Set or withdraw one speaker's claims about several components, with a fixed number of statements.

    Returns the changes of what visitors see, already stored; empty when nothing visible changed.
    `at` may lie before `now` (a gap found late); it never lies before the last recorded change.
    """
    wanted = {claim.component_id: claim for claim in claims}
    if not wanted:
        return []
    with transaction.atomic():
        _store(source=source, reference=reference, wanted=wanted)
        return _refresh(
            component_ids=wanted.keys(),
            at={claim.component_id: claim.at for claim in wanted.values()},
            notes={claim.component_id: claim.note for claim in wanted.values()},
            cause=source,
            now=now,
        )


def set_claim(
    *,
    component: Component,
    source: Source,
    reference: str,
    claimed: Status | None,
    now: datetime,
    note: str = "",
) -> StatusChange | None:
    """Set (or with None withdraw) one claim about one component; the visible change, if any."""
    claim = Claim(component_id=component.id, status=claimed, at=now, note=note)
    changes = set_claims(source=source, reference=reference, claims=[claim], now=now)
    return changes[0] if changes else None


def hold_by_hand(
    *, component: Component, held: Status, now: datetime, note: str = ""
) -> StatusChange | None:
    """Switch the component to manual and show `held` until somebody sets it back to automatic."""
    with transaction.atomic():
        _switch(component=component, held=held, now=now)
        return set_claim(
            component=component,
            source=Source.MANUAL,
            reference="",
            claimed=held,
            now=now,
            note=note,
        )


def follow_monitors(*, component: Component, now: datetime, note: str = "") -> StatusChange | None:
    """Set the component back to automatic: what a person held by hand is withdrawn."""
    with transaction.atomic():
        _switch(component=component, held=None, now=now)
        return set_claim(
            component=component,
            source=Source.MANUAL,
            reference="",
            claimed=None,
            now=now,
            note=note,
        )


def _switch(*, component: Component, held: Status | None, now: datetime) -> None:
    """Switch the component to manual or back, with an entry in the audit log."""
    claims = StatusClaim.objects.filter(
        component_id=component.id, source=Source.MANUAL, reference=""
    )
    was = claims.values_list("status", flat=True).first()
    Component.objects.filter(id=component.id).update(is_manual=held is not None)
    auditing.record(
        subject=component,
        before={"held by hand": was or "automatic"},
        after={"held by hand": held or "automatic"},
        now=now,
    )


def change_page(*, page: Page, now: datetime, **fields: Any) -> Page:
    """Change what concerns the page as a whole, and what visitors see by it.

    Services in maintenance show at once what monitors say of them when
    `maintenance_hides_monitors` is switched off, and no longer when it is switched on.

    Raises:
        ValidationError: a field is not usable; nothing is changed.
    """
    with transaction.atomic():
        catalogue.change_page(page=page, **fields)
        if "maintenance_hides_monitors" in fields:
            touched = StatusClaim.objects.filter(source=Source.MAINTENANCE)
            ids = set(touched.values_list("component_id", flat=True))
            _refresh(
                component_ids=ids,
                at=dict.fromkeys(ids, now),
                notes=dict.fromkeys(ids, "page setting"),
                cause=Source.MAINTENANCE,
                now=now,
            )
    return page


def _store(*, source: Source, reference: str, wanted: Mapping[int, Claim]) -> None:
    withdrawn = [claim.component_id for claim in wanted.values() if claim.status is None]
    if withdrawn:
        StatusClaim.objects.filter(
            source=source, reference=reference, component_id__in=withdrawn
        ).delete()
    StatusClaim.objects.bulk_create(
        [
            StatusClaim(
                component_id=claim.component_id,
                source=source,
                reference=reference,
                status=claim.status,
                claimed_at=claim.at,
            )
            for claim in wanted.values()
            if claim.status is not None
        ],
        update_conflicts=True,
        unique_fields=["component", "source", "reference"],
        update_fields=["status", "claimed_at"],
    )


def _refresh(
    *,
    component_ids: Iterable[int],
    at: Mapping[int, datetime],
    notes: Mapping[int, str],
    cause: Source,
    now: datetime,
) -> list[StatusChange]:
    """Work out what visitors see of these components and store what changed."""
    ids = sorted(component_ids)
    # Row locks in id order: two recorders of the same component take turns and never deadlock.
    rows = list(Component.objects.select_for_update(of=("self",)).filter(id__in=ids).order_by("id"))
    hides = catalogue.page().maintenance_hides_monitors
    by_component: dict[int, list[ClaimValue]] = defaultdict(list)
    for claim in StatusClaim.objects.filter(component_id__in=ids):
        by_component[claim.component_id].append(
            ClaimValue(source=claim.source_kind, status=Status(claim.status))
        )
    changes: list[StatusChange] = []
    changed: list[Component] = []
    for component in rows:
        shown = status.displayed(
            by_component[component.id],
            is_manual=component.is_manual,
            maintenance_hides_monitors=hides,
        )
        if shown == component.status:
            continue
        holds_from = max(at[component.id], component.status_since or at[component.id])
        changes.append(
            StatusChange(
                component=component,
                previous=component.status,
                status=shown,
                at=holds_from,
                recorded_at=now,
                cause=cause,
                note=notes[component.id][:300],
            )
        )
        component.status, component.status_since = shown, holds_from
        changed.append(component)
    if changes:
        StatusChange.objects.bulk_create(changes)
        Component.objects.bulk_update(changed, ["status", "status_since"])
        catalogue.mark_dirty()
    return changes
