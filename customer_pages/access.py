"""The one door of customer pages: which page a request may see of a customer's, and which part of it.

    grant = access.contact_page(request, address)

Every view of a customer page begins with it, or with one of its parts. Nothing is kept from one
request to the next but who signed in: the list of domains is asked each time (requirement R9).
"""

from dataclasses import dataclass

from django.http import Http404, HttpRequest

from catalog import access as catalog_access
from common import host_names
from components import page_requests, pages
from components.models import Page
from customer_pages import database_clock, sessions, tokens
from customer_pages.models import CustomerSession


class SignInNeeded(Exception):
    """Nobody is signed in to this page here."""

    def __init__(self, place: "Place") -> None:
        super().__init__()
        self.place = place


class AccessEnded(Exception):
    """Somebody is signed in, and is not on the list any more."""

    def __init__(self, place: "Place", mailbox: str) -> None:
        super().__init__()
        self.place = place
        self.mailbox = mailbox


@dataclass(frozen=True, slots=True)
class Place:
    """A live customer page and where it was asked for: `base` is the path that its links begin with.

    `base` is /p/<address> on the installation's own host, and empty under a host name of the page.
    """

    page: Page
    base: str
    host: str


@dataclass(frozen=True, slots=True)
class Grant:
    """Who may see which page, and the components that are on it; good for this request alone."""

    place: Place
    mailbox: str
    shown_ids: frozenset[int]
    session: CustomerSession | None = None

    @property
    def page(self) -> Page:
        return self.place.page

    @property
    def base(self) -> str:
        return self.place.base


def place_of(request: HttpRequest, address: str | None) -> Place:
    """The customer page that was asked for, by its address or (without one) by its own host name.

    Raises:
        Http404: there is none, or it is not live: one answer, whatever the reason (A4).
    """
    host = host_names.of_header(request.get_host())
    if address is None:
        page = page_requests.page_of(request)
        if not page.is_customer:
            raise Http404
        return Place(page=page, base="", host=host)
    if not tokens.is_short_token(address) or not page_requests.is_main_host(request):
        raise Http404
    found = Page.objects.live().customers().filter(address=address).first()
    if found is None:
        raise Http404
    return Place(page=found, base=f"/p/{address}", host=host)


def contact_page(request: HttpRequest, address: str | None) -> Grant:
    """What the signed-in person of this request may see.

    Raises:
        Http404: there is no such page.
        SignInNeeded: nobody is signed in to it in this browser, under this host name.
        AccessEnded: they are, and their domain is not on the list (any more).
    """
    place = place_of(request, address)
    session = sessions.current(
        page=place.page,
        host=place.host,
        key=request.COOKIES.get(sessions.cookie_name(place.page), ""),
        now=database_clock.now(),
    )
    if session is None:
        raise SignInNeeded(place)
    if not lets_in(page_id=place.page.pk, mailbox=session.mailbox):
        raise AccessEnded(place, session.mailbox)
    return grant(place, session.mailbox, session=session)


def grant(place: Place, mailbox: str, *, session: CustomerSession | None = None) -> Grant:
    """The grant of somebody who was let in; the caller has asked `lets_in`."""
    return Grant(
        place=place,
        mailbox=mailbox,
        shown_ids=pages.shown_ids(place.page),
        session=session,
    )


def lets_in(*, page_id: int, mailbox: str) -> bool:
    """Whether the entry behind a page lists this mailbox (as `str(Mailbox)`) or its domain, now."""
    return catalog_access.lets_in(catalog_access.listed(page_id), mailbox)
