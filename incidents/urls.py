"""Addresses of what operators say, inside the console: (route, view, name), mounted by its site."""

from collections.abc import Callable

from django.http import HttpResponseBase

from incidents import (
    composer_views,
    incident_views,
    meter_views,
    postmortem_views,
    template_views,
    update_views,
    views,
)

Screen = tuple[str, Callable[..., HttpResponseBase], str]

_ROW = "announcements/<int:announcement_id>/"
_INCIDENT = "incidents/<slug:public_id>/"
_POSTMORTEM = f"{_INCIDENT}postmortem/"
_TEMPLATE = "templates/<int:template_id>/"

console: list[Screen] = [
    ("announcements/", views.announcement_list, "announcements"),
    ("announcements/add/", views.announcement_add, "announcement_add"),
    ("announcements/preview/", views.announcement_preview, "announcement_preview"),
    (_ROW, views.announcement_edit, "announcement_edit"),
    (f"{_ROW}retract/", views.announcement_retract, "announcement_retract"),
    ("incidents/", incident_views.incident_list, "incidents"),
    ("incidents/report/", composer_views.report, "incident_report"),
    ("incidents/report/preview/", composer_views.report_preview, "incident_preview"),
    ("incidents/report/autosave/", composer_views.autosave, "incident_autosave"),
    ("incidents/past/", composer_views.past, "incident_past"),
    (_INCIDENT, incident_views.incident, "incident"),
    (f"{_INCIDENT}draft/", composer_views.draft_edit, "incident_draft"),
    (f"{_INCIDENT}publish/", incident_views.draft_publish, "incident_publish"),
    (f"{_INCIDENT}discard/", incident_views.draft_discard, "incident_discard"),
    (f"{_INCIDENT}update/", update_views.update, "incident_update"),
    (f"{_INCIDENT}update/preview/", update_views.update_preview, "incident_update_preview"),
    (f"{_INCIDENT}updates/<slug:update_id>/", update_views.correct, "incident_correct"),
    (f"{_INCIDENT}revise/", incident_views.revise, "incident_revise"),
    (f"{_INCIDENT}meter/", meter_views.incident_meter, "incident_meter"),
    (f"{_INCIDENT}delete/", incident_views.delete, "incident_delete"),
    (_POSTMORTEM, postmortem_views.postmortem, "postmortem"),
    (f"{_POSTMORTEM}preview/", postmortem_views.postmortem_preview, "postmortem_preview"),
    (f"{_POSTMORTEM}publish/", postmortem_views.postmortem_publish, "postmortem_publish"),
    (f"{_POSTMORTEM}unpublish/", postmortem_views.postmortem_unpublish, "postmortem_unpublish"),
    (f"{_POSTMORTEM}delete/", postmortem_views.postmortem_delete, "postmortem_delete"),
    ("templates/", template_views.template_list, "templates"),
    ("templates/add/", template_views.template_add, "template_add"),
    (_TEMPLATE, template_views.template_edit, "template_edit"),
    (f"{_TEMPLATE}remove/", template_views.template_remove, "template_remove"),
]
