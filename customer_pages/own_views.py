"""What a signed-in customer does about their own access: who they are here, and what their programs read."""

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from components import page_addresses
from components.models import Page
from customer_pages import database_clock, doors, readers, views
from customer_pages.access import Grant, Place
from customer_pages.models import Reader
from customer_pages.readers import TooMany
from public_pages.page_views import ContactView

_FIRST_FILES = {
    Reader.FEED: ("history.atom", "history.rss"),
    Reader.CALENDAR: ("maintenance.ics",),
    Reader.JSON: ("status.json", "api/v2/summary.json"),
    Reader.BADGE: ("badge/color", "badge/icon"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@doors.for_contacts
def access(request: HttpRequest, grant: Grant) -> HttpResponse:
    """Who is signed in, the way out, and addresses for programs; a POST makes one."""
    if request.method != "POST":
        return _page(request, grant)
    wanted = request.POST.get("reads", "")
    if wanted not in Reader.values:
        return _page(request, grant, error=_("Choose what to read."), status=422)
    reads = Reader(wanted)
    try:
        token = readers.make(
            page=grant.page, mailbox=grant.mailbox, reads=reads, now=database_clock.now()
        )
    except TooMany as refused:
        return _page(request, grant, error=str(refused), status=422)
    # Shown in this answer and nowhere again: only a digest is kept.
    return _page(request, grant, made=_addresses(grant.page, reads, token))


@require_POST
@doors.for_contacts
def end_reader(request: HttpRequest, grant: Grant, number: int) -> HttpResponse:
    """End one of one's own addresses."""
    now = database_clock.now()
    if not readers.end(page=grant.page, mailbox=grant.mailbox, token_id=number, now=now):
        raise Http404
    return HttpResponseRedirect(f"{grant.base}/access", status=HTTPStatus.SEE_OTHER)


@require_safe
@doors.for_visitors
def read(request: HttpRequest, place: Place, token: str, rest: str) -> HttpResponse:
    """What a program reads by an address of its own: nothing else than that is there (B5)."""
    reads = readers.reads_of(rest)
    now = database_clock.now()
    row = reads and readers.found(page=place.page, token=token, reads=reads, now=now)
    if not row:
        raise Http404
    return views.for_program(request, place, row.mailbox, rest)


def _addresses(page: Page, reads: Reader, token: str) -> list[str]:
    where = page_addresses.canonical(page)
    return [where.url(f"/read/{token}/{name}") for name in _FIRST_FILES[reads]]


def _page(
    request: HttpRequest, grant: Grant, *, status: int = HTTPStatus.OK, **said: Any
) -> HttpResponse:
    error = said.pop("error", "")
    context = {
        "mailbox": grant.mailbox,
        "domain": ContactView(mailbox=grant.mailbox).domain,
        "page_name": grant.page.name,
        "session": grant.session,
        "kinds": Reader.choices,
        "rows": readers.of_person(page=grant.page, mailbox=grant.mailbox),
        "errors": {"reads": error} if error else {},
        **said,
    }
    return doors.page(request, grant.place, "customer_pages/access.html", context, status=status)
