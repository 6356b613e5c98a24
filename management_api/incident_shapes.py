"""What incidents and their updates look like in bodies and answers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from pydantic import Field, WithJsonSchema

from components.models import Page
from components.status import Status
from incidents import shown_on, texts
from incidents.lifecycle import DECLARABLE, Impact, State
from incidents.models import AffectedComponent, Incident, IncidentUpdate, UpdateComponent
from management_api import touched
from management_api.guard import ApiRequest
from management_api.schemas import In, Moment, Out, left_out
from management_api.touched import ComponentRef

# There are several enums called State: each is told in place.
IncidentState = Annotated[
    State, WithJsonSchema({"type": "string", "enum": [one.value for one in State]})
]
Declared = Annotated[
    Status, WithJsonSchema({"type": "string", "enum": [one.value for one in DECLARABLE]})
]


class Phase(StrEnum):
    """Where an incident stands as a whole: not public yet, going on, or over."""

    DRAFT = "draft"
    OPEN = "open"
    PAST = "past"


class TouchedIn(In):
    """A component that the incident touches. Without a status it follows the impact."""

    id: ComponentRef
    status: Declared | None = None


class TouchedOut(Out):
    """A component that the incident touches, and what the incident says of it (null: nothing).

    `is_chosen`: somebody chose the status; otherwise it follows the impact.
    """

    id: str
    name: str
    status: Status | None
    is_chosen: bool


class DraftOut(Out):
    """What a draft will say when it is published."""

    text: str
    notify: bool


class IncidentOut(Out):
    """An incident. `draft` is null for what is public; `proposed_text` is what monitors would end it with.

    `newest_update_id` is what `seen_update_id` of the next update can name.
    """

    id: str
    title: str
    state: IncidentState
    impact: Impact
    phase: Phase
    started_at: datetime
    resolved_at: datetime | None
    next_update_by: datetime | None
    is_retroactive: bool
    components: list[TouchedOut]
    newest_update_id: str | None
    draft: DraftOut | None
    proposed_text: str
    origin: str
    author_name: str
    published_at: datetime | None
    created_at: datetime
    changed_at: datetime


class IncidentIn(In):
    """A new incident: published at once, or with `is_draft` kept for operators.

    With `resolved_at` it is over already: it goes straight into the history and touches no present
    status. `template_id` fills what is left out. `started_at` left out is now.
    """

    title: str = Field("", max_length=texts.TITLE_LIMIT)
    text: str = Field("", max_length=texts.TEXT_LIMIT, description="Markdown.")
    state: IncidentState | None = None
    impact: Impact | None = None
    components: list[TouchedIn] | None = Field(None, max_length=1000)
    started_at: Moment | None = None
    resolved_at: Moment | None = None
    next_update_by: Moment | None = None
    notify: bool | None = Field(
        None, description="Whether subscribers are told. Left out: yes, but for what is over."
    )
    is_draft: bool = False
    template_id: int | None = Field(None, ge=1, le=2**31 - 1)


class IncidentChange(In):
    """What is to be different. Of a public incident that is the title and the start, told to nobody."""

    title: str = left_out(max_length=texts.TITLE_LIMIT)
    started_at: Moment = left_out()
    text: str = left_out(max_length=texts.TEXT_LIMIT)
    state: IncidentState = left_out()
    impact: Impact = left_out()
    components: list[TouchedIn] = left_out(list, max_length=1000)
    next_update_by: Moment | None = None
    notify: bool = left_out(bool)


class SeenOut(Out):
    """What visitors saw of a component before and after; `id` is null when it was removed since."""

    id: str | None
    name: str
    previous: Status
    status: Status


class IncidentUpdateOut(Out):
    """An entry of the timeline. With `is_for_one_page` it is said on that page (`audience`) alone."""

    id: str
    state: IncidentState
    previous_state: IncidentState | None
    text: str
    at: datetime
    created_at: datetime
    next_update_by: datetime | None
    notifies: bool
    is_for_one_page: bool
    audience: str | None
    components: list[SeenOut]
    author_name: str
    corrected_at: datetime | None


class IncidentUpdateIn(In):
    """The next update. State, impact and components left out stay; resolved ends the incident.

    An `audience` is the id of a page that shows the incident: the update is on that page and told to
    its subscribers alone, and changes nothing else.
    """

    text: str = Field(max_length=texts.TEXT_LIMIT, description="Markdown.")
    state: IncidentState | None = None
    impact: Impact | None = None
    components: list[TouchedIn] | None = Field(None, max_length=1000)
    next_update_by: Moment | None = Field(
        None, description="When the next one is promised. Left out: nothing is promised any more."
    )
    notify: bool = Field(True, description="Whether subscribers are told.")
    audience: str | None = Field(None, max_length=12, pattern=r"^[0-9a-z]+$")
    seen_update_id: str | None = Field(
        None,
        max_length=12,
        pattern=r"^[0-9a-z]+$",
        description="The newest update you know: 409 when somebody posted another one since.",
    )
    is_sure: bool = Field(False, description="Resolve it although probes still find trouble (409).")


class CorrectionIn(In):
    """Another text for an entry; pages mark it as corrected, and nobody is told again."""

    text: str = Field(max_length=texts.TEXT_LIMIT)


def rows() -> "QuerySet[Incident]":
    """All incidents with what an answer tells of them; a fixed number of queries."""
    newest = IncidentUpdate.objects.filter(incident=OuterRef("pk")).order_by("-id")
    affected = AffectedComponent.objects.select_related("component").order_by(
        "component__position", "component__name", "id"
    )
    return Incident.objects.annotate(
        newest=Subquery(newest.values("public_id")[:1])
    ).prefetch_related(Prefetch("affected", queryset=affected))


def shown(row: Incident) -> IncidentOut:
    """The answer for a row of `rows`."""
    newest: str | None = row.newest  # type: ignore[attr-defined]  # annotated
    return IncidentOut(
        id=row.public_id,
        title=row.title,
        state=row.state_value,
        impact=row.impact_value,
        phase=_phase(row),
        started_at=row.started_at,
        resolved_at=row.resolved_at,
        next_update_by=row.next_update_by,
        is_retroactive=row.is_retroactive,
        components=[
            TouchedOut(
                id=one.component.public_id,
                name=one.component.name,
                status=one.claimed,
                is_chosen=one.is_overridden,
            )
            for one in row.affected.all()
        ],
        newest_update_id=newest,
        draft=DraftOut(text=row.draft_text, notify=row.draft_notifies) if row.is_draft else None,
        proposed_text=row.proposed_text,
        origin=row.origin,
        author_name=row.author_name,
        published_at=row.published_at,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def update_rows(incident: Incident) -> "QuerySet[IncidentUpdate]":
    """The updates of an incident with what an answer tells of them."""
    seen = UpdateComponent.objects.select_related("component").order_by("id")
    return incident.updates.select_related("audience").prefetch_related(
        Prefetch("components", queryset=seen)
    )


def shown_update(request: ApiRequest, row: IncidentUpdate) -> IncidentUpdateOut:
    """The answer for a row of `update_rows`; who may not know customers reads of none."""
    return IncidentUpdateOut(
        id=row.public_id,
        state=row.state_value,
        previous_state=State(row.previous_state) if row.previous_state else None,
        text=row.text,
        at=row.at,
        created_at=row.created_at,
        next_update_by=row.next_update_by,
        notifies=row.notifies,
        is_for_one_page=row.audience is not None,
        audience=page_id(request, row.audience),
        components=seen_of(row.components.all()),
        author_name=row.author_name,
        corrected_at=row.corrected_at,
    )


def page_id(request: ApiRequest, page: Page | None) -> str | None:
    """The id of a page, if the caller may know which customers there are."""
    if page is None or (page.is_customer and not shown_on.may_name(request.auth.user)):
        return None
    return page.public_id


def seen_of(found: Any) -> list[SeenOut]:
    """What an entry of an event says that visitors saw of components."""
    return [
        SeenOut(
            id=one.component.public_id if one.component else None,
            name=one.name,
            previous=Status(one.previous),
            status=one.status_value,
        )
        for one in found
    ]


def chosen(found: Sequence[TouchedIn]) -> Mapping[int, Status | None]:
    """The components of a body by row. Raises ValidationError for `components`."""
    ids = touched.ids_of([one.id for one in found], field="components")
    return {ids[one.id]: one.status for one in found}


def _phase(row: Incident) -> Phase:
    if row.is_draft:
        return Phase.DRAFT
    return Phase.OPEN if row.is_open else Phase.PAST
