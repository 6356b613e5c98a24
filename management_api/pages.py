"""Pages: the main one and sub-pages. Customer pages have a resource of their own."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from ninja import Query, Router
from pydantic import Field

from catalog.models import EntryPage
from components import catalogue, claims, page_addresses, pages
from components.models import Component, ComponentGroup, Page, PageComponent, PageGroup, PageKind
from management_api import etags, naming, operations, paging
from management_api.guard import ApiRequest
from management_api.paging import Paging
from management_api.problems import conflict, not_found
from management_api.schemas import In, Listed, Name, Out, PublicId, left_out

router = Router(tags=["page"])
_SEEN: Any = {"scope": "page:read", "permission": "components.view_page"}
_CHANGED: Any = {"scope": "page:write", "permission": "components.change_page"}
_RETIRED: Any = {"scope": "page:write", "permission": "components.delete_page"}
_WEIGHTS = (
    "major_outage_weight",
    "partial_outage_weight",
    "degraded_performance_weight",
    "under_maintenance_weight",
)
# Of the whole installation: they stand on the main page.
_SWITCHES = ("maintenance_hides_monitors", "tells_status_changes")
_API_SWITCHES = ("v2_tells_maintenance", "v2_counts_incidents")
PageSlug = Annotated[str, Field(min_length=1, max_length=40, examples=["eu"])]
Language = Annotated[str, Field(max_length=16, examples=["en"])]
Zone = Annotated[str, Field(min_length=1, max_length=64, examples=["Europe/Paris"])]
Weight = Annotated[float, Field(ge=0, le=1, description="With at most three decimals.")]
Ids = Annotated[list[str], Field(max_length=1000)]


class PageOut(Out):
    """A page. One that `shows_all` lists no components; weights say what counts as down, 0 to 1."""

    id: str
    kind: PageKind
    name: str
    slug: str
    url: str
    language: str
    time_zone: str
    shows_all: bool
    component_ids: list[str]
    group_ids: list[str]
    major_outage_weight: float
    partial_outage_weight: float
    degraded_performance_weight: float
    under_maintenance_weight: float
    v2_tells_maintenance: bool
    v2_counts_incidents: bool
    created_at: datetime | None
    retired_at: datetime | None


class MainPageOut(PageOut):
    """The main page, with the switches of the whole installation."""

    is_set_up: bool
    maintenance_hides_monitors: bool
    tells_status_changes: bool


class _Fields(In):
    language: Language = left_out(lambda: "en")
    time_zone: Zone = left_out(lambda: "UTC")
    major_outage_weight: Weight = left_out(lambda: 1.0)
    partial_outage_weight: Weight = left_out(lambda: 1.0)
    degraded_performance_weight: Weight = left_out(lambda: 0.0)
    under_maintenance_weight: Weight = left_out(lambda: 0.0)


class MainPageChange(_Fields):
    """What is to be different; what is left out stays. A name sets up a page that had none yet."""

    name: Name = left_out()
    slug: PageSlug = left_out()
    v2_tells_maintenance: bool = left_out(bool)
    v2_counts_incidents: bool = left_out(bool)
    maintenance_hides_monitors: bool = left_out(bool)
    tells_status_changes: bool = left_out(bool)


class PageIn(_Fields):
    """A new sub-page; what is left out is as on the main page."""

    name: Name
    slug: PageSlug
    component_ids: Ids = left_out(list)
    group_ids: Ids = left_out(list, description="Each with whatever is put into it later.")


class PageChange(_Fields):
    """What is to be different; what is left out stays."""

    name: Name = left_out()
    slug: PageSlug = left_out()
    v2_tells_maintenance: bool = left_out(bool)
    v2_counts_incidents: bool = left_out(bool)
    component_ids: Ids = left_out(list)
    group_ids: Ids = left_out(list, description="Each with whatever is put into it later.")


class PageFilter(Paging):
    """Which pages: those that answer, or the retired ones."""

    retired: bool = False


@operations.reads(router, "/page", gives=MainPageOut, **_SEEN)
def get_main_page(request: ApiRequest) -> MainPageOut:
    """Show the main page."""
    del request
    return _main(catalogue.page())


@operations.changes(router, "/page", gives=MainPageOut, **_CHANGED)
def change_main_page(request: ApiRequest, body: MainPageChange) -> MainPageOut:
    """Change the main page, or the switches of the whole installation."""
    row = Page.objects.select_for_update(of=("self",)).get(pk=catalogue.page().pk)
    etags.check(request, _main(row))
    fields = _columns(body.given())
    if row.set_up_at is None and "name" in fields:
        named = {
            name: fields.pop(name, getattr(row, name))
            for name in ("name", "slug", "time_zone", "language")
        }
        row = pages.set_up(now=request.now, **named)
    switches = {name: fields.pop(name) for name in _SWITCHES if name in fields}
    if fields:
        pages.change(page=row, now=request.now, **fields)
    if switches:
        claims.change_page(page=row, now=request.now, **switches)
    return _main(catalogue.page())


@operations.reads(router, "/pages", gives=Listed[PageOut], **_SEEN)
def list_pages(request: ApiRequest, wanted: Query[PageFilter]) -> Listed[PageOut]:
    """List the main page and sub-pages. Customer pages have a list of their own."""
    del request
    rows = Page.objects.exclude(kind=PageKind.CUSTOMER).filter(
        retired_at__isnull=not wanted.retired
    )
    return paging.page_of(rows, wanted, by=["name", "id"], show=_told)


@operations.creates(
    router,
    "/pages",
    scope="page:write",
    permission="components.add_page",
    gives=PageOut,
    at=lambda out: f"/pages/{out.id}",
)
def create_page(request: ApiRequest, body: PageIn) -> PageOut:
    """Add a sub-page: a public page of some components, with subscribers of its own."""
    main = catalogue.page()
    given = {name: getattr(main, name) for name in ("language", "time_zone", *_WEIGHTS)}
    fields, members = _split(given | body.given())
    row = pages.add(kind=PageKind.SUB, now=request.now, **fields, **members)
    return _shown(row)


@operations.reads(router, "/pages/{page_id}", gives=PageOut, **_SEEN)
def get_page(request: ApiRequest, page_id: PublicId) -> PageOut:
    """Show the main page or a sub-page."""
    del request
    return _shown(_page(page_id))


@operations.changes(router, "/pages/{page_id}", gives=PageOut, **_CHANGED)
def change_page(request: ApiRequest, page_id: PublicId, body: PageChange) -> PageOut:
    """Change the main page or a sub-page. What a page shows that the catalog made is said there."""
    row = _page(page_id, is_held=True)
    etags.check(request, _shown(row))
    given = body.given()
    if row.shows_all and given.keys() & {"component_ids", "group_ids"}:
        conflict("This page shows every component; there is nothing to choose.")
    if given.keys() & {"name", "component_ids", "group_ids"}:
        _refuse_made(row)
    if given.keys() & {"component_ids", "group_ids"}:
        before = _shown(row)
        given = {"component_ids": before.component_ids, "group_ids": before.group_ids} | given
    fields, members = _split(given)
    return _shown(pages.change(page=row, now=request.now, **fields, **members))


@operations.acts(router, "/pages/{page_id}/retire", gives=PageOut, **_RETIRED)
def retire_page(request: ApiRequest, page_id: PublicId) -> PageOut:
    """Take a sub-page away from everybody; for 30 days it can be brought back as it was."""
    row = _sub_page(request, page_id)
    pages.retire(page=row, now=request.now)
    return _shown(row)


@operations.acts(router, "/pages/{page_id}/restore", gives=PageOut, **_RETIRED)
def restore_page(request: ApiRequest, page_id: PublicId) -> PageOut:
    """Bring a retired sub-page back, with its address and its subscribers."""
    row = _sub_page(request, page_id)
    pages.restore(page=row)
    return _shown(row)


def _sub_page(request: ApiRequest, page_id: str) -> Page:
    """A page that somebody may retire, held."""
    row = _page(page_id, is_held=True)
    etags.check(request, _shown(row))
    if row.is_main:
        conflict("The main page is always there.")
    _refuse_made(row)
    return row


def _refuse_made(row: Page) -> None:
    """Leave to the catalog what it says of the pages that are made from its entries."""
    if EntryPage.objects.filter(page=row, source__ended_at__isnull=True).exists():
        conflict("This page is made from an entry of the catalog. Change the entry.")


def _page(page_id: str, *, is_held: bool = False) -> Page:
    rows = Page.objects.exclude(kind=PageKind.CUSTOMER)
    if is_held:
        rows = rows.select_for_update(of=("self",))
    return rows.filter(public_id=page_id).first() or not_found("page")


def _columns(given: dict[str, Any]) -> dict[str, Any]:
    """Fields of a body as columns: weights are exact there."""
    return {
        name: Decimal(str(value)) if name in _WEIGHTS else value for name, value in given.items()
    }


def _split(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns of a page, and what it shows, of which the latter may be missing."""
    members: dict[str, Any] = {}
    if "component_ids" in given:
        named: Collection[str] = given.pop("component_ids")
        members["component_ids"] = naming.ids_of(
            Component.objects.all(), named, field="component_ids"
        )
    if "group_ids" in given:
        named = given.pop("group_ids")
        members["group_ids"] = naming.ids_of(ComponentGroup.objects.all(), named, field="group_ids")
    return _columns(given), members


def _main(row: Page) -> MainPageOut:
    return MainPageOut(
        **_shown(row).model_dump(),
        is_set_up=row.set_up_at is not None,
        **{name: getattr(row, name) for name in _SWITCHES},
    )


def _shown(row: Page) -> PageOut:
    return _told([row])[0]


def _told(rows: Collection[Page]) -> list[PageOut]:
    """Pages with their addresses and what they show, in a fixed number of statements."""
    addresses = page_addresses.canonical_by(rows)
    keys = [row.pk for row in rows]
    chosen = _public_ids(PageComponent, keys, "component")
    groups = _public_ids(PageGroup, keys, "group")
    return [
        PageOut(
            id=row.public_id,
            kind=PageKind(row.kind),
            url=addresses[row.pk].home,
            component_ids=chosen.get(row.pk, []),
            group_ids=groups.get(row.pk, []),
            **{name: getattr(row, name) for name in (*_PLAIN, *_API_SWITCHES, *_WEIGHTS)},
        )
        for row in rows
    ]


_PLAIN = ("name", "slug", "language", "time_zone", "shows_all", "created_at", "retired_at")


def _public_ids(model: Any, page_ids: Collection[int], name: str) -> dict[int, list[str]]:
    """The public ids of what was chosen for each of some pages."""
    found: dict[int, list[str]] = {}
    rows = model.objects.filter(page__in=page_ids).order_by("id")
    for page_id, public_id in rows.values_list("page_id", f"{name}__public_id"):
        found.setdefault(page_id, []).append(public_id)
    return found
