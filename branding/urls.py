"""Addresses of the branding screens inside the console: (route, view, name), mounted by its site."""

from collections.abc import Callable

from django.http import HttpResponseBase

from branding import views

Screen = tuple[str, Callable[..., HttpResponseBase], str]

_PAGE = "branding/<int:page_id>/"

console: list[Screen] = [
    ("branding/", views.branding, "branding"),
    (_PAGE, views.branding, "branding_page"),
    (f"{_PAGE}preview/", views.branding_preview, "branding_preview"),
    (f"{_PAGE}undo/", views.branding_undo, "branding_undo"),
    (f"{_PAGE}reset/", views.branding_reset, "branding_reset"),
    ("branding/media/<slug:name>.<slug:kind>", views.branding_file, "branding_file"),
    ("branding/assets/brand-<slug:name>.<slug:kind>", views.branding_file, "branding_style"),
]
