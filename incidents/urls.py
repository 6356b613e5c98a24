"""Addresses of announcements inside the console: (route, view, name), mounted by the console site."""

from collections.abc import Callable

from django.http import HttpResponseBase

from incidents import views

Screen = tuple[str, Callable[..., HttpResponseBase], str]

_ROW = "announcements/<int:announcement_id>/"

console: list[Screen] = [
    ("announcements/", views.announcement_list, "announcements"),
    ("announcements/add/", views.announcement_add, "announcement_add"),
    ("announcements/preview/", views.announcement_preview, "announcement_preview"),
    (_ROW, views.announcement_edit, "announcement_edit"),
    (f"{_ROW}retract/", views.announcement_retract, "announcement_retract"),
]
