"""Addresses of the eStatus API, below /admin/api/v1/; the slash at the end may be missing."""

from django.urls import re_path

from api import estatus

_ID = r"(?P<ident>[A-Za-z0-9_-]{1,100})"
urlpatterns = [
    re_path(r"^service/services/list/?$", estatus.route(GET=estatus.list_services)),
    re_path(
        rf"^service/put/{_ID}/(?P<status>[^/]{{1,60}})/?$",
        estatus.route(GET=estatus.set_status, PUT=estatus.set_status, POST=estatus.set_status),
    ),
    re_path(r"^incident/incidents/list/?$", estatus.route(GET=estatus.list_incidents)),
    re_path(r"^incident/post/?$", estatus.route(POST=estatus.add_incident)),
    re_path(
        rf"^incident/put/{_ID}/?$",
        estatus.route(PUT=estatus.update_incident, POST=estatus.update_incident),
    ),
    re_path(r"^maintenance/list/?$", estatus.route(GET=estatus.list_maintenance)),
    re_path(r"^maintenance/post/?$", estatus.route(POST=estatus.add_maintenance)),
]
