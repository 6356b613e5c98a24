"""All reads for the operators' screens of incidents, each with a fixed number of statements."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from components.models import Component, StatusClaim
from components.status import Source, Status
from incidents import affecting, public_ids
from incidents.affecting import Consequence
from incidents.lifecycle import Impact, State
from incidents.models import AffectedComponent, Incident, IncidentUpdate
from incidents.models.incidents import IncidentQuerySet

PAGE_SIZE = 50
UNPAGED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the list is narrowed to; empty fields narrow nothing."""

    text: str = ""
    impact: str = ""
    component_id: int | None = None

    @property
    def is_filter(self) -> bool:
        return bool(self.text or self.impact or self.component_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One incident in a list. `code` is the two letters of the worst it says of a component."""

    incident: Incident
    code: str
    updates: int
    affected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The whole list: what is open and drafted, and one page of what is over."""

    open: list[Row]
    drafts: list[Row]
    past: list[Row]
    page: Page[Incident]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What monitors say of a component, in one icon and word; without any, "No probe"."""

    status: Status | None
    since: datetime | None = None

    @property
    def code(self) -> str:
        return (self.status or Status.UNKNOWN).code

    @property
    def word(self) -> str:
        if self.status is None:
            return _("No probe")
        return {
            Status.OPERATIONAL: _("Healthy"),
            Status.DEGRADED_PERFORMANCE: _("Sick"),
            Status.PARTIAL_OUTAGE: _("Partly dead"),
            Status.MAJOR_OUTAGE: _("Dead"),
        }.get(self.status, _("Unknown"))

    @property
    def is_bad(self) -> bool:
        return self.status in {
            Status.DEGRADED_PERFORMANCE,
            Status.PARTIAL_OUTAGE,
            Status.MAJOR_OUTAGE,
        }


NO_PROBE = Measured(status=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One incident with all that was said, newest first."""

    incident: Incident
    code: str
    updates: list[IncidentUpdate]
    affected: list[AffectedComponent]
    consequences: list[Consequence]

    @property
    def newest(self) -> IncidentUpdate | None:
        return self.updates[0] if self.updates else None


def listed(*, wanted: Wanted, page: str) -> Listed:
    """The list, narrowed, with one page of the past; a page that does not exist is the nearest one."""
    past = Paginator(_narrowed(Incident.objects.past(), wanted), PAGE_SIZE).get_page(page)
    open_ones = list(_narrowed(Incident.objects.open(), wanted)[:UNPAGED])
    drafts = list(_narrowed(Incident.objects.drafts(), wanted)[:UNPAGED])
    rows = {row.incident.pk: row for row in rows_of([*open_ones, *drafts, *past])}
    return Listed(
        open=[rows[one.pk] for one in open_ones],
        drafts=[rows[one.pk] for one in drafts],
        past=[rows[one.pk] for one in past],
        page=past,
    )


def rows_of(incidents: Iterable[Incident]) -> list[Row]:
    """The incidents as rows, in their order."""
    found = list(incidents)
    ids = [one.pk for one in found]
    updates = IncidentUpdate.objects.filter(incident__in=ids).order_by().values_list("incident")
    counts = dict(updates.annotate(count=Count("id")))
    said: dict[int, list[Status]] = {}
    for incident_id, text in AffectedComponent.objects.filter(incident__in=ids).values_list(
        "incident_id", "status"
    ):
        said.setdefault(incident_id, []).append(Status(text or Status.OPERATIONAL))
    return [
        Row(
            incident=one,
            code=code_of(one, said.get(one.pk, [])),
            updates=counts.get(one.pk, 0),
            affected=len(said.get(one.pk, [])),
        )
        for one in found
    ]


def code_of(incident: Incident, said: Iterable[Status]) -> str:
    """The two letters an incident is drawn in: green when over, else the worst it says."""
    if not incident.is_draft and not incident.is_open:
        return Status.OPERATIONAL.code
    worst = max(said, key=lambda one: one.rank, default=Status.OPERATIONAL)
    return Status.UNDER_MAINTENANCE.code if worst == Status.OPERATIONAL else worst.code


def count_open() -> int:
    """How many incidents are going on, for the number in the menu."""
    return Incident.objects.open().count()


def detail(*, incident: Incident) -> Detail:
    """Everything about one incident; for a draft, what publishing it would change."""
    affected = list(
        incident.affected.select_related("component").order_by(
            "component__position", "component__name"
        )
    )
    updates = incident.updates.select_related("audience").prefetch_related("components")
    chosen = {row.component_id: row.claimed if row.is_overridden else None for row in affected}
    return Detail(
        incident=incident,
        code=code_of(incident, [row.claimed or Status.OPERATIONAL for row in affected]),
        updates=list(updates.order_by("-at", "-id")),
        affected=affected,
        consequences=affecting.consequences(
            incident=incident, impact=Impact(incident.impact), chosen=chosen
        )
        if incident.is_draft
        else [],
    )


def components() -> list[Component]:
    """All components, as the composers and filters list them."""
    return list(Component.objects.select_related("group").in_page_order())


def measured() -> dict[int, Measured]:
    """What monitors say now, by component; one that they say nothing of is left out."""
    claims = StatusClaim.objects.filter(source=Source.MONITOR)
    return {
        claim.component_id: Measured(status=Status(claim.status), since=claim.claimed_at)
        for claim in claims
    }


def disagreeing(*, component_ids: Iterable[int]) -> list[str]:
    """The names of those that monitors still call bad, and visitors would see so (design 7.4)."""
    bad = {component_id for component_id, found in measured().items() if found.is_bad}
    rows = Component.objects.filter(id__in=bad & set(component_ids), is_manual=False)
    return list(rows.in_page_order().values_list("name", flat=True))


def doubts(*, incident: Incident, state: State, component_ids: Collection[int] = ()) -> list[str]:
    """The names of what speaks against posting this state: resolving needs a second yes then.

    `component_ids` are those chosen now, besides those that are affected already.
    """
    if state != State.RESOLVED or not incident.is_open:
        return []
    affected = set(incident.affected.values_list("component_id", flat=True))
    return disagreeing(component_ids=affected | {*component_ids})


def _narrowed(incidents: IncidentQuerySet, wanted: Wanted) -> IncidentQuerySet:
    if wanted.text:
        named = Q(public_id=wanted.text) if public_ids.is_valid(wanted.text) else Q()
        incidents = incidents.filter(Q(title__icontains=wanted.text) | named)
    if wanted.impact:
        incidents = incidents.filter(impact=wanted.impact)
    if wanted.component_id:
        incidents = incidents.filter(affected__component=wanted.component_id)
    return incidents
