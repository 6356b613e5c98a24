"""What operators see of customer pages: whose each is, who may open it, who has (requirement R12)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page as Sheet
from django.core.paginator import Paginator
from django.db.models import Count, Max, Q

from catalog import access as catalog_access
from catalog.access import Listed
from catalog.models import EntryPage
from components import page_addresses, pages
from components.models import Component, Page
from customer_pages.models import CustomerSession, ReaderToken

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A customer page in the list."""

    page: Page
    address: str
    listed: Listed
    services: int
    people: int
    seen_at: datetime | None

    @property
    def entries(self) -> list[str]:
        """Domains and single addresses that it lets in."""
        return sorted(self.listed.domains) + sorted(self.listed.addresses)

    @property
    def is_closed(self) -> bool:
        """Whether nobody is let in."""
        return self.listed.is_empty


@dataclass(frozen=True, slots=True)
class Person:
    """A mailbox that signed in, and what is open of it now."""

    mailbox: str
    is_let_in: bool
    seen_at: datetime
    sessions: tuple[CustomerSession, ...]


def sheet(*, text: str, number: str) -> Sheet[Page]:
    """One sheet of the live customer pages whose name has this text."""
    rows = Page.objects.live().customers()
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(slug__icontains=text))
    return Paginator(rows.order_by("name", "id"), PAGE_SIZE).get_page(number)


def lines(some: Sequence[Page]) -> list[Line]:
    """Pages as lines of the list, with a fixed number of queries."""
    addresses = page_addresses.canonical_by(some)
    lists = catalog_access.listed_by([page.pk for page in some])
    shown = pages.shown_by(some)
    seen = _seen(some)
    return [
        Line(
            page=page,
            address=addresses[page.pk].home,
            listed=lists[page.pk],
            services=len(shown[page.pk]),
            people=seen.get(page.pk, (0, None))[0],
            seen_at=seen.get(page.pk, (0, None))[1],
        )
        for page in some
    ]


def entry_id(page: Page) -> int | None:
    """The catalog entry that a page is made from, where its list is kept."""
    return EntryPage.objects.filter(page=page).values_list("entry_id", flat=True).first()


def services(page: Page) -> list[Component]:
    """The services that a page shows, in page order."""
    return list(Component.objects.visible().in_page_order().filter(id__in=pages.shown_ids(page)))


def people(page: Page, listed: Listed, *, now: datetime, at_most: int = 200) -> list[Person]:
    """Who signed in to a page, seen last first, with the sessions that are open."""
    by_mailbox: dict[str, list[CustomerSession]] = {}
    rows = CustomerSession.objects.filter(page=page).order_by("-seen_at", "-id")[: at_most * 5]
    for row in rows:
        by_mailbox.setdefault(row.mailbox, []).append(row)
    open_ids = set(
        CustomerSession.objects.open(now=now).filter(page=page).values_list("id", flat=True)
    )
    return [
        Person(
            mailbox=mailbox,
            is_let_in=catalog_access.lets_in(listed, mailbox),
            seen_at=found[0].seen_at,
            sessions=tuple(row for row in found if row.pk in open_ids),
        )
        for mailbox, found in list(by_mailbox.items())[:at_most]
    ]


def readers(page: Page) -> list[ReaderToken]:
    """The addresses that programs read a page by, the newest first."""
    rows = ReaderToken.objects.filter(page=page, revoked_at__isnull=True)
    return list(rows.order_by("-id")[:200])


def _seen(some: Sequence[Page]) -> Mapping[int, tuple[int, datetime | None]]:
    rows = CustomerSession.objects.filter(page__in=[page.pk for page in some]).values("page")
    found = rows.annotate(people=Count("mailbox", distinct=True), seen=Max("seen_at")).order_by()
    return {pk: (count, at) for pk, count, at in found.values_list("page", "people", "seen")}
