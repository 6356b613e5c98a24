"""What the operations of events refuse, as problems: what is gone is 404, what does not fit is 409."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI

from incidents import maintenance_entries, timeline
from incidents.holding import IncidentGone
from incidents.lifecycle import TransitionNotAllowed
from incidents.maintenance import MaintenanceGone
from incidents.postmortems import NoPostmortem
from incidents.publishing import SomebodyPosted
from incidents.windows import StepNotAllowed
from management_api import problems

_GONE = (MaintenanceGone, NoPostmortem, maintenance_entries.UpdateGone, timeline.UpdateGone)
# Operations hold the incident's row, so "gone" says of it that it is a draft, or none any more.
_UNFIT = (IncidentGone, SomebodyPosted, StepNotAllowed, TransitionNotAllowed)


def register(api: NinjaAPI) -> None:
    """Have the API tell these errors as problems."""

    def gone(_request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
        return problems.answer(HTTPStatus.NOT_FOUND, _(str(error)))

    def unfit(_request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
        return problems.answer(HTTPStatus.CONFLICT, _(str(error)))

    for each in _GONE:
        api.add_exception_handler(each, gone)
    for other in _UNFIT:
        api.add_exception_handler(other, unfit)
