"""Addresses of maintenance inside the console: (route, view, name), mounted by its site."""

from collections.abc import Callable

from django.http import HttpResponseBase

from incidents import maintenance_planning_views as planning
from incidents import maintenance_views as views
from incidents import meter_views

Screen = tuple[str, Callable[..., HttpResponseBase], str]

_ONE = "maintenance/<slug:public_id>/"

console: list[Screen] = [
    ("maintenance/", views.maintenance_list, "maintenance"),
    ("maintenance/add/", planning.maintenance_add, "maintenance_add"),
    ("maintenance/preview/", planning.maintenance_preview, "maintenance_preview"),
    (_ONE, views.maintenance, "maintenance_one"),
    (f"{_ONE}change/", planning.maintenance_edit, "maintenance_edit"),
    (f"{_ONE}start/", views.maintenance_start, "maintenance_start"),
    (f"{_ONE}verify/", views.maintenance_verify, "maintenance_verify"),
    (f"{_ONE}complete/", views.maintenance_complete, "maintenance_complete"),
    (f"{_ONE}extend/", views.maintenance_extend, "maintenance_extend"),
    (f"{_ONE}update/", views.maintenance_update, "maintenance_update"),
    (f"{_ONE}preview/", views.maintenance_step_preview, "maintenance_step_preview"),
    (f"{_ONE}updates/<slug:update_id>/", views.maintenance_correct, "maintenance_correct"),
    (f"{_ONE}cancel/", views.maintenance_cancel, "maintenance_cancel"),
    (f"{_ONE}meter/", meter_views.maintenance_meter, "maintenance_meter"),
    (f"{_ONE}delete/", views.maintenance_delete, "maintenance_delete"),
]
