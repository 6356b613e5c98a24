"""Customer pages: whose each is, whom it lets in, who is signed in. Made and filled by the catalog."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from ninja import Query, Router
from pydantic import Field

from components.models import Page
from customer_pages import listing, sessions
from customer_pages.models import CustomerSession
from management_api import operations, paging
from management_api.guard import ApiRequest
from management_api.paging import Paging
from management_api.problems import not_found
from management_api.schemas import Listed, Out, PublicId, RowId

router = Router(tags=["customer pages"])
# Who the customers are is told to those who may see it on the console.
_SEEN: Any = {
    "scope": "customer_pages:read",
    "permission": "customer_pages.view_customersession",
}
_ENDED: Any = {
    "scope": "customer_pages:write",
    "permission": "customer_pages.change_customersession",
}


class CustomerPageOut(Out):
    """A customer page. `domains` and `addresses` are whom it lets in; nobody, when both are empty."""

    id: str
    name: str
    url: str
    domains: list[str]
    addresses: list[str]
    services: int
    people: int
    last_seen_at: datetime | None


class CustomerPageFilter(Paging):
    """What to narrow the list to."""

    q: str = Field("", max_length=100, pattern=r"^[^\x00]*$", description="Part of the name.")


class SessionOut(Out):
    """Somebody signed in to a page, in one browser."""

    id: int
    mailbox: str
    signed_in_at: datetime
    last_seen_at: datetime


class EndedOut(Out):
    """How many sessions were ended."""

    ended: int


@operations.reads(router, "/customer-pages", gives=Listed[CustomerPageOut], **_SEEN)
def list_customer_pages(
    request: ApiRequest, wanted: Query[CustomerPageFilter]
) -> Listed[CustomerPageOut]:
    """List customer pages by name."""
    del request
    rows = _rows()
    if text := wanted.q.strip():
        rows = rows.filter(Q(name__icontains=text) | Q(slug__icontains=text))
    return paging.page_of(rows, wanted, by=["name", "id"], show=_told)


@operations.reads(router, "/customer-pages/{page_id}", gives=CustomerPageOut, **_SEEN)
def get_customer_page(request: ApiRequest, page_id: PublicId) -> CustomerPageOut:
    """Show a customer page."""
    del request
    return _told([_row(page_id)])[0]


@operations.reads(router, "/customer-pages/{page_id}/sessions", gives=Listed[SessionOut], **_SEEN)
def list_sessions(
    request: ApiRequest, page_id: PublicId, paging_: Query[Paging]
) -> Listed[SessionOut]:
    """List the open sessions of a customer page, the newest first."""
    rows = CustomerSession.objects.open(now=request.now).filter(page=_row(page_id))
    return paging.page(rows, paging_, by=["-id"], show=_session)


@operations.acts(
    router,
    "/customer-pages/{page_id}/sessions/end",
    gives=EndedOut,
    **_ENDED,
    has_etag=False,
)
def end_sessions(request: ApiRequest, page_id: PublicId) -> EndedOut:
    """End every open session of a customer page."""
    rows = CustomerSession.objects.open(now=request.now).filter(page=_row(page_id))
    return EndedOut(ended=sessions.end_by_operator(sessions=list(rows), now=request.now))


@operations.removes(
    router,
    "/customer-pages/{page_id}/sessions/{session_id}",
    **_ENDED,
    has_etag=False,
)
def delete_session(request: ApiRequest, page_id: PublicId, session_id: RowId) -> None:
    """End a session: its next request has to sign in anew."""
    rows = CustomerSession.objects.open(now=request.now).filter(page=_row(page_id), pk=session_id)
    if not sessions.end_by_operator(sessions=list(rows), now=request.now):
        not_found("open session")


def _rows() -> "QuerySet[Page]":
    return Page.objects.live().customers()


def _row(public_id: str) -> Page:
    return _rows().filter(public_id=public_id).first() or not_found("customer page")


def _told(rows: Sequence[Page]) -> list[CustomerPageOut]:
    return [
        CustomerPageOut(
            id=line.page.public_id,
            name=line.page.name,
            url=line.address,
            domains=sorted(line.listed.domains),
            addresses=sorted(line.listed.addresses),
            services=line.services,
            people=line.people,
            last_seen_at=line.seen_at,
        )
        for line in listing.lines(rows)
    ]


def _session(row: CustomerSession) -> SessionOut:
    return SessionOut(
        id=row.pk, mailbox=row.mailbox, signed_in_at=row.created_at, last_seen_at=row.seen_at
    )
