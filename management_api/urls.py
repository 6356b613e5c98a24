"""Addresses of the management API, below /api/manage/v1/."""

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path, re_path

from management_api import views
from management_api.api import api


def _told_as_problems(entries: Sequence[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    """The operations' addresses, which answer a method that they lack as a problem, too."""
    for entry in entries:
        if isinstance(entry, URLPattern) and entry.name != "api-root":
            yield URLPattern(entry.pattern, _told_as_problem(entry.callback), name=entry.name)


def _told_as_problem(view: Callable[..., Any]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = view(request, *args, **kwargs)
        if response.status_code == 405:
            return views.no_such_method(response.headers["Allow"])
        return response

    return answered


operations, _app_name, _namespace = api.urls
urlpatterns = [
    path("openapi.json", views.openapi),
    path("docs", views.docs, name="api_docs"),
    *_told_as_problems(operations),
    re_path(r"", views.nothing_here),
]
