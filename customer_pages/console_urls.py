"""Screens of customer pages inside the console, mounted by the console site."""

from collections.abc import Callable

from django.http import HttpResponseBase

from customer_pages import console_views

Screen = tuple[str, Callable[..., HttpResponseBase], str]

_PAGE = "customer-pages/<int:page_id>/"

console: list[Screen] = [
    ("customer-pages/", console_views.page_list, "customer_pages"),
    (_PAGE, console_views.page_detail, "customer_page"),
    (f"{_PAGE}sessions/end/", console_views.sessions_end, "customer_page_sessions_end"),
    (
        f"{_PAGE}readers/<int:token_id>/end/",
        console_views.reader_end,
        "customer_page_reader_end",
    ),
    (f"{_PAGE}as/", console_views.page_as_customer, "customer_page_as"),
    (f"{_PAGE}as/<path:rest>", console_views.page_as_customer, "customer_page_as_part"),
]
