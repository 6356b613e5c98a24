"""Announcements: dated notes at the top of pages."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from ninja import Query, Router, Schema
from pydantic import Field

from components.models import Page
from incidents import announcements
from incidents.models import Announcement, AnnouncementState
from management_api import etags, operations, paging
from management_api.guard import ApiRequest
from management_api.incident_shapes import page_id
from management_api.paging import Paging
from management_api.problems import not_found
from management_api.schemas import In, Listed, Moment, Out, RowId, left_out

router = Router(tags=["announcements"])
_SEEN: Any = {"scope": "announcements:read", "permission": "incidents.view_announcement"}
_WRITTEN = "announcements:write"
_ONE = "/announcements/{announcement_id}"
_TITLE = 200
PageRef = Annotated[str, Field(max_length=12, pattern=r"^[0-9a-z]+$")]
_PAGES = "Ids of the pages it is on; none is every page, also those that come later."


class AnnouncementOut(Out):
    """An announcement. `is_for_some`: it is on the pages named alone, else on every page.

    Pages of customers are named only to those who may know them. A page has room for the two newest.
    """

    id: int
    title: str
    text: str
    starts_at: datetime
    ends_at: datetime | None
    state: AnnouncementState
    is_for_some: bool
    pages: list[str]
    created_at: datetime


class AnnouncementIn(In):
    """A new announcement; without `starts_at` it is there at once, without `ends_at` it stays."""

    title: str = Field(min_length=1, max_length=_TITLE)
    text: str = Field(min_length=1, max_length=announcements.TEXT_LIMIT, description="Markdown.")
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    pages: list[PageRef] = Field([], max_length=1000, description=_PAGES)


class AnnouncementChange(In):
    """What is to be different; what is left out stays."""

    title: str = left_out(max_length=_TITLE)
    text: str = left_out(max_length=announcements.TEXT_LIMIT)
    starts_at: Moment = left_out()
    ends_at: Moment | None = None
    pages: list[PageRef] = left_out(list, max_length=1000, description=_PAGES)


class AnnouncementsWanted(Schema):
    """What the list is narrowed to."""

    current: bool | None = Field(None, description="Only those that are on at this moment.")


@operations.reads(router, "/announcements", gives=Listed[AnnouncementOut], **_SEEN)
def list_announcements(
    request: ApiRequest, paging_: Query[Paging], wanted: Query[AnnouncementsWanted]
) -> Listed[AnnouncementOut]:
    """List announcements, the latest first, those that are over among them."""
    rows = Announcement.objects.prefetch_related("pages")
    if wanted.current:
        rows = rows.current(now=request.now)
    there = announcements.shown_somewhere(now=request.now)
    return paging.page(
        rows, paging_, by=["-starts_at", "-id"], show=lambda row: _told(request, row, there)
    )


@operations.creates(
    router,
    "/announcements",
    scope=_WRITTEN,
    permission="incidents.add_announcement",
    gives=AnnouncementOut,
    at=lambda out: f"/announcements/{out.id}",
)
def create_announcement(request: ApiRequest, body: AnnouncementIn) -> AnnouncementOut:
    """Post an announcement; it touches no component, and no subscriber is told."""
    row = announcements.publish(
        title=body.title,
        text=body.text,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        pages=_pages_of(body.pages),
        now=request.now,
    )
    return _shown(request, row)


@operations.reads(router, _ONE, gives=AnnouncementOut, **_SEEN)
def get_announcement(request: ApiRequest, announcement_id: RowId) -> AnnouncementOut:
    """Show an announcement."""
    return _shown(request, _announcement_of(announcement_id))


@operations.changes(
    router,
    _ONE,
    scope=_WRITTEN,
    permission="incidents.change_announcement",
    gives=AnnouncementOut,
)
def change_announcement(
    request: ApiRequest, announcement_id: RowId, body: AnnouncementChange
) -> AnnouncementOut:
    """Change what an announcement says, when, and where."""
    row = _announcement_of(announcement_id, is_held=True)
    etags.check(request, _shown(request, row))
    fields: dict[str, Any] = body.given()
    pages = _pages_of(fields["pages"]) if "pages" in fields else None
    changed = announcements.change(
        announcement=row,
        title=fields.get("title", row.title),
        text=fields.get("text", row.text),
        starts_at=fields.get("starts_at", row.starts_at),
        ends_at=fields.get("ends_at", row.ends_at),
        pages=pages,
        now=request.now,
    )
    return _shown(request, _announcement_of(changed.pk))


@operations.removes(router, _ONE, scope=_WRITTEN, permission="incidents.delete_announcement")
def delete_announcement(request: ApiRequest, announcement_id: RowId) -> None:
    """Retract an announcement: it disappears from every page at once."""
    row = _announcement_of(announcement_id, is_held=True)
    etags.check(request, _shown(request, row))
    announcements.retract(announcement=row)


def _announcement_of(number: int, *, is_held: bool = False) -> Announcement:
    rows = Announcement.objects.prefetch_related("pages")
    if is_held:
        rows = rows.select_for_update(of=("self",))
    return rows.filter(pk=number).first() or not_found("announcement")


def _pages_of(public_ids: Collection[str]) -> list[Page]:
    found = {row.public_id: row for row in Page.objects.filter(public_id__in=public_ids)}
    if missing := [one for one in public_ids if one not in found]:
        raise ValidationError({"pages": f"There is no page “{missing[0]}”."})
    return list(found.values())


def _shown(request: ApiRequest, row: Announcement) -> AnnouncementOut:
    return _told(request, row, announcements.shown_somewhere(now=request.now))


def _told(request: ApiRequest, row: Announcement, there: Collection[int]) -> AnnouncementOut:
    ids = [page_id(request, page) for page in row.pages.all()]
    return AnnouncementOut(
        id=row.pk,
        title=row.title,
        text=row.text,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        state=AnnouncementState(row.state(now=request.now, shown=there)),
        is_for_some=row.is_for_some,
        pages=sorted(one for one in ids if one is not None),
        created_at=row.created_at,
    )
