"""The addresses of one customer page, wherever it is mounted: by `urls` and by `host_urls`."""

from collections.abc import Callable

from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

from customer_pages import own_views, sign_in_views, statement_views, views
from subscribers import mounted


def below(prefix: str) -> list[URLPattern]:
    """The addresses of one page, below a prefix that ends with a slash, or none."""
    found: list[tuple[str, Callable[..., HttpResponseBase], str]] = [
        ("sign-in", sign_in_views.sign_in, "sign_in"),
        ("sign-in/sent", sign_in_views.sent, "sent"),
        ("sign-in/code", sign_in_views.code, "code"),
        ("enter/<str:token>", sign_in_views.enter, "enter"),
        ("sign-out", sign_in_views.sign_out, "sign_out"),
        ("statements", statement_views.months, "statements"),
        ("statements/<str:month>.csv", statement_views.table, "statement_table"),
        ("statements/<str:month>", statement_views.month, "statement"),
        ("access", own_views.access, "access"),
        ("access/<int:number>/end", own_views.end_reader, "end_reader"),
        ("read/<str:token>/<path:rest>", own_views.read, "read"),
        *((route, views.of_subscriptions(view), name) for route, view, name in mounted.VIEWS),
        ("", views.page, "home"),
        ("<path:rest>", views.page, "page"),
    ]
    return [path(prefix + route, view, name=name) for route, view, name in found]
