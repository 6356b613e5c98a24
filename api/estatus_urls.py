"""Addresses of the eStatus API, below /admin/api/v1/; the slash at the end may be missing."""

from django.urls import re_path

from api import estatus
from api.estatus_tokens import Need

_ID = r"(?P<ident>[A-Za-z0-9_-]{1,100})"
_SERVICES = Need(scope="components:read", permission="components.view_component")
_STATUS = Need(scope="components:write", permission="components.set_status")
_INCIDENTS = Need(scope="incidents:read", permission="incidents.view_incident")
_REPORT = Need(scope="incidents:write", permission="incidents.add_incident")
_UPDATE = Need(scope="incidents:write", permission="incidents.change_incident")
_WORK = Need(scope="maintenances:read", permission="incidents.view_maintenance")
_PLAN = Need(scope="maintenances:write", permission="incidents.add_maintenance")
_STEP = Need(scope="maintenances:write", permission="incidents.change_maintenance")

urlpatterns = [
    re_path(r"^service/services/list/?$", estatus.route(_SERVICES, GET=estatus.list_services)),
    re_path(
        rf"^service/put/{_ID}/(?P<status>[^/]{{1,60}})/?$",
        estatus.route(
            _STATUS, GET=estatus.set_status, PUT=estatus.set_status, POST=estatus.set_status
        ),
    ),
    re_path(r"^incident/incidents/list/?$", estatus.route(_INCIDENTS, GET=estatus.list_incidents)),
    re_path(r"^incident/post/?$", estatus.route(_REPORT, POST=estatus.add_incident)),
    re_path(
        rf"^incident/put/{_ID}/?$",
        estatus.route(_UPDATE, PUT=estatus.update_incident, POST=estatus.update_incident),
    ),
    re_path(r"^maintenance/list/?$", estatus.route(_WORK, GET=estatus.list_maintenance)),
    re_path(r"^maintenance/post/?$", estatus.route(_PLAN, POST=estatus.add_maintenance)),
    re_path(
        rf"^maintenance/put/{_ID}/?$",
        estatus.route(_STEP, PUT=estatus.update_maintenance, POST=estatus.update_maintenance),
    ),
    re_path(r"^openapi\.json$", estatus.openapi),
]
