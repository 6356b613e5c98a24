"""Addresses of the screens of pages inside the console: (route, view, name), mounted by its site."""

from collections.abc import Callable

from django.http.response import HttpResponseBase

from statuspage import pages_views

_PAGE = "pages/<int:page_id>/"

console: list[tuple[str, Callable[..., HttpResponseBase], str]] = [
    ("pages/", pages_views.page_list, "pages"),
    ("pages/set-up/", pages_views.set_up, "page_set_up"),
    ("pages/add/", pages_views.page_add, "page_add"),
    ("pages/address/", pages_views.page_address, "page_address"),
    (_PAGE, pages_views.page_edit, "page_edit"),
    (f"{_PAGE}embed/", pages_views.page_embed, "page_embed"),
    (f"{_PAGE}retire/", pages_views.page_retire, "page_retire"),
    (f"{_PAGE}restore/", pages_views.page_restore, "page_restore"),
    ("settings/", pages_views.settings, "settings"),
]
