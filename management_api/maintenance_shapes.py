"""What maintenance looks like in bodies and answers, and a plan from a body."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from pydantic import Field, WithJsonSchema

from components.status import Status
from incidents import maintenance_plans as plans
from incidents import recurrence, texts, windows
from incidents.models import (
    AffectedService,
    Maintenance,
    MaintenanceReminder,
    MaintenanceUpdate,
    MaintenanceUpdateComponent,
)
from incidents.windows import Kind, State
from management_api import touched
from management_api.incident_shapes import SeenOut, seen_of
from management_api.schemas import In, Moment, Out, left_out
from management_api.touched import ComponentRef

MaintenanceState = Annotated[
    State, WithJsonSchema({"type": "string", "enum": [one.value for one in State]})
]
MaintenanceKind = Annotated[
    Kind, WithJsonSchema({"type": "string", "enum": [one.value for one in Kind]})
]
Planned = Annotated[
    Status, WithJsonSchema({"type": "string", "enum": [one.value for one in plans.DECLARABLE]})
]
Zone = Annotated[
    str,
    Field(
        max_length=64,
        pattern=r"^[0-9A-Za-z_/+-]+$",
        description="The time zone on whose clocks it is planned; a series keeps to them.",
        examples=["Europe/Berlin"],
    ),
]
Leads = Annotated[
    list[Annotated[int, Field(ge=1, le=plans.LONGEST_LEAD)]],
    Field(
        max_length=plans.MOST_LEADS,
        description="How many minutes before the start subscribers are reminded.",
    ),
]
_RULE = "A recurrence like FREQ=MONTHLY;BYDAY=2TU (RFC 5545)."
Rule = Annotated[str, Field(max_length=recurrence.LONGEST_TEXT, description=_RULE)]


class Reach(StrEnum):
    """Of a window in a series: this one only, or all that follow as well."""

    ONE = "one"
    FOLLOWING = "following"


class WorkOnIn(In):
    """A component that is worked on, and the status it has while the window is open."""

    id: ComponentRef
    status: Planned = Status.UNDER_MAINTENANCE


class WorkOnOut(Out):
    """A component that is worked on, and the status it has while the window is open."""

    id: str
    name: str
    status: Status


class ReminderOut(Out):
    """A reminder before the start; `told_at` is null until it was sent or had no time left."""

    lead_minutes: int
    due_at: datetime
    told_at: datetime | None


class SeriesOut(Out):
    """The series that a window belongs to; an inactive one makes no more windows."""

    id: int
    rule: str
    is_active: bool


class MaintenanceOut(Out):
    """A window. `starts_at` and `ends_at` are the plan, `started_at` and `ended_at` what happened.

    `is_detached`: it was changed on its own, so changes of its series leave it.
    """

    id: str
    title: str
    text: str
    state: MaintenanceState
    starts_at: datetime
    ends_at: datetime
    zone: str
    started_at: datetime | None
    ended_at: datetime | None
    components: list[WorkOnOut]
    auto_start: bool
    auto_finish: bool
    mutes_alerts: bool
    notifies: bool
    reminders: list[ReminderOut]
    series: SeriesOut | None
    is_detached: bool
    origin: str
    author_name: str
    created_at: datetime
    changed_at: datetime


class MaintenanceIn(In):
    """A window to plan, or with a `rule` a series of them. Without `starts_at` it begins at once.

    Times count to the minute. `template_id` fills what is left out.
    """

    title: str = Field("", max_length=texts.TITLE_LIMIT)
    text: str = Field("", max_length=texts.TEXT_LIMIT, description="Markdown.")
    starts_at: Moment | None = None
    ends_at: Moment
    zone: Zone = "UTC"
    rule: Rule | None = None
    components: list[WorkOnIn] | None = Field(None, max_length=1000)
    lead_minutes: Leads = []
    auto_start: bool = True
    auto_finish: bool = True
    mutes_alerts: bool = Field(True, description="The team is alerted of nothing meanwhile.")
    notify: bool = Field(
        True, description="Whether subscribers are told of it, and of the steps it takes by itself."
    )
    template_id: int | None = Field(None, ge=1, le=2**31 - 1)


class MaintenanceChange(In):
    """What is to be different. New times are told if `notify`; everything else is told to nobody.

    With `applies_to` following, the series goes on from this window as it is said here, under `rule`
    or the rule it has.
    """

    title: str = left_out(max_length=texts.TITLE_LIMIT)
    text: str = left_out(max_length=texts.TEXT_LIMIT)
    starts_at: Moment = left_out()
    ends_at: Moment = left_out()
    zone: Zone = left_out()
    rule: Rule = left_out()
    components: list[WorkOnIn] = left_out(list, max_length=1000)
    lead_minutes: Leads = left_out(list)
    auto_start: bool = left_out(bool)
    auto_finish: bool = left_out(bool)
    mutes_alerts: bool = left_out(bool)
    notify: bool = True
    applies_to: Reach = Reach.ONE


class MaintenanceUpdateOut(Out):
    """An entry of a maintenance; `starts_at` and `ends_at` are the plan as it was then."""

    id: str
    kind: MaintenanceKind
    state: MaintenanceState
    previous_state: MaintenanceState | None
    text: str
    starts_at: datetime
    ends_at: datetime
    at: datetime
    created_at: datetime
    notifies: bool
    components: list[SeenOut]
    author_name: str
    corrected_at: datetime | None


class MaintenanceUpdateIn(In):
    """A step, or without a state a note, which needs a text.

    `in_progress` starts it before its time; `verification`, `completed` and `cancelled` follow.
    """

    state: MaintenanceState | None = None
    text: str = Field("", max_length=texts.TEXT_LIMIT, description="Markdown.")
    notify: bool | None = Field(
        None, description="Whether subscribers are told. Left out: as it was planned."
    )


class ExtendIn(In):
    """How many minutes more; of a window that is overdue, from now on."""

    minutes: int = Field(ge=1, le=int(windows.LONGEST / timedelta(minutes=1)))
    notify: bool | None = Field(
        None, description="Whether subscribers are told. Left out: as it was planned."
    )


class CancelIn(In):
    """Why it does not take place."""

    text: str = Field("", max_length=texts.TEXT_LIMIT, description="Markdown.")
    notify: bool = Field(True, description="Whether subscribers are told, once.")
    applies_to: Reach = Reach.ONE


class CancelledOut(Out):
    """The ids of the windows that were cancelled."""

    cancelled: list[str]


def rows() -> "QuerySet[Maintenance]":
    """All maintenance with what an answer tells of it; a fixed number of queries."""
    affected = AffectedService.objects.select_related("component").order_by(
        "component__position", "component__name", "id"
    )
    reminders = MaintenanceReminder.objects.order_by("due_at", "id")
    return Maintenance.objects.select_related("series").prefetch_related(
        Prefetch("affected", queryset=affected), Prefetch("reminders", queryset=reminders)
    )


def shown(row: Maintenance) -> MaintenanceOut:
    """The answer for a row of `rows`."""
    series = row.series
    return MaintenanceOut(
        id=row.public_id,
        title=row.title,
        text=row.text,
        state=row.state_value,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        zone=row.zone,
        started_at=row.started_at,
        ended_at=row.ended_at,
        components=[
            WorkOnOut(id=one.component.public_id, name=one.component.name, status=one.claimed)
            for one in row.affected.all()
        ],
        auto_start=row.auto_start,
        auto_finish=row.auto_finish,
        mutes_alerts=row.mutes_alerts,
        notifies=row.notifies,
        reminders=[
            ReminderOut(lead_minutes=one.lead_minutes, due_at=one.due_at, told_at=one.told_at)
            for one in row.reminders.all()
        ],
        series=SeriesOut(id=series.pk, rule=series.rule, is_active=series.is_active)
        if series
        else None,
        is_detached=row.is_detached,
        origin=row.origin,
        author_name=row.author_name,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def update_rows(row: Maintenance) -> "QuerySet[MaintenanceUpdate]":
    """The entries of a maintenance with what an answer tells of them."""
    seen = MaintenanceUpdateComponent.objects.select_related("component").order_by("id")
    return row.updates.prefetch_related(Prefetch("components", queryset=seen))


def shown_update(row: MaintenanceUpdate) -> MaintenanceUpdateOut:
    """The answer for a row of `update_rows`."""
    return MaintenanceUpdateOut(
        id=row.public_id,
        kind=row.kind_value,
        state=row.state_value,
        previous_state=State(row.previous_state) if row.previous_state else None,
        text=row.text,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        at=row.at,
        created_at=row.created_at,
        notifies=row.notifies,
        components=seen_of(row.components.all()),
        author_name=row.author_name,
        corrected_at=row.corrected_at,
    )


def chosen(found: Sequence[WorkOnIn]) -> Mapping[int, Status]:
    """The components of a body by row. Raises ValidationError for `components`."""
    ids = touched.ids_of([one.id for one in found], field="components")
    return {ids[one.id]: one.status for one in found}


def to_the_minute(at: datetime) -> datetime:
    """The moment in UTC, as plans know it."""
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def clock(at: datetime, *, zone: str) -> datetime:
    """What the clocks of a zone show at a moment, naive.

    Raises ValidationError for `zone`, also where they show this time twice and mean the other one.
    """
    info = plans.zone_info(zone)
    wall = windows.wall_clock(at, zone=info)
    if windows.instant(wall, zone=info) != at:
        said = "The clocks of this zone show this time twice, and mean the earlier one. Use UTC."
        raise ValidationError({"zone": said})
    return wall
