"""Events as lists show them: the home page, a month of history, a component's page, the maintenance page.

Called by `reading` and by the publisher of event pages. The number of queries depends neither on
how many events there are in all nor on how many a list shows. What is read is meant for all pages
together: `projecting` cuts out what one page shows.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import models

from components.status import Status
from incidents import lifecycle, speaking
from incidents.models import (
    AffectedComponent,
    AffectedService,
    Incident,
    IncidentUpdate,
    Maintenance,
    Postmortem,
    UpdateComponent,
)
from public_pages import affected, events
from public_pages.event_views import AsideView, EventLine, HomeEvents, Kind, SeenView

UPCOMING_DAYS = 7
PER_COMPONENT = 10
_OVER = (lifecycle.State.RESOLVED, lifecycle.State.POSTMORTEM)
_PAST_MAINTENANCE = 20


def home(*, now: datetime, since: datetime, kinds: Collection[Kind] = tuple(Kind)) -> HomeEvents:
    """Read what the home page tells: what is open, what comes, and what began since a moment.

    `kinds` are those of which there may be any.
    """
    open_ones, past = _incidents_of_home(since) if Kind.INCIDENT in kinds else ([], [])
    lines = {line.ident: line for line in _incident_lines([*open_ones, *past])}
    running, upcoming, over = (
        _works_of_home(now, since) if Kind.MAINTENANCE in kinds else ([], [], [])
    )
    works = {line.ident: line for line in _maintenance_lines([*running, *upcoming, *over])}
    recent = [line for line in lines.values() if line.starts_at >= since]
    recent += [works[row.public_id] for row in [*over, *running] if row.starts_at >= since]
    return HomeEvents(
        open=tuple(
            sorted(
                (lines[row.public_id] for row in open_ones),
                key=lambda line: -line.worst.rank,  # stable: newest first among equals
            )
        ),
        running=tuple(works[row.public_id] for row in running),
        upcoming=tuple(works[row.public_id] for row in upcoming),
        recent=newest_first(recent),
    )


def _incidents_of_home(since: datetime) -> tuple[list[Incident], list[Incident]]:
    """The open ones, and those that began since a moment and are over."""
    begun = Incident.objects.past().filter(started_at__gte=since)
    return list(_with_latest(Incident.objects.open())), list(_with_latest(begun))


def _works_of_home(
    now: datetime, since: datetime
) -> tuple[list[Maintenance], list[Maintenance], list[Maintenance]]:
    """What is going on, comes, and began since a moment and is over."""
    rows = Maintenance.objects.public()
    return (
        list(rows.running()),
        list(rows.upcoming(now, timedelta(days=UPCOMING_DAYS))),
        list(rows.past().filter(starts_at__gte=since, starts_at__lte=now)),
    )


def between(
    start: datetime, end: datetime, *, kinds: Iterable[Kind] = tuple(Kind)
) -> tuple[EventLine, ...]:
    """Read the events of some kinds that begin in a half-open period, newest first."""
    inside = {"gte": start, "lt": end}
    begun = Incident.objects.public().filter(
        **{f"started_at__{name}": at for name, at in inside.items()}
    )
    planned = Maintenance.objects.public().filter(
        **{f"starts_at__{name}": at for name, at in inside.items()}
    )
    lines: list[EventLine] = []
    if Kind.INCIDENT in kinds:
        lines += _incident_lines(list(_with_latest(begun)))
    if Kind.MAINTENANCE in kinds:
        lines += _maintenance_lines(list(planned))
    return newest_first(lines)


def of_components(
    component_ids: Iterable[int], *, since: datetime
) -> Mapping[int, tuple[EventLine, ...]]:
    """Read the incidents that touch each component: the open ones, and the latest since a moment."""
    touching = AffectedComponent.objects.filter(component__in=list(component_ids))
    rows = Incident.objects.public().filter(_recent(since), pk__in=touching.values("incident"))
    found: dict[int, list[EventLine]] = defaultdict(list)
    wanted = set(component_ids)
    for line in newest_first(_incident_lines(list(_with_latest(rows)))):
        for component in line.touched:
            if component.id in wanted and (
                line.is_open or len(found[component.id]) < PER_COMPONENT
            ):
                found[component.id].append(line)
    return defaultdict(tuple, {key: tuple(lines) for key, lines in found.items()})


def marks(*, since: datetime) -> Mapping[int, tuple[int, int]]:
    """Read a mark of each component that changes with what `of_components` would tell of it."""
    # By way of the incidents: a join with this condition reads every component ever affected.
    recent = Incident.objects.public().filter(_recent(since))
    rows = (
        AffectedComponent.objects.filter(incident__in=recent.values("pk"))
        .values("component")
        .annotate(count=models.Count("pk"), latest=models.Max("incident__page_revision"))
    )
    return {row["component"]: (row["count"], row["latest"]) for row in rows}


def works() -> tuple[EventLine, ...]:
    """Read what the maintenance page lists: all that is not over, and the latest that is."""
    rows = Maintenance.objects.public()
    every = [
        *rows.running(),
        *rows.scheduled(),
        *rows.past()[:_PAST_MAINTENANCE],
    ]
    return tuple(_maintenance_lines(every))


def first_at(*, kinds: Iterable[Kind] = tuple(Kind)) -> datetime | None:
    """When the history begins of what every page of all services tells; None before there is any.

    `kinds` are those of which there may be events.
    """
    # In the order of an index that ends at the first row: an aggregate reads them all.
    firsts: list[datetime] = []
    if Kind.INCIDENT in kinds:
        incidents = general(Incident.objects.public()).order_by("started_at", "id")
        firsts += incidents.values_list("started_at", flat=True)[:1]
    if Kind.MAINTENANCE in kinds:
        works = general(Maintenance.objects.public()).order_by("starts_at", "id")
        firsts += works.values_list("starts_at", flat=True)[:1]
    return min(firsts, default=None)


def general(rows: "models.QuerySet[Any]") -> "models.QuerySet[Any]":
    """Narrow events to those of which nothing belongs to some pages alone."""
    others = rows.model._meta.get_field("affected").related_model.objects.filter(
        component__is_visible=True, component__only_where_chosen=True
    )
    return rows.filter(dedicated_ids=[]).exclude(affected__in=others)


def newest_first(lines: Iterable[EventLine]) -> tuple[EventLine, ...]:
    """Return events in the order of lists."""
    return tuple(sorted(lines, key=lambda line: (line.starts_at, line.ident), reverse=True))


def _recent(since: datetime) -> models.Q:
    return models.Q(started_at__gte=since) | ~models.Q(state__in=_OVER)


def _with_latest(rows: "models.QuerySet[Incident]") -> "models.QuerySet[Incident]":
    """Annotate what was said last, how often something was said, and whether there is a report."""
    said = IncidentUpdate.objects.filter(
        incident=models.OuterRef("pk"), audience__isnull=True
    ).order_by("-at", "-id")
    count = said.order_by().values("incident").annotate(count=models.Count("pk")).values("count")
    report = Postmortem.objects.filter(incident=models.OuterRef("pk"), published_at__isnull=False)
    latest = said.exclude(html="").exclude(state=lifecycle.State.POSTMORTEM)
    return rows.annotate(
        latest_html=models.Subquery(latest.values("html")[:1]),
        latest_at=models.Subquery(latest.values("at")[:1]),
        said_count=models.Subquery(count),
        has_report=models.Exists(report),
    )


def _incident_lines(rows: list[Incident]) -> list[EventLine]:
    if not rows:
        return []
    ids = [row.pk for row in rows]
    touched = events.touched(
        AffectedComponent.objects.filter(incident__in=ids), owner="incident_id"
    )
    shown, asides = _shown(ids), _asides(ids)
    return [
        EventLine(
            kind=Kind.INCIDENT,
            ident=row.public_id,
            title=row.title,
            state=row.state_value,
            worst=affected.impact(
                [
                    *(status for _, status in shown[row.pk]),
                    *(component.status for component in touched[row.pk]),
                    lifecycle.claimed_status(row.impact_value),
                ]
            ),
            seen=SeenView(
                shown=tuple(sorted(shown[row.pk], key=str)),
                claimed=lifecycle.claimed_status(row.impact_value),
                said_at=row.latest_at,  # type: ignore[attr-defined]  # annotated
                asides=asides[row.pk],
            ),
            html=row.latest_html or "",  # type: ignore[attr-defined]  # annotated
            starts_at=row.started_at,
            ended_at=row.resolved_at,
            touched=touched[row.pk],
            updates=row.said_count or 0,  # type: ignore[attr-defined]  # annotated
            next_update_by=row.next_update_by,
            has_postmortem=row.has_report and row.state == lifecycle.State.POSTMORTEM,  # type: ignore[attr-defined]
            dedicated=frozenset(row.dedicated_ids),
        )
        for row in rows
    ]


def _shown(ids: list[int]) -> Mapping[int, set[tuple[int | None, Status]]]:
    """What visitors saw of which components while each incident was open."""
    chips = (
        UpdateComponent.objects.filter(
            speaking.SHOWN,
            update__incident__in=ids,
            update__incident__is_retroactive=False,
        )
        .exclude(update__state__in=_OVER)
        .values_list("update__incident", "component", "status")
        .distinct()
    )
    found: dict[int, set[tuple[int | None, Status]]] = defaultdict(set)
    for incident_id, component_id, status in chips:
        found[incident_id].add((component_id, Status(status)))
    return found


def _asides(ids: list[int]) -> Mapping[int, tuple[AsideView, ...]]:
    """What single pages alone were told, by incident and page."""
    rows = IncidentUpdate.objects.filter(incident__in=ids, audience__isnull=False)
    found: dict[int, dict[int, AsideView]] = defaultdict(dict)
    for incident_id, page_id, at, html in rows.order_by("at", "id").values_list(
        "incident_id", "audience_id", "at", "html"
    ):
        earlier = found[incident_id].get(page_id)
        found[incident_id][page_id] = AsideView(
            page_id=page_id,
            at=at if html or earlier is None else earlier.at,
            html=html or (earlier.html if earlier else ""),
            count=earlier.count + 1 if earlier else 1,
        )
    return defaultdict(tuple, {pk: tuple(by_page.values()) for pk, by_page in found.items()})


def _maintenance_lines(rows: list[Maintenance]) -> list[EventLine]:
    if not rows:
        return []
    touched = events.touched(
        AffectedService.objects.filter(maintenance__in=[row.pk for row in rows]),
        owner="maintenance_id",
    )
    return [
        EventLine(
            kind=Kind.MAINTENANCE,
            ident=row.public_id,
            title=row.title,
            state=row.state_value,
            worst=Status.UNDER_MAINTENANCE,
            html=row.html,
            starts_at=row.starts_at,
            began_at=row.started_at,
            ended_at=row.ended_at,
            touched=touched[row.pk],
            planned_end=row.ends_at,
            dedicated=frozenset(row.dedicated_ids),
        )
        for row in rows
    ]
