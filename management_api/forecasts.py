"""Who would be told of the next step of an event, before it is posted: the counts of the console."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema

from incidents import audience, dedicated, lifecycle, maintenance_previewing, telling, windows
from incidents.audience import Audience
from incidents.lifecycle import State, TransitionNotAllowed
from incidents.models import Incident
from incidents.windows import StepNotAllowed
from management_api import operations
from management_api.guard import ApiRequest
from management_api.incident_shapes import IncidentState
from management_api.incidents import incident_of
from management_api.maintenance_shapes import MaintenanceState
from management_api.maintenances import maintenance_of
from management_api.schemas import Out, PublicId

router = Router(tags=["forecasts"])


class NextState(Schema):
    """The state that would be posted. Left out: the present one, an update without a step."""

    state: IncidentState | None = None


class NextStep(Schema):
    """The step that would be taken. Left out: none, a note."""

    state: MaintenanceState | None = None


class ChannelForecastOut(Out):
    """One channel: how many get it, how many do not by reason, and how long sending takes.

    `queued` messages of other events leave before. `is_late`: the last one arrives after the promised time.
    """

    channel: str
    told: int
    not_told: dict[str, int]
    queued: int
    takes_s: int
    is_late: bool


class ForecastOut(Out):
    """Who would be told. `waiting` have not confirmed; `page_integrations` post it for the page."""

    people: int
    programs: int
    waiting: int
    channels: list[ChannelForecastOut]
    page_integrations: list[str]


@operations.reads(
    router,
    "/incidents/{incident_id}/forecast",
    scope="incidents:read",
    permission="incidents.view_incident",
    gives=ForecastOut,
)
def forecast_incident(
    request: ApiRequest, incident_id: PublicId, following: Query[NextState]
) -> ForecastOut:
    """Show who would be told if an update were posted now, or a draft published."""
    del request
    row = incident_of(incident_id)
    return _shown(_of_incident(row, following.state or row.state_value))


@operations.reads(
    router,
    "/maintenances/{maintenance_id}/forecast",
    scope="maintenances:read",
    permission="incidents.view_maintenance",
    gives=ForecastOut,
)
def forecast_maintenance(
    request: ApiRequest, maintenance_id: PublicId, following: Query[NextStep]
) -> ForecastOut:
    """Show who would be told if a step were taken now, or a note added."""
    row = maintenance_of(maintenance_id)
    state = following.state or row.state_value
    try:
        windows.check_step(row.state_value, state)
    except StepNotAllowed as error:
        raise ValidationError({"state": _(str(error))}) from error
    foreseen = maintenance_previewing.of_step(
        row=row, state=state, text="", is_told=True, now=request.now
    )
    return _shown(foreseen.told or Audience())


def _of_incident(row: Incident, state: State) -> Audience:
    previous = None if row.is_draft else row.state_value
    try:
        lifecycle.check_transition(previous, state)
    except TransitionNotAllowed as error:
        raise ValidationError({"state": _(str(error))}) from error
    return audience.of(
        component_ids=list(row.affected.values_list("component_id", flat=True)),
        stage=telling.incident_stage(
            previous=previous, state=state, is_retroactive=row.is_retroactive
        ),
        topic=telling.incident_topic(row),
        dedicated_ids=dedicated.gone(row),
    )


def _shown(found: Audience) -> ForecastOut:
    return ForecastOut(
        people=found.people,
        programs=found.webhooks,
        waiting=found.waiting,
        channels=[
            ChannelForecastOut(
                channel=part.channel,
                told=part.told,
                not_told={why.value: count for why, count in part.not_told.items()},
                queued=part.queued,
                takes_s=part.takes_s,
                is_late=part.is_late,
            )
            for part in found.forecast.parts
        ],
        page_integrations=list(found.forecast.page),
    )
