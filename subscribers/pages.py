"""What the visitors' pages of subscriptions have in common: whose page it is, their frame, who acts.

The same views answer on every page: on the main host, on the host of a sub-page or below its path, and
for who signed in to a customer page (`subscribers.mounted`). A `Door` says which page was asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from branding import brand_views
from branding import reading as brands
from branding.brand_views import BrandView
from common import auditing
from common.auditing import Actor
from components import page_addresses, page_requests
from components.models import Page

_View = Callable[..., HttpResponse]
# No header of a client can set it.
_DOOR = "candor.subscriptions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The page that a request stands on: `base` is the path that its addresses begin with.

    `holder` is the mailbox that signed in to a customer page, and empty elsewhere.
    """

    page: Page
    base: str = ""
    holder: str = ""

    def path(self, path: str) -> str:
        """The path of one of our addresses, which begins with a slash, on this page."""
        return f"{self.base}{path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What the frame of the public pages needs to know of a page."""

    base: str
    page_id: int
    is_customer: bool
    brand: BrandView = field(default=brand_views.DEFAULT)


def enter(request: HttpRequest, door: Door) -> None:
    """Let this request stand on a page that its address alone does not name."""
    request.META[_DOOR] = door


def door(request: HttpRequest) -> Door:
    """The page that this request stands on.

    Raises:
        Http404: there is none, or one that only those see who signed in.
    """
    found = request.META.get(_DOOR)
    if not isinstance(found, Door):
        page = page_requests.page_of(request)
        if page.is_customer:
            raise Http404
        found = Door(page=page, base=str(request.META.get("SCRIPT_NAME", "")).rstrip("/"))
        enter(request, found)
    return found


def for_visitors(view: _View) -> _View:
    """Cache nothing, give away no address with a token in it, and keep no visitor's IP address.

    In the language of the page.
    """

    @never_cache
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        auditing.act_as(Actor(name=_("a visitor")))
        with translation.override(door(request).page.language):
            response = view(request, *args, **kwargs)
        # Not "no-referrer", under which a browser posts a form with "Origin: null", which the
        # CSRF check must refuse.
        response.headers["Referrer-Policy"] = "strict-origin"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return answered


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    status: int = 200,
    of: Page | None = None,
) -> HttpResponse:
    """A page in the frame of the public ones; templates extend `subscribers/_page.html`.

    `of` is the page of a subscription that a link named: it may be opened on another host than its
    own. `own` is what the addresses of the subscription itself begin with, on the host asked.
    """
    here = door(request)
    row = of or here.page
    is_here = row.pk == here.page.pk
    frame = Frame(
        base=here.base if is_here else page_addresses.canonical(row).url(""),
        page_id=row.pk,
        is_customer=row.is_customer,
        brand=brands.brand(row.pk, door=here.base if is_here else None),
    )
    name = row.name
    title = name if "status" in name.lower() else _("%(name)s Status") % {"name": name}
    shared = {"site_title": title, "page_name": name, "site": frame, "own": here.base}
    return render(request, template, shared | (context or {}), status=status)


def dead(request: HttpRequest, *, is_known: bool, is_done: bool = False) -> HttpResponse:
    """The page of a link that is of no use: it offers a new one."""
    title = _("You have confirmed already") if is_done else _("This link no longer works")
    context = {"title": title, "is_done": is_done}
    return page(request, "subscribers/dead.html", context, status=410 if is_known else 404)


def client(request: HttpRequest) -> str:
    """The visitor's IP address; the middleware has looked behind our own proxies."""
    return str(request.META.get("REMOTE_ADDR", ""))
