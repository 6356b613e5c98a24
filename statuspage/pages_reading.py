"""All reads for the console's screens of pages: the list, one page, where each is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.paginator import Page as Sheet
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts import roles
from components import page_addresses, pages
from components.models import Component, ComponentGroup, Page, PageKind
from components.models.pages import PageQuerySet
from subscribers import operators_list

PAGE_SIZE = 50
STATES = [
    ("live", gettext_lazy("Live")),
    ("retired", gettext_lazy("Retired")),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRow:
    """One line of the list. `code` is the icon of the state; `until` when a retired page goes."""

    page: Page
    kind: str
    address: str
    services: int
    subscribers: int
    code: str
    state: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the list is narrowed to."""

    text: str = ""
    kind: str = ""
    state: str = "live"

    @property
    def is_filter(self) -> bool:
        return self != Wanted()

    @property
    def query(self) -> str:
        asked = QueryDict(mutable=True)
        asked.update({"q": self.text, "kind": self.kind, "state": self.state})
        return asked.urlencode()


def open_to(user: Any) -> PageQuerySet:
    """The pages that somebody may look at: who customers are is not for everybody."""
    rows = Page.objects.all()
    return rows if user.has_perm(roles.CUSTOMERS) else rows.exclude(kind=PageKind.CUSTOMER)


def kinds(user: Any) -> list[tuple[str, Any]]:
    """The kinds that the list can be narrowed to."""
    may_see = user.has_perm(roles.CUSTOMERS)
    return [one for one in PageKind.choices if may_see or one[0] != PageKind.CUSTOMER]


def wanted(asked: QueryDict) -> Wanted:
    """What the address of the list asks for; what is not offered counts as nothing."""
    kind, state = asked.get("kind", ""), asked.get("state", "live")
    return Wanted(
        text=asked.get("q", "").replace("\0", "")[:100].strip(),
        kind=kind if kind in PageKind.values else "",
        state=state if state in dict(STATES) else "live",
    )


def sheet(*, open_rows: PageQuerySet, wanted: Wanted, number: str) -> Sheet[Page]:
    """One sheet of the list, the main page first; a sheet that does not exist is the nearest one."""
    rows = open_rows.filter(retired_at__isnull=wanted.state == "live")
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.text:
        found = Q(name__icontains=wanted.text) | Q(slug__icontains=wanted.text)
        rows = rows.filter(found | Q(hosts__name__icontains=wanted.text)).distinct()
    return Paginator(rows.order_by("-shows_all", "name", "id"), PAGE_SIZE).get_page(number)


def rows(some: Sequence[Page]) -> list[PageRow]:
    """Pages as lines of the list, with a fixed number of queries."""
    addresses = page_addresses.canonical_by(some)
    shown = pages.shown_by(some)
    told = operators_list.counts_by_page()
    return [
        PageRow(
            page=page,
            kind=str(PageKind(page.kind).label),
            address=addresses[page.pk].home,
            services=len(shown[page.pk]),
            subscribers=told.get(page.pk, 0),
            code=state_code(page),
            state=state_word(page),
            until=gone_at(page),
        )
        for page in some
    ]


def state_code(page: Page) -> str:
    """The icon beside the word."""
    if not page.is_live:
        return "un"
    return "op" if page.set_up_at else "de"


def state_word(page: Page) -> str:
    """Where a page stands, in a word or two."""
    if not page.is_live:
        return pgettext("a page", "Retired")
    return _("Live") if page.set_up_at else _("Not set up")


def gone_at(page: Page) -> datetime | None:
    """When a retired page is removed for good."""
    return page.retired_at + pages.GRACE if page.retired_at else None


def days_left(page: Page, *, now: datetime) -> int:
    """The days in which a retired page can still be brought back, begun ones counted."""
    until = gone_at(page)
    return -((now - until) // timedelta(days=1)) if until and until > now else 0


def address_lines(page: Page) -> list[str]:
    """Where a page answers, the address that links use first."""
    found = [page_addresses.canonical(page).home, page_addresses.default(page).home]
    if page.is_main and (host := page_addresses.default_host(page)):
        found.append(f"{page_addresses.with_host(host)}/")
    return list(dict.fromkeys(found))


def default_address(*, slug: str, page: Page | None) -> str:
    """The address that a page gets by its slug; for `page` None, a new sub-page."""
    row = Page(slug=slug)  # a sub-page, unless told otherwise
    if page is not None:
        row.pk, row.kind, row.address = page.pk, page.kind, page.address
    if row.is_main and (host := page_addresses.default_host(row)):
        return f"{page_addresses.with_host(host)}/"
    return page_addresses.default(row).home


def has_service_domain() -> bool:
    """Whether slugs become host names."""
    return bool(settings.CANDOR_SERVICE_DOMAIN)


def component_choices() -> list[tuple[int, str]]:
    """Every component as a choice, in the order of the page; its group stands in front."""
    found = Component.objects.select_related("group").in_page_order()
    return [(row.pk, _named(row)) for row in found]


def group_choices() -> list[tuple[int, str]]:
    """Every group as a choice, in the order of the page."""
    return [(row.pk, row.name) for row in ComponentGroup.objects.order_by("position", "name")]


def _named(row: Component) -> str:
    name = f"{row.group.name}: {row.name}" if row.group else row.name
    return name if row.is_visible else _("%(name)s (hidden)") % {"name": name}
