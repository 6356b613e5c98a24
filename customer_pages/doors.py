"""What every answer of a customer page has in common, and what is said in place of a page.

Nothing of a customer page may be kept by anybody (reliability B4), and whoever may not see it gets one
and the same answer whatever the reason (A4).
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate
from urllib.parse import urlencode

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from common import auditing
from common.auditing import Actor
from components import catalogue
from customer_pages import access, targets
from customer_pages.access import AccessEnded, Grant, Place, SignInNeeded
from public_pages import reading, wording
from public_pages import views as public_views

_log = logging.getLogger(__name__)
_Placed = Callable[Concatenate[HttpRequest, Place, ...], HttpResponseBase]
_Granted = Callable[Concatenate[HttpRequest, Grant, ...], HttpResponseBase]
_View = Callable[..., HttpResponseBase]
# What programs ask for, not people: they are shown no form.
_FOR_PROGRAMS = (".json", ".rss", ".atom", ".ics", ".svg")


def private(view: _View) -> _View:
    """Let nobody keep the answer, find it, or tell from it what there is."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        auditing.act_as(Actor(name=_("a customer")))
        try:
            response = view(request, *args, **kwargs)
        except Http404 as missing:
            response = public_views.not_found(request, missing)
        except (OperationalError, InterfaceError) as away:
            _log.warning("A customer page could not ask the database: %s", away)
            # Never what was known a moment ago: who may see it cannot be asked (B3).
            response = public_views.server_error(request)
        response.headers["Cache-Control"] = "private, no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        # Not "no-referrer", under which a browser posts a form with "Origin: null", which the
        # CSRF check must refuse. The path, which holds addresses and tokens, is given to nobody.
        response.headers["Referrer-Policy"] = "strict-origin"
        patch_vary_headers(response, ["Cookie"])
        return response

    return answered


def for_visitors(view: _Placed) -> _View:
    """A view of the sign-in: for anybody who knows the address of a live page."""

    @private
    @wraps(view)
    def answered(
        request: HttpRequest, address: str | None = None, **kwargs: Any
    ) -> HttpResponseBase:
        place = access.place_of(request, address)
        with translation.override(place.page.language):
            return view(request, place, **kwargs)

    return answered


def for_contacts(view: _Granted) -> _View:
    """A view for whoever is signed in and on the list at this moment."""

    @private
    @wraps(view)
    def answered(
        request: HttpRequest, address: str | None = None, **kwargs: Any
    ) -> HttpResponseBase:
        try:
            grant = access.contact_page(request, address)
        except SignInNeeded as needed:
            return _sign_in_first(request, needed.place)
        except AccessEnded as over:
            return ended(request, over.place, mailbox=over.mailbox)
        with translation.override(grant.page.language):
            return view(request, grant, **kwargs)

    return answered


def page(
    request: HttpRequest,
    place: Place,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """A page of the sign-in, which names who runs the page and never whom it is for."""
    language = place.page.language
    site = replace(reading.site(catalogue.page()), base=place.base, language=language)
    with translation.override(language):
        shared = {"site": site, "site_title": wording.site_title(site.name), "base": place.base}
        return render(request, template, shared | (context or {}), status=status)


def ended(request: HttpRequest, place: Place, *, mailbox: str) -> HttpResponse:
    """What is said to somebody who was let in once (DESIGN 5.9)."""
    if _is_of_program(request):
        return _plain(_("Your access to this page has ended."), HTTPStatus.FORBIDDEN)
    response = page(
        request,
        place,
        "customer_pages/ended.html",
        {"mailbox": mailbox},
        status=HTTPStatus.FORBIDDEN,
    )
    if _is_fragment(request):
        response.headers["HX-Refresh"] = "true"
    return response


def _sign_in_first(request: HttpRequest, place: Place) -> HttpResponse:
    where = f"{place.base}/sign-in"
    if _is_fragment(request):
        response = _plain(_("Sign in first."), HTTPStatus.UNAUTHORIZED)
        response.headers["HX-Redirect"] = where
        return response
    if _is_of_program(request):
        return _plain(_("Sign in first."), HTTPStatus.UNAUTHORIZED)
    target = targets.of_path(request.path, base=place.base)
    return HttpResponseRedirect(f"{where}?{urlencode({'to': target})}" if target else where)


def _is_fragment(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers


def _is_of_program(request: HttpRequest) -> bool:
    return request.path.lower().endswith(_FOR_PROGRAMS)


def _plain(text: str, status: HTTPStatus) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
