"""What visitors and subscribers would be told of an incident that is being written, and who.

Reads, saves nothing; called by the composers for every preview.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from common import markdown
from components import status
from components.models import Page
from components.status import Status
from incidents import (
    affecting,
    audience,
    dedicated,
    lifecycle,
    placeholders,
    sampling,
    saying,
    shown_on,
    telling,
    texts,
)
from incidents.affecting import Consequence
from incidents.audience import Audience
from incidents.lifecycle import Impact, State
from incidents.models import Incident
from incidents.sampling import Samples
from subscribers.chart import Stage
from subscribers.content import Touched


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the author has written so far, complete or not; times are aware.

    `ended_at` is for what is over already; otherwise "resolved" means now. `is_told`: whether
    subscribers are to hear of it; with an `audience` those of that page alone.
    """

    title: str
    text: str
    state: State
    impact: Impact
    chosen: Mapping[int, Status | None]
    started_at: datetime
    next_update_by: datetime | None
    public_id: str = ""
    ended_at: datetime | None = None
    is_told: bool = True
    audience: Page | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The same words in every form they leave in. `code` is the two letters of the state's colour.

    `told` is None when nobody is to hear of it; `unfilled` names placeholders that are still to be
    written out; `shown_on` names the pages it will be on, empty while there is one.
    """

    title: str
    html: SafeString
    state: State
    code: str
    started_at: datetime
    next_update_by: datetime | None
    consequences: tuple[Consequence, ...]
    told: Audience | None
    samples: Samples
    unfilled: str
    shown_on: str

    @property
    def changes(self) -> list[Consequence]:
        return [one for one in self.consequences if one.is_change]

    @property
    def names_nobody(self) -> bool:
        """Whether no component is named, so that only subscribers of everything are told (AMB-15)."""
        return not self.consequences


def build(*, said: Said, incident: Incident | None, now: datetime) -> Preview:
    """Return what would be said, and to whom; `incident` is None for one that is not public yet.

    For who may post it: customers are named.
    """
    title = " ".join(said.title.split())[: texts.TITLE_LIMIT]
    text = said.text[: texts.TEXT_LIMIT].strip()
    consequences = affecting.consequences(
        incident=incident, impact=said.impact, chosen=said.chosen, is_open=said.state.is_open
    )
    claimed = [one or lifecycle.claimed_status(said.impact) for one in said.chosen.values()]
    worst = status.worst([one for one in claimed if one is not None])
    return Preview(
        title=title,
        html=markdown.render(text),
        state=said.state,
        code=_code(said, worst),
        started_at=said.started_at,
        next_update_by=said.next_update_by if said.state.is_open else None,
        consequences=tuple(consequences),
        told=_told(said, consequences, incident) if said.is_told else None,
        samples=_samples(
            said, title=title, text=text, consequences=consequences, incident=incident, now=now
        ),
        unfilled=placeholders.in_braces(
            dict.fromkeys(placeholders.unfilled(title) + placeholders.unfilled(text))
        ),
        shown_on=said.audience.name
        if said.audience
        else shown_on.sentence(
            [*(one.component_id for one in consequences), *dedicated.gone(incident)],
            names_customers=True,
        ),
    )


def _told(said: Said, consequences: list[Consequence], incident: Incident | None) -> Audience:
    """Who is told if it is posted as it stands: the components touched are those of the event."""
    topic = telling.incident_topic(incident) if incident else ""
    ids = [one.component_id for one in consequences]
    stage = _stage(said, incident)
    return audience.of(
        component_ids=ids,
        stage=stage,
        topic=topic,
        audience=said.audience,
        dedicated_ids=dedicated.gone(incident),
    )


def _stage(said: Said, incident: Incident | None) -> Stage:
    return telling.incident_stage(
        previous=incident.state_value if incident else None,
        state=said.state,
        is_retroactive=incident.is_retroactive if incident else said.ended_at is not None,
    )


def _samples(
    said: Said,
    *,
    title: str,
    text: str,
    consequences: list[Consequence],
    incident: Incident | None,
    now: datetime,
) -> Samples:
    row = incident or Incident(public_id=said.public_id)
    ends_at = None if said.state.is_open else said.ended_at or row.resolved_at or now
    content = saying.of_incident(
        public_id=row.public_id,
        path=row.get_absolute_url(),
        update_id="",
        title=title or _("(no title yet)"),
        text=text,
        state=said.state,
        stage=_stage(said, incident),
        impact=said.impact.value,
        started_at=said.started_at,
        resolved_at=ends_at,
        next_update_by=said.next_update_by,
        at=said.ended_at or now,
        touched=[
            Touched(name=one.name, status=one.after.value, id=one.uuid)
            for one in consequences
            if one.is_visible
        ],
    )
    return sampling.of(content, page=said.audience)


def _code(said: Said, worst: Status) -> str:
    if not said.state.is_open:
        return Status.OPERATIONAL.code
    return Status.UNDER_MAINTENANCE.code if worst == Status.OPERATIONAL else worst.code
