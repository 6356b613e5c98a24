"""The sign-in of a customer page: ask for a link, use it or its code, sign out (DESIGN 5.9).

A GET changes nothing: mail scanners open links. A POST acts.
"""

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.csrf import rotate_token
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common import mailboxes
from common.mailboxes import NotAMailbox
from customer_pages import database_clock, doors, sessions, signing_in, targets, tokens
from customer_pages.access import Place
from customer_pages.signing_in import CodeRefused, LinkDead, NotLetIn, SignedIn
from subscribers import pages as visitor_pages
from subscribers.limits import TooManyRequests

get_and_post = require_http_methods(["GET", "HEAD", "POST"])


@get_and_post
@doors.for_visitors
def sign_in(request: HttpRequest, place: Place) -> HttpResponse:
    """The form, and what it asks for: the same answer for every address."""
    if request.method != "POST":
        return _form(request, place, is_out="out" in request.GET)
    browser = request.COOKIES.get(sessions.browser_cookie_name(place.page), "")
    browser = browser if tokens.is_token(browser) else tokens.token()
    try:
        signing_in.ask(
            place=place,
            box=mailboxes.mailbox(request.POST.get("email", "")),
            browser=browser,
            client=visitor_pages.client(request),
            now=database_clock.now(),
            target=targets.checked(request.POST.get("to", "")),
            language=translation.get_language() or "",
        )
    except NotAMailbox as refused:
        return _form(request, place, error=_(str(refused)), status=422)
    except TooManyRequests as refused:
        response = _form(request, place, error=str(refused), status=429)
        response.headers["Retry-After"] = str(int(refused.after.total_seconds()))
        return response
    response = _to(place, "/sign-in/sent")
    name = sessions.browser_cookie_name(place.page)
    sessions.set_cookie(response, name, browser, lives=signing_in.LIVES)
    return response


@require_safe
@doors.for_visitors
def sent(request: HttpRequest, place: Place) -> HttpResponse:
    """What to do next, with the form for the code; the same for every address."""
    return _sent(request, place)


@require_POST
@doors.for_visitors
def code(request: HttpRequest, place: Place) -> HttpResponse:
    """Take the code of the mail, in the tab that asked for it."""
    try:
        done = signing_in.guess(
            place=place,
            browser=request.COOKIES.get(sessions.browser_cookie_name(place.page), ""),
            code=request.POST.get("code", ""),
            earlier_key=request.COOKIES.get(sessions.cookie_name(place.page), ""),
            now=database_clock.now(),
        )
    except CodeRefused:
        said = _("This code is wrong or no longer works. Ask for a new mail if it does not fit.")
        return _sent(request, place, error=said, status=422)
    except NotLetIn as refused:
        return doors.ended(request, place, mailbox=refused.mailbox)
    return _signed_in(request, place, done)


@get_and_post
@doors.private
def enter(request: HttpRequest, token: str, address: str | None = None) -> HttpResponseBase:
    """The link of the mail; what cannot be one is refused before the database is asked (C4)."""
    if not tokens.is_token(token):
        raise Http404
    return _enter(request, address=address, token=token)


@doors.for_visitors
def _enter(request: HttpRequest, place: Place, token: str) -> HttpResponse:
    """A button and as whom it signs in; a POST does it."""
    now = database_clock.now()
    try:
        if request.method != "POST":
            row = signing_in.look(page=place.page, token=token, now=now)
            context = {"mailbox": row.mailbox}
            return doors.page(request, place, "customer_pages/enter.html", context)
        done = signing_in.redeem(
            place=place,
            token=token,
            earlier_key=request.COOKIES.get(sessions.cookie_name(place.page), ""),
            now=now,
        )
    except LinkDead as dead:
        said: dict[str, object] = {"values": {"email": dead.mailbox}, "is_used": dead.is_used}
        status = HTTPStatus.GONE if dead.mailbox else HTTPStatus.NOT_FOUND
        return doors.page(request, place, "customer_pages/dead.html", said, status=status)
    except NotLetIn as refused:
        return doors.ended(request, place, mailbox=refused.mailbox)
    return _signed_in(request, place, done)


@require_POST
@doors.for_visitors
def sign_out(request: HttpRequest, place: Place) -> HttpResponse:
    """End the session of this browser on this page, or all that this mailbox has on it."""
    now = database_clock.now()
    name = sessions.cookie_name(place.page)
    key = request.COOKIES.get(name, "")
    session = sessions.current(page=place.page, host=place.host, key=key, now=now)
    if session is not None:
        sessions.end(session=session, everywhere="everywhere" in request.POST, now=now)
    response = _to(place, "/sign-in?out")
    sessions.delete_cookie(response, name)
    return response


def _form(
    request: HttpRequest,
    place: Place,
    *,
    error: str = "",
    is_out: bool = False,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    asked = request.POST if request.method == "POST" else request.GET
    context = {
        "values": {
            "email": request.POST.get("email", ""),
            "to": targets.checked(asked.get("to", "")),
        },
        "errors": {"email": error} if error else {},
        "is_out": is_out,
    }
    return doors.page(request, place, "customer_pages/sign_in.html", context, status=status)


def _sent(
    request: HttpRequest, place: Place, *, error: str = "", status: int = HTTPStatus.OK
) -> HttpResponse:
    browser = request.COOKIES.get(sessions.browser_cookie_name(place.page), "")
    row = signing_in.latest(page=place.page, browser=browser)
    if row is None:
        return _to(place, "/sign-in")
    context = {
        "mailbox": row.mailbox,
        "target": row.target,
        "errors": {"code": error} if error else {},
    }
    return doors.page(request, place, "customer_pages/sent.html", context, status=status)


def _signed_in(request: HttpRequest, place: Place, done: SignedIn) -> HttpResponse:
    rotate_token(request)
    response = _to(place, f"/{done.target}")
    sessions.set_session_cookie(response, done.opened)
    sessions.delete_cookie(response, sessions.browser_cookie_name(place.page))
    return response


def _to(place: Place, path: str) -> HttpResponse:
    """Go on to a clean address of the page: no token stays in the bar or the history (C2)."""
    return HttpResponseRedirect(f"{place.base}{path}", status=HTTPStatus.SEE_OTHER)
