"""Who would be told of an update: the counts that an author sees before posting (AMB-15).

The one place that the screens ask.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from components.models import Page
from incidents import telling
from incidents.models import Incident
from subscribers import forecast
from subscribers.chart import Column, Stage, column_of
from subscribers.forecast import Forecast, Why

_PROGRAMS = {Column.PROGRAM, Column.CHAT, Column.SOCIAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """How many are told, by what they are; `waiting` have not confirmed and are told nothing.

    `forecast` says it channel by channel, with who is left out and how long sending takes.
    """

    people: int = 0
    webhooks: int = 0
    waiting: int = 0
    forecast: Forecast = field(default_factory=Forecast, compare=False)

    @property
    def total(self) -> int:
        return self.people + self.webhooks


def of(
    *,
    component_ids: Collection[int],
    stage: Stage = Stage.INCIDENT_CREATED,
    topic: str = "",
    audience: Page | None = None,
    dedicated_ids: Collection[int] = (),
) -> Audience:
    """Who is told of an event about these components; without any, the subscribers of everything.

    `stage` and `topic` matter for an update: text messages go out for some steps only, and those who
    follow this very event hear of it. With an `audience` it is for the subscribers of that page alone.
    `dedicated_ids` are those that the event keeps (`incidents.dedicated`).
    """
    audience_id = None if audience is None else audience.pk
    return _audience(
        forecast.of(
            stage=stage,
            component_ids=component_ids,
            topic=topic,
            audience_id=audience_id,
            dedicated_ids=dedicated_ids,
        )
    )


def of_postmortem(incident: Incident) -> Audience:
    """Who is told when the postmortem of an incident is published: those who asked for postmortems."""
    return of(
        component_ids=list(incident.affected.values_list("component_id", flat=True)),
        stage=Stage.POSTMORTEM_PUBLISHED,
        topic=telling.incident_topic(incident),
        dedicated_ids=incident.dedicated_ids,
    )


def _audience(found: Forecast) -> Audience:
    programs = [part for part in found.parts if column_of(part.channel) in _PROGRAMS]
    webhooks = sum(part.told for part in programs)
    return Audience(
        people=found.total - webhooks,
        webhooks=webhooks + len(found.page),
        waiting=sum(part.not_told.get(Why.UNCONFIRMED, 0) for part in found.parts),
        forecast=found,
    )
