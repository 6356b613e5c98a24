"""Why a component was in a status: the events that name it, else who said so."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Q, Subquery

from components.models import Component, StatusChange
from components.status import Source, Status
from incidents.models import AffectedComponent, AffectedService, Incident, Maintenance
from sla.counting import Cause, Stretch

_SOURCES = {
    Source.MONITOR: "monitors",
    Source.ALERT: "monitors",
    Source.MANUAL: "operator",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    title: str
    start: datetime
    end: datetime | None

    def touches(self, stretch: Stretch) -> bool:
        return self.start < stretch.end and (self.end is None or self.end > stretch.start)


def between(component_ids: Collection[int], *, start: datetime, end: datetime) -> Cause:
    """Read the events and changes of a period, and return what finds the cause of a stretch.

    The cause is the titles of public incidents (of maintenance, while the status is that) that
    touched the component then; else "monitors", "operator" or "" for what nobody said.
    """
    incidents = _incidents(component_ids, start=start, end=end)
    works = _works(component_ids, start=start, end=end)
    changes = _changes(component_ids, start=start, end=end)

    def cause(component_id: int, stretch: Stretch) -> str:
        if stretch.status is Status.UNKNOWN:
            return ""
        is_work = stretch.status is Status.UNDER_MAINTENANCE
        events = works if is_work else incidents
        titles = [event.title for event in events[component_id] if event.touches(stretch)]
        if titles:
            return "; ".join(dict.fromkeys(titles))
        said = [by for at, by in changes[component_id] if at <= stretch.start]
        return said[-1] if said else ""

    return cause


def _incidents(ids: Collection[int], *, start: datetime, end: datetime) -> dict[int, list[_Event]]:
    still = Q(resolved_at__isnull=True) | Q(resolved_at__gt=start)
    public = Incident.objects.public().filter(still, started_at__lt=end)
    rows = AffectedComponent.objects.filter(component__in=ids, incident__in=public)
    found: dict[int, list[_Event]] = defaultdict(list)
    for pk, title, began, over in rows.order_by("incident__started_at", "incident").values_list(
        "component_id", "incident__title", "incident__started_at", "incident__resolved_at"
    ):
        found[pk].append(_Event(title=title, start=began, end=over))
    return found


def _works(ids: Collection[int], *, start: datetime, end: datetime) -> dict[int, list[_Event]]:
    still = Q(ended_at__isnull=True) | Q(ended_at__gt=start)
    public = Maintenance.objects.public().filter(still, started_at__lt=end)
    rows = AffectedService.objects.filter(component__in=ids, maintenance__in=public)
    found: dict[int, list[_Event]] = defaultdict(list)
    for pk, title, began, over in rows.order_by(
        "maintenance__started_at", "maintenance"
    ).values_list(
        "component_id", "maintenance__title", "maintenance__started_at", "maintenance__ended_at"
    ):
        if began is not None:
            found[pk].append(_Event(title=title, start=began, end=over))
    return found


def _changes(
    ids: Collection[int], *, start: datetime, end: datetime
) -> dict[int, list[tuple[datetime, str]]]:
    """Who said each change of these components, oldest first, led by the one that held at the start."""
    found: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    earlier = StatusChange.objects.filter(component=OuterRef("pk"), at__lte=start)
    last = Subquery(earlier.order_by("-at", "-id").values("cause")[:1])
    rows = Component.objects.filter(pk__in=ids).annotate(before=last)
    for pk, cause in rows.values_list("pk", "before"):
        if cause:
            found[pk].append((start, _SOURCES.get(Source(cause), "")))
    within = StatusChange.objects.filter(component__in=ids, at__gt=start, at__lt=end)
    for pk, at, cause in within.order_by("at", "id").values_list("component_id", "at", "cause"):
        found[pk].append((at, _SOURCES.get(Source(cause), "")))
    return found
