"""The addresses of subscriptions on a page that only those see who signed in: for `customer_pages`.

Each view is called through `answer`, after the caller has found out who asks (`access.contact_page`):

    for route, view, name in mounted.VIEWS:
        path(prefix + route, for_contacts(partial(mounted.answer, view=view)), name=…)

Links in messages lead to the main host instead: they name the subscription, and nobody needs to sign in
to unsubscribe.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from components.models import Page
from subscribers import own_views, pages, views, ways_views
from subscribers.pages import Door

View = Callable[..., HttpResponse]
VIEWS: tuple[tuple[str, View, str], ...] = (
    ("subscribe", views.subscribe, "subscribe"),
    ("subscribe/sent", views.sent, "subscribe_sent"),
    ("subscriptions", own_views.ask_for_link, "subscriptions_ask"),
    ("subscriptions/sent", own_views.link_sent, "subscriptions_link_sent"),
    ("subscriptions/mine", own_views.mine, "subscriptions_mine"),
    ("subscriptions/mine/stop", own_views.stop, "subscriptions_stop"),
    ("subscriptions/mine/resume", own_views.resume, "subscriptions_resume"),
    ("subscriptions/code/<str:who>", ways_views.code, "subscriptions_code"),
    ("subscriptions/secret", ways_views.secret, "subscriptions_secret"),
)


def answer(
    request: HttpRequest, *, view: View, page: Page, base: str, holder: str, **kwargs: Any
) -> HttpResponse:
    """Answer as `view` does, on a customer page, for the mailbox that signed in to it.

    `base` is the path that the page's addresses begin with: /p/<address>, or nothing under a host
    name of its own.
    """
    pages.enter(request, Door(page=page, base=base, holder=holder))
    return view(request, **kwargs)
