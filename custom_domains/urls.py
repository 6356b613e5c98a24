"""Addresses of the screens inside the console: (route, view, name), mounted by its site."""

from collections.abc import Callable

from django.http.response import HttpResponseBase

from custom_domains import views

_ONE = "domains/<int:host_id>/"

console: list[tuple[str, Callable[..., HttpResponseBase], str]] = [
    ("domains/", views.domain_list, "domains"),
    ("domains/add/", views.domain_add, "domain_add"),
    (_ONE, views.domain, "domain"),
    (f"{_ONE}verify/", views.domain_verify, "domain_verify"),
    (f"{_ONE}primary/", views.domain_primary, "domain_primary"),
    (f"{_ONE}release/", views.domain_release, "domain_release"),
]
