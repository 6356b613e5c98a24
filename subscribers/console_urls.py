"""Screens of messages and integrations inside the console, mounted by the console site."""

from collections.abc import Callable

from django.http import HttpResponseBase

from subscribers import meter_views

Screen = tuple[str, Callable[..., HttpResponseBase], str]

console: list[Screen] = [
    ("messages/", meter_views.messages, "messages"),
]
