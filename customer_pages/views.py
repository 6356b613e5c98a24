"""A customer page for whoever is signed in to it: the addresses of a public page, made for each request."""

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from branding import reading as branding
from components.models import Page
from customer_pages import access, asked_files, database_clock, doors, look_files
from customer_pages.access import Grant, Place
from customer_pages.showing import Shown
from public_pages import published, reading
from public_pages.page_views import ContactView, SiteView
from subscribers import mounted


@require_safe
@doors.for_contacts
def page(request: HttpRequest, grant: Grant, rest: str = "") -> HttpResponse:
    """Whatever a published page would have under this path."""
    site = site_of(grant, contact=ContactView(mailbox=grant.mailbox))
    return answer(request, site, grant.shown_ids, rest)


def of_subscriptions(view: mounted.View) -> Callable[..., HttpResponseBase]:
    """A view of subscriptions on a customer page, for the person who is signed in to it."""

    @doors.for_contacts
    def answered(request: HttpRequest, grant: Grant, **kwargs: Any) -> HttpResponse:
        return mounted.answer(
            request,
            view=view,
            page=grant.page,
            base=grant.base,
            holder=grant.mailbox,
            **kwargs,
        )

    return answered


def for_program(request: HttpRequest, place: Place, mailbox: str, rest: str) -> HttpResponse:
    """What a program reads for somebody who has just been let in."""
    grant = access.grant(place, mailbox)
    return answer(
        request, site_of(grant, contact=ContactView(mailbox=mailbox)), grant.shown_ids, rest
    )


@require_safe
@doors.private
def whole_name(request: HttpRequest, address: str) -> HttpResponse:
    """The address of a page without the slash at its end."""
    place = access.place_of(request, address)
    return HttpResponseRedirect(f"{place.base}/")


@require_safe
@doors.private
def nothing(request: HttpRequest, rest: str) -> HttpResponse:
    """What is below /p/ and no page: told apart from a page's address by nobody (A4)."""
    raise Http404


def site_of(grant: Grant, *, contact: ContactView) -> SiteView:
    """What everything on the page shares, as this person sees it under this host name."""
    return site_below(grant.page, base=grant.base, contact=contact)


def site_below(page: Page, *, base: str, contact: ContactView) -> SiteView:
    """What everything on a page shares, with the page's own look, where its links begin with `base`."""
    brand = branding.brand(page.pk, door=base)
    site = reading.sites([page], brands={page.pk: brand})[page.pk]
    return replace(site, base=base, contact=contact)


def answer(
    request: HttpRequest, site: SiteView, shown_ids: frozenset[int], rest: str
) -> HttpResponse:
    """The file that a path below the page stands for, with the theme that was chosen."""
    if where := asked_files.target(rest, request.META.get("QUERY_STRING", "")):
        return HttpResponseRedirect(f"{site.base}{where}")
    if rest.startswith(branding.BELOW):
        return look_files.answer(site.brand, rest)
    asked = asked_files.of_path(rest)
    body = None
    if asked is not None:
        body = Shown(site, shown_ids, now=database_clock.now()).file(asked.name)
    if asked is None or body is None:
        raise Http404
    if asked.is_html:
        body = published.as_asked(body, theme=request.COOKIES.get("theme", ""))
    return HttpResponse(body, status=HTTPStatus.OK, content_type=asked.content_type)
