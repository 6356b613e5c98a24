"""Confirm, change and end one's own subscription, by links that were sent to the address (C1, D1, D2).

A GET changes nothing: mail scanners open links. A POST acts.
"""

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from components.models import Page
from subscribers import (
    asking,
    granting,
    letters,
    link_holders,
    links,
    pages,
    proofs,
    subscribing,
    visits,
)
from subscribers.canonical import Mailbox
from subscribers.forms import ChoiceForm, EmailForm, shown_of
from subscribers.granting import EVENT_OVER
from subscribers.models import Purpose, State, Subscriber
from subscribers.proofs import LinkDead
from subscribers.subscribing import NothingChosen, Suppressed, TooManyRequests

_UNDONE_WITHIN = timedelta(days=1)
# Asked for by a link that names no subscription: the same work, and no mail.
_NOBODY = Mailbox("", "")


@pages.for_visitors
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the confirmation: a button, and what it does (N4)."""
    now = timezone.now()
    try:
        row = proofs.look(token=token, purpose=Purpose.CONFIRM, now=now).subscriber
        if not granting.may_read(row):
            return pages.dead(request, is_known=True)
        if request.method == "POST":
            row = subscribing.confirm_by_token(token=token, now=now)
            return visits.welcome(request, subscriber=row, now=now, said="confirmed")
    except LinkDead:
        used = proofs.found(token=token, purpose=Purpose.CONFIRM)
        is_done = used is not None and used.subscriber.is_active
        return pages.dead(request, is_known=used is not None, is_done=is_done)
    context = {"subscriber": row, "about": letters.about(row)}
    return pages.page(request, "subscribers/confirm.html", context, of=row.page)


@pages.for_visitors
@require_http_methods(["GET", "HEAD", "POST"])
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """The link to change what one gets: a button, and what it opens."""
    now = timezone.now()
    try:
        row = proofs.look(token=token, purpose=Purpose.MANAGE, now=now).subscriber
        if not granting.may_read(row):
            return pages.dead(request, is_known=True)
        if request.method == "POST":
            row = link_holders.open_by_token(token=token, now=now)
            return visits.welcome(request, subscriber=row, now=now)
    except LinkDead:
        is_known = proofs.found(token=token, purpose=Purpose.MANAGE) is not None
        return pages.dead(request, is_known=is_known)
    return pages.page(request, "subscribers/open.html", {"subscriber": row}, of=row.page)


@pages.for_visitors
@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    """What somebody gets, to be changed (N2, N3); without a visit, the way to one."""
    row = visits.visitor(request, now=timezone.now())
    if row is None:
        return pages.dead(request, is_known=True)
    if request.method != "POST" or row.follows:
        said = "confirmed" if "confirmed" in request.GET else ""
        said = "saved" if "saved" in request.GET else said
        return _mine(request, row, shown_of(row), said=said)
    form = ChoiceForm(request.POST, page=row.page)
    try:
        if form.is_valid():
            subscribing.choose(subscriber=row, choice=form.choice)
            return _to(request, "/subscriptions/mine?saved")
        error = str(next(iter(form.errors.values()))[0])
    except NothingChosen as refused:
        error = str(refused)
    return _mine(request, row, form.shown, error=error)


def _mine(
    request: HttpRequest,
    row: Subscriber,
    choice: dict[str, object],
    *,
    said: str = "",
    error: str = "",
) -> HttpResponse:
    context = {
        "subscriber": row,
        "choice": choice,
        "others": subscribing.siblings(row),
        "said": said,
        "errors": {"scope": error} if error else {},
        "about": letters.about(row),
        "manage_template": [
            f"subscribers/ways/{row.channel}_manage.html",
            "subscribers/_nothing.html",
        ],
    }
    status = 422 if error else 200
    return pages.page(request, "subscribers/mine.html", context, status=status, of=row.page)


@pages.for_visitors
@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    """Send again to a subscription that was paused because nothing arrived."""
    now = timezone.now()
    row = visits.visitor(request, now=now)
    if row is not None:
        subscribing.resume(subscriber=row, now=now)
    return _to(request, "/subscriptions/mine")


@pages.for_visitors
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """End one's own subscription, or another one of the same address that the page lists."""
    now = timezone.now()
    row = visits.visitor(request, now=now)
    if row is None:
        return pages.dead(request, is_known=True)
    if "which" in request.POST:
        # One that is not there any more, or not theirs, is as if it had ended.
        for other in subscribing.siblings(row):
            if str(other.pk) == request.POST["which"]:
                subscribing.leave(subscriber=other, now=now)
        return _to(request, "/subscriptions/mine?saved")
    subscribing.leave(subscriber=row, now=now)
    response = _left(request, links.leave_token(row.id), address=row.address)
    visits.end(request, response)
    return response


# Mail programs post this by themselves, without our cookies (RFC 8058); who holds the link may leave.
@csrf_exempt
@pages.for_visitors
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """Unsubscribe by one click in the mail program, or by the button that a GET shows (D1)."""
    row = link_holders.by_leave_token(token)
    if request.method != "POST":
        # One that was let go with its event may still wait for its last messages.
        if row is not None and row.state == State.ENDED and row.ended_reason != EVENT_OVER:
            return _left(request, token)
        return pages.page(request, "subscribers/leave.html", {"token": token}, of=_page_of(row))
    if row is not None:
        subscribing.leave(subscriber=row, now=timezone.now())
    return _left(request, token)


@pages.for_visitors
@require_POST
def undo(request: HttpRequest, token: str) -> HttpResponse:
    """Take back that one unsubscribed, within a day."""
    now = timezone.now()
    row = link_holders.by_leave_token(token)
    if row is None or not _can_come_back(row, now=now) or not granting.may_read(row):
        return pages.dead(request, is_known=True)
    try:
        subscribing.undo_leave(subscriber=row, now=now)
    except Suppressed:
        return pages.dead(request, is_known=True)
    return pages.page(request, "subscribers/back.html", {"token": token}, of=row.page)


def _can_come_back(row: Subscriber, *, now: datetime) -> bool:
    if row.state != State.ENDED or row.ended_at is None:
        return False
    return row.ended_reason == subscribing.LEFT and row.ended_at > now - _UNDONE_WITHIN


@pages.for_visitors
@require_http_methods(["GET", "HEAD", "POST"])
def manage(request: HttpRequest, token: str) -> HttpResponse:
    """The link to change what one gets that stands in every mail: it sends a fresh one (D2)."""
    if request.method != "POST":
        return pages.page(request, "subscribers/manage.html", {"token": token})
    row = link_holders.by_leave_token(token)
    known = row is not None and row.channel == "email"
    mailbox = Mailbox(row.address, row.canonical) if row is not None and known else _NOBODY
    return _link_asked(request, mailbox, row.page if row is not None else None)


@pages.for_visitors
@require_http_methods(["GET", "HEAD", "POST"])
def ask_for_link(request: HttpRequest) -> HttpResponse:
    """Ask for a link by one's address; the same answer for every one (A3)."""
    if request.method != "POST":
        return pages.page(request, "subscribers/ask.html")
    form = EmailForm(request.POST)
    if not form.is_valid():
        context = {"values": request.POST, "errors": {"email": form.errors["email"][0]}}
        return pages.page(request, "subscribers/ask.html", context, status=422)
    return _link_asked(request, form.mailbox)


def _link_asked(request: HttpRequest, mailbox: Mailbox, of: Page | None = None) -> HttpResponse:
    try:
        asking.send_link(
            page=of or pages.door(request).page,
            mailbox=mailbox,
            client=pages.client(request),
            now=timezone.now(),
        )
    except TooManyRequests as refused:
        context = {"errors": {"email": str(refused)}, "values": request.POST}
        response = pages.page(request, "subscribers/ask.html", context, status=429)
        response.headers["Retry-After"] = str(int(refused.after.total_seconds()))
        return response
    return _to(request, "/subscriptions/sent")


@pages.for_visitors
@require_safe
def link_sent(request: HttpRequest) -> HttpResponse:
    return pages.page(request, "subscribers/link_sent.html")


def _left(request: HttpRequest, token: str, *, address: str = "") -> HttpResponse:
    row = link_holders.by_leave_token(token)
    of = _page_of(row)
    can_undo = row is not None and of is not None and _can_come_back(row, now=timezone.now())
    context = {"token": token, "address": address, "can_undo": can_undo}
    return pages.page(request, "subscribers/left.html", context, of=of)


def _page_of(row: Subscriber | None) -> Page | None:
    """The page of a subscription, as long as whom it was made for may see it.

    A link of an old mail ends the subscription for ever; it no longer tells whose page that was.
    """
    return row.page if row is not None and granting.may_read(row) else None


def _to(request: HttpRequest, path: str) -> HttpResponse:
    """Go on at another of our addresses on the page that was asked for."""
    return HttpResponseRedirect(pages.door(request).path(path), status=303)
