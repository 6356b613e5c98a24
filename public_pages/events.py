"""Incidents and maintenance with all that was said of them, read in batches with a fixed number of queries.

Called by the publisher for the pages of single events; `event_lists` reads what lists show. Drafts
are not read, nor are hidden components. What is read is meant for all pages together: `projecting`
cuts out what one page shows.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import models

from components.status import Status
from incidents import lifecycle, speaking
from incidents.models import (
    AffectedComponent,
    AffectedService,
    CorrectiveAction,
    Incident,
    IncidentUpdate,
    Maintenance,
    MaintenanceUpdate,
    MaintenanceUpdateComponent,
    Postmortem,
    PostmortemEntry,
    UpdateComponent,
)
from public_pages.event_views import (
    ActionView,
    ChipView,
    IncidentView,
    MaintenanceView,
    PostmortemView,
    TouchedView,
    UpdateView,
)


def incidents(ids: Iterable[int]) -> list[IncidentView]:
    """Read public incidents by their primary keys, in that order; what is not public is left out."""
    order = {pk: place for place, pk in enumerate(ids)}
    rows = sorted(Incident.objects.public().filter(pk__in=order), key=lambda row: order[row.pk])
    updates = _updates(
        IncidentUpdate.objects.filter(incident__in=rows).order_by("-at", "-id"),
        UpdateComponent.objects.filter(speaking.SHOWN, update__incident__in=rows),
        owner="incident_id",
    )
    affected = touched(AffectedComponent.objects.filter(incident__in=rows), owner="incident_id")
    reports = _postmortems(rows)
    return [
        IncidentView(
            ident=row.public_id,
            title=row.title,
            state=row.state_value,
            impact=row.impact_value,
            started_at=row.started_at,
            ended_at=row.resolved_at,
            next_update_by=row.next_update_by,
            is_retroactive=row.is_retroactive,
            is_detected=row.origin == "monitor",
            touched=affected[row.pk],
            updates=updates[row.pk],
            postmortem=reports.get(row.pk),
            dedicated=frozenset(row.dedicated_ids),
        )
        for row in rows
    ]


def maintenance(ids: Iterable[int]) -> list[MaintenanceView]:
    """Read maintenance by primary keys, in that order."""
    order = {pk: place for place, pk in enumerate(ids)}
    rows = sorted(Maintenance.objects.public().filter(pk__in=order), key=lambda row: order[row.pk])
    updates = _updates(
        MaintenanceUpdate.objects.filter(maintenance__in=rows).timeline(),
        MaintenanceUpdateComponent.objects.filter(speaking.SHOWN, update__maintenance__in=rows),
        owner="maintenance_id",
    )
    affected = touched(AffectedService.objects.filter(maintenance__in=rows), owner="maintenance_id")
    return [
        MaintenanceView(
            ident=row.public_id,
            title=row.title,
            html=row.html,
            state=row.state_value,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            started_at=row.started_at,
            ended_at=row.ended_at,
            touched=affected[row.pk],
            updates=updates[row.pk],
            dedicated=frozenset(row.dedicated_ids),
        )
        for row in rows
    ]


def touched(stored: "models.QuerySet[Any]", *, owner: str) -> Mapping[int, tuple[TouchedView, ...]]:
    """The visible components that events touch, in page order, by the event's primary key."""
    rows = (
        stored.filter(component__is_visible=True)
        .order_by(
            models.F("component__group__position").asc(nulls_last=True),
            models.F("component__group__name").asc(nulls_last=True),
            "component__position",
            "component__name",
        )
        .values_list(owner, "component_id", "component__slug", "component__name", "status")
    )
    found: dict[int, list[TouchedView]] = defaultdict(list)
    for event_id, component_id, slug, name, said in rows:
        status = Status(said) if said else None
        found[event_id].append(TouchedView(id=component_id, slug=slug, name=name, status=status))
    return defaultdict(tuple, {event_id: tuple(views) for event_id, views in found.items()})


def _updates(
    stored: "models.QuerySet[Any]", chips: "models.QuerySet[Any]", *, owner: str
) -> Mapping[int, tuple[UpdateView, ...]]:
    """The entries of timelines in their order, by the event's primary key."""
    by_update: dict[int, list[ChipView]] = defaultdict(list)
    for update_id, component_id, name, previous, status in chips.order_by("id").values_list(
        "update_id", "component_id", "name", "previous", "status"
    ):
        by_update[update_id].append(
            ChipView(
                key=str(component_id or name),
                name=name,
                previous=Status(previous),
                status=Status(status),
                component_id=component_id,
            )
        )
    found: dict[int, list[UpdateView]] = defaultdict(list)
    for row in stored:
        found[getattr(row, owner)].append(
            UpdateView(
                ident=row.public_id,
                state=row.state_value,
                is_change=row.is_change_of_state,
                html=row.html,
                at=row.at,
                corrected_at=row.corrected_at,
                chips=tuple(by_update[row.pk]),
                title=getattr(row, "kind", ""),
                audience=getattr(row, "audience_id", None),
            )
        )
    return defaultdict(tuple, {event_id: tuple(views) for event_id, views in found.items()})


def _postmortems(rows: Sequence[Incident]) -> Mapping[int, PostmortemView]:
    """The published reports, by the incident's primary key."""
    published = models.Q(
        postmortem__published_at__isnull=False,
        postmortem__incident__in=rows,
        postmortem__incident__state=lifecycle.State.POSTMORTEM,
    )
    entries: dict[int, list[Any]] = defaultdict(list)
    for entry in PostmortemEntry.objects.filter(published).order_by("at", "id"):
        entries[entry.postmortem_id].append((entry.at, entry.text))
    actions: dict[int, list[ActionView]] = defaultdict(list)
    for action in CorrectiveAction.objects.filter(published).order_by("position", "id"):
        actions[action.postmortem_id].append(
            ActionView(
                text=action.text, owner=action.owner, due_on=action.due_on, is_done=action.is_done
            )
        )
    reports = Postmortem.objects.filter(
        published_at__isnull=False,
        incident__in=rows,
        incident__state=lifecycle.State.POSTMORTEM,
    )
    return {
        report.incident_id: PostmortemView(
            title=report.title,
            summary=report.summary,
            impact=report.impact_description,
            root_cause=report.root_cause,
            published_at=report.published_at,
            author_name=report.author_name,
            entries=tuple(entries[report.pk]),
            actions=tuple(actions[report.pk]),
        )
        for report in reports
        if report.published_at is not None
    }
