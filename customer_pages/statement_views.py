"""The monthly service level statements of a customer page: a list, one month, and it as CSV."""

from datetime import date, datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from customer_pages import database_clock, doors, views
from customer_pages.access import Grant
from public_pages import templating, wording
from public_pages.page_views import ContactView, SiteView
from sla import csv_writing, reading, showing
from sla.reading import NoSuchMonth


@require_safe
@doors.for_contacts
def months(request: HttpRequest, grant: Grant) -> HttpResponse:
    """The months that have a statement."""
    site = _site(grant)
    with templating.active(site):
        listed = showing.list_of(page=grant.page, now=database_clock.now())
        context = _shared(site, "/statements") | {"months": listed, "base": site.base}
        return render(request, "customer_pages/statements.html", context)


@require_safe
@doors.for_contacts
def month(request: HttpRequest, grant: Grant, month: str) -> HttpResponse:
    """The statement of one month."""
    site, now = _site(grant), database_clock.now()
    with templating.active(site):
        try:
            found = showing.of_month(page=grant.page, month=_first_day(month), now=now)
        except NoSuchMonth:
            raise Http404 from None
        context = _shared(site, f"/statements/{month}") | found | {"slug": month}
        return render(request, "customer_pages/statement.html", context)


@require_safe
@doors.for_contacts
def table(request: HttpRequest, grant: Grant, month: str) -> HttpResponse | StreamingHttpResponse:
    """The statement of one month as CSV."""
    site = _site(grant)
    with templating.active(site):
        try:
            statement = reading.of_month(
                page=grant.page, month=_first_day(month), now=database_clock.now()
            )
        except NoSuchMonth:
            raise Http404 from None
        text = "".join(csv_writing.lines(statement))
    name = f"{grant.page.slug}-{month}.csv"
    return HttpResponse(
        text,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _site(grant: Grant) -> SiteView:
    return views.site_of(grant, contact=ContactView(mailbox=grant.mailbox))


def _shared(site: SiteView, path: str) -> dict[str, Any]:
    title = wording.site_title(site.name)
    return {
        "site": site,
        "site_title": title,
        "path": path,
        "here": "statements",
        "is_final": True,
        "heading": _("Service level statements"),
    }


def _first_day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        raise Http404 from None
