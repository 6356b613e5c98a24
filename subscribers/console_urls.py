"""Screens of messages and integrations inside the console, mounted by the console site."""

from collections.abc import Callable

from django.http import HttpResponseBase

from subscribers import integration_views, meter_views

Screen = tuple[str, Callable[..., HttpResponseBase], str]

_KIND = "integrations/<slug:kind>/"

console: list[Screen] = [
    ("messages/", meter_views.messages, "messages"),
    ("integrations/", integration_views.integration_list, "integrations"),
    ("integrations/x/sign-in/", integration_views.x_begin, "x_begin"),
    ("integrations/x/callback/", integration_views.x_callback, "x_callback"),
    (_KIND, integration_views.integration_set_up, "integration_set_up"),
    (f"{_KIND}switch/", integration_views.integration_switch, "integration_switch"),
    (f"{_KIND}test/", integration_views.integration_test, "integration_test"),
    (f"{_KIND}forget/", integration_views.integration_forget, "integration_forget"),
]
