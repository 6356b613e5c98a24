"""What subscribers would be told of a maintenance that is being planned, changed or carried on, and who.

Reads, saves nothing; called by the forms for every preview.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from components.status import Source, Status
from incidents import audience, dedicated, sampling, saying, shown_on, speaking, telling, texts
from incidents.audience import Audience
from incidents.models import Maintenance
from incidents.sampling import Samples
from incidents.windows import Kind, State
from subscribers.content import Touched

# As long as a real one, and of the letters that text messages count once.
_NO_ID_YET = "x" * 12
_STATES = {
    Kind.SCHEDULED: State.SCHEDULED,
    Kind.STARTED: State.IN_PROGRESS,
    Kind.VERIFICATION: State.VERIFICATION,
    Kind.COMPLETED: State.COMPLETED,
    Kind.CANCELLED: State.CANCELLED,
}
_KINDS = {state: kind for kind, state in _STATES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What has been typed so far. `is_told`: whether subscribers are to hear of it."""

    kind: Kind
    title: str
    text: str
    component_ids: Collection[int]
    starts_at: datetime
    ends_at: datetime
    is_told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """`told` is None when nobody is to hear of it; `shown_on` is empty while there is one page."""

    told: Audience | None
    samples: Samples
    shown_on: str


def kind_of(previous: State, state: State) -> Kind:
    """The entry that taking this step makes; the same state again is a note."""
    return Kind.NOTE if previous == state else _KINDS[state]


def build(*, said: Said, row: Maintenance | None, now: datetime) -> Telling:
    """Return what would be said and to whom; `row` is None for one that is not planned yet.

    For who may plan it: customers are named.
    """
    told = _told(said, row) if said.is_told else None
    event = row or Maintenance(public_id=_NO_ID_YET)
    state = _STATES.get(said.kind, event.state_value)
    text = said.text[: texts.TEXT_LIMIT].strip() or (row.text if row else "")
    content = saying.of_maintenance(
        public_id=event.public_id,
        path=event.get_absolute_url(),
        update_id="",
        title=" ".join(said.title.split())[: texts.TITLE_LIMIT] or _("(no title yet)"),
        text=text,
        kind=said.kind,
        state=state,
        stage=telling.maintenance_stage(said.kind),
        starts_at=said.starts_at,
        ends_at=said.ends_at,
        at=now,
        touched=_touched(event, said, state),
    )
    return Telling(
        told=told,
        samples=sampling.of(content),
        shown_on=shown_on.sentence(
            [*said.component_ids, *dedicated.gone(row)], names_customers=True
        ),
    )


def of_step(*, row: Maintenance, state: State, text: str, is_told: bool, now: datetime) -> Telling:
    """What a step or a note of a planned maintenance would say as it stands."""
    said = _said_of_step(row, state, text=text, is_told=is_told)
    return build(said=said, row=row, now=now)


def told_of_step(*, row: Maintenance, state: State) -> Audience:
    """Who would be told of a step of a planned maintenance."""
    return _told(_said_of_step(row, state, text="", is_told=True), row)


def _said_of_step(row: Maintenance, state: State, *, text: str, is_told: bool) -> Said:
    return Said(
        kind=kind_of(row.state_value, state),
        title=row.title,
        text=text,
        component_ids=list(row.affected.values_list("component_id", flat=True)),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        is_told=is_told,
    )


def _told(said: Said, row: Maintenance | None) -> Audience:
    return audience.of(
        component_ids=said.component_ids,
        stage=telling.maintenance_stage(said.kind),
        topic=telling.maintenance_topic(row) if row else "",
        dedicated_ids=dedicated.gone(row),
    )


def _touched(event: Maintenance, said: Said, state: State) -> list[Touched]:
    claimed: dict[int, Status] = dict.fromkeys(said.component_ids, Status.UNDER_MAINTENANCE)
    if event.pk is not None:
        claimed |= {one.component_id: one.claimed for one in event.affected.all()}
    # Of a component that nobody should notice anything of it claims nothing.
    spoken = {
        one: claimed[one] if state.is_running and claimed[one] != Status.OPERATIONAL else None
        for one in said.component_ids
    }
    seen = speaking.foresee(source=Source.MAINTENANCE, public_id=event.public_id, said=spoken)
    return [
        Touched(name=component.name, status=after.value, id=str(component.uuid))
        for component, after in seen
        if component.is_visible
    ]
