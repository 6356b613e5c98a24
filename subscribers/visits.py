"""Who has opened a link of ours in this browser, for half an hour: a proof in a cookie (C2, D2).

No session of ours: the cookie is sent to the pages of subscriptions only, and ends with the
subscription.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from subscribers import granting, pages, proofs
from subscribers.models import Purpose, Subscriber
from subscribers.proofs import LinkDead

COOKIE = "subscription"
LIVES = timedelta(minutes=30)
_PATH = "/subscriptions"


def welcome(
    request: HttpRequest, *, subscriber: Subscriber, now: datetime, said: str = ""
) -> HttpResponse:
    """Lead somebody who has proved that the address is theirs to their page.

    `said` is what the page confirms first: "confirmed", or nothing.
    """
    door = pages.door(request)
    address = door.path("/subscriptions/mine") + (f"?{said}" if said else "")
    response = HttpResponseRedirect(address, status=303)
    issued = proofs.issue(subscriber=subscriber, purpose=Purpose.VISIT, now=now, lives=LIVES)
    response.set_cookie(
        COOKIE,
        issued.token,
        max_age=int(LIVES.total_seconds()),
        path=door.path(_PATH),
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def visitor(request: HttpRequest, *, now: datetime) -> Subscriber | None:
    """The subscriber whose page this browser may see; None without a visit that is still good."""
    try:
        proof = proofs.look(token=request.COOKIES.get(COOKIE, ""), purpose=Purpose.VISIT, now=now)
    except LinkDead:
        return None
    here, row = pages.door(request).page, proof.subscriber
    # Where somebody signed in to one page, nothing is shown of another.
    is_theirs = not here.is_customer or row.page_id == here.pk
    return row if is_theirs and granting.may_read(row) else None


def end(request: HttpRequest, response: HttpResponse) -> None:
    """Forget the visit in this browser."""
    response.delete_cookie(COOKIE, path=pages.door(request).path(_PATH), samesite="Lax")
