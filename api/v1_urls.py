"""Addresses of Statuspage's manage API, each with and without `.json` at its end."""

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import URLPattern, path

from api import v1_views as views
from api.v1_door import route
from api.v1_reading import Filter

_PAGE = "pages/<slug:page_id>"
_COMPONENT = f"{_PAGE}/components/<slug:component_id>"
_INCIDENT = f"{_PAGE}/incidents/<slug:public_id>"
_SEES = views.of_events("view")
_CHANGES_INCIDENT = (views.change_incident, views.of_events("change"))
_CHANGES_COMPONENT = (
    views.change_component,
    [views.SETS_STATUS, views.CHANGES_COMPONENT],
)
_CHANGES_UPDATE = (views.change_update, views.of_events("change"))

_Named = tuple[str, Callable[..., HttpResponse], dict[str, str]]
_ALL: list[_Named] = [
    ("pages", route(GET=(views.list_pages, [views.SEES_PAGES])), {}),
    (_PAGE, route(GET=(views.read_page, [views.SEES_PAGES])), {}),
    (
        f"{_PAGE}/components",
        route(
            GET=(views.list_components, [views.SEES_COMPONENTS]),
            POST=(views.add_component, [views.ADDS_COMPONENT]),
        ),
        {},
    ),
    (
        _COMPONENT,
        route(
            GET=(views.read_component, [views.SEES_COMPONENTS]),
            PATCH=_CHANGES_COMPONENT,
            PUT=_CHANGES_COMPONENT,
            DELETE=(views.remove_component, [views.REMOVES_COMPONENT]),
        ),
        {},
    ),
    (f"{_PAGE}/component-groups", route(GET=(views.list_groups, [views.SEES_GROUPS])), {}),
    (
        f"{_PAGE}/component-groups/<slug:ident>",
        route(GET=(views.read_group, [views.SEES_GROUPS])),
        {},
    ),
    *(
        (
            f"{_PAGE}/incidents/{one.value}",
            route(GET=(views.list_incidents, _SEES)),
            {"chosen": one.value},
        )
        for one in Filter
        if one is not Filter.ALL
    ),
    (
        f"{_PAGE}/incidents",
        route(
            GET=(views.list_incidents, _SEES),
            POST=(views.add_incident, views.of_events("add")),
        ),
        {},
    ),
    (
        _INCIDENT,
        route(
            GET=(views.read_incident, _SEES),
            PATCH=_CHANGES_INCIDENT,
            PUT=_CHANGES_INCIDENT,
            DELETE=(views.remove_incident, views.of_events("delete")),
        ),
        {},
    ),
    (
        f"{_INCIDENT}/incident_updates/<slug:update_id>",
        route(PATCH=_CHANGES_UPDATE, PUT=_CHANGES_UPDATE),
        {},
    ),
    (f"{_PAGE}/subscribers", route(GET=(views.list_subscribers, [views.SEES_PEOPLE])), {}),
]
urlpatterns: list[URLPattern] = [
    path(f"{where}{ending}", view, more)  # an address of one row takes no dot
    for where, view, more in _ALL
    for ending in ("", ".json")
]
urlpatterns.append(path("<path:rest>", views.nothing))
