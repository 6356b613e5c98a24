"""The console's screens of customer pages: the list, one of them, ending access, and looking as the customer."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from common import auditing, console
from components import pages
from components.models import Page
from customer_pages import database_clock, listing, readers, sessions, views
from customer_pages.models import CustomerSession, ReaderToken
from public_pages.page_views import ContactView

may_look = permission_required("customer_pages.view_customersession", raise_exception=True)
may_change = permission_required("customer_pages.change_customersession", raise_exception=True)


@may_look
@require_safe
def page_list(request: HttpRequest) -> HttpResponse:
    """Every customer page with its address, whom it lets in, and who has been there."""
    text = request.GET.get("q", "").replace("\0", "")[:100].strip()
    found = listing.sheet(text=text, number=request.GET.get("page", "1"))
    context: dict[str, Any] = {
        "title": _("Customer pages"),
        "text": text,
        "page": found,
        "query": urlencode({"q": text}) if text else "",
        "rows": listing.lines(list(found.object_list)),
    }
    return console.page(request, "admin/customer_pages/list.html", context)


@may_look
@require_safe
def page_detail(request: HttpRequest, page_id: int) -> HttpResponse:
    """One customer page: address, list, services, who signed in, what programs read."""
    row = _page(page_id)
    (line,) = listing.lines([row])
    context = {
        "title": row.name,
        "line": line,
        "entry_id": listing.entry_id(row),
        "services": listing.services(row),
        "people": listing.people(row, line.listed, now=database_clock.now()),
        "readers": listing.readers(row),
    }
    return console.page(request, "admin/customer_pages/one.html", context)


@may_change
@require_POST
def sessions_end(request: HttpRequest, page_id: int) -> HttpResponse:
    """End one open session, those of one mailbox, or all."""
    row, now = _page(page_id), database_clock.now()
    chosen = CustomerSession.objects.open(now=now).filter(page=row)
    if "session" in request.POST:
        chosen = chosen.filter(pk=_number(request.POST["session"]))
    elif "mailbox" in request.POST:
        chosen = chosen.filter(mailbox=request.POST["mailbox"].replace("\0", ""))
    ended = sessions.end_by_operator(sessions=list(chosen), now=now)
    said = ngettext("%(count)s session was ended.", "%(count)s sessions were ended.", ended)
    messages.success(request, said % {"count": ended})
    return redirect("admin:customer_page", page_id=row.pk)


@may_change
@require_POST
def reader_end(request: HttpRequest, page_id: int, token_id: int) -> HttpResponse:
    """End an address that a program reads by."""
    row = _page(page_id)
    token = get_object_or_404(ReaderToken, pk=token_id, page=row)
    if readers.end_by_operator(token=token, now=database_clock.now()):
        messages.success(request, _("The address was ended."))
    return redirect("admin:customer_page", page_id=row.pk)


@may_look
@require_safe
@never_cache
def page_as_customer(request: HttpRequest, page_id: int, rest: str = "") -> HttpResponse:
    """The page as the customer sees it, to be looked at only; that somebody did is recorded."""
    row = _page(page_id)
    base = reverse("admin:customer_page_as", args=[row.pk]).removesuffix("/")
    site = views.site_below(row, base=base, contact=ContactView(is_preview=True))
    if not rest:
        auditing.record(
            subject=row,
            before={"viewed_as_customer": ""},
            after={"viewed_as_customer": "yes"},
            now=database_clock.now(),
        )
    return views.answer(request, site, pages.shown_ids(row), rest)


def _page(page_id: int) -> Page:
    return get_object_or_404(Page.objects.live().customers(), pk=page_id)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
