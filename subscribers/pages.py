"""What the visitors' pages of subscriptions have in common: their headers, their frame, who acts."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from common import auditing
from common.auditing import Actor
from components import catalogue

_View = Callable[..., HttpResponse]


def for_visitors(view: _View) -> _View:
    """Cache nothing, give away no address with a token in it, and keep no visitor's IP address."""

    @never_cache
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        auditing.act_as(Actor(name=_("a visitor")))
        response = view(request, *args, **kwargs)
        # Not "no-referrer", under which a browser posts a form with "Origin: null", which the
        # CSRF check must refuse.
        response.headers["Referrer-Policy"] = "strict-origin"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return answered


def page(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page in the frame of the public ones; templates extend `subscribers/_page.html`."""
    name = catalogue.page().name
    title = name if "status" in name.lower() else _("%(name)s Status") % {"name": name}
    shared = {"site_title": title, "page_name": name}
    return render(request, template, shared | (context or {}), status=status)


def dead(request: HttpRequest, *, is_known: bool, is_done: bool = False) -> HttpResponse:
    """The page of a link that is of no use: it offers a new one."""
    title = _("You have confirmed already") if is_done else _("This link no longer works")
    context = {"title": title, "is_done": is_done}
    return page(request, "subscribers/dead.html", context, status=410 if is_known else 404)


def client(request: HttpRequest) -> str:
    """The visitor's IP address; the middleware has looked behind our own proxies."""
    return str(request.META.get("REMOTE_ADDR", ""))
