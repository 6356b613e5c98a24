"""Who has opened a link of ours in this browser, for half an hour: a proof in a cookie (C2, D2).

No session of ours: the cookie is sent to the pages of subscriptions only, and ends with the
subscription.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from subscribers import proofs
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
    del request
    address = reverse("subscribers:mine") + (f"?{said}" if said else "")
    response = HttpResponseRedirect(address, status=303)
    issued = proofs.issue(subscriber=subscriber, purpose=Purpose.VISIT, now=now, lives=LIVES)
    response.set_cookie(
        COOKIE,
        issued.token,
        max_age=int(LIVES.total_seconds()),
        path=_PATH,
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
    return proof.subscriber


def end(response: HttpResponse) -> None:
    """Forget the visit in this browser."""
    response.delete_cookie(COOKIE, path=_PATH, samesite="Lax")
