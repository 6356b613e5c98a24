"""What else the console has about a page: where it comes from, and the screens of other apps."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils.translation import gettext as _

from catalog.models import EntryPage
from components.models import Page

User = AbstractBaseUser | AnonymousUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link to another screen."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The entry of the catalog that says what a page is called, what it shows, and in which zone."""

    name: str
    url: str
    says_zone: bool


def source_of(page: Page) -> Source | None:
    """Where a page comes from; None for one that people look after by hand."""
    rows = EntryPage.objects.filter(page=page, source__ended_at__isnull=True)
    made = rows.select_related("entry__type", "source").first()
    if made is None:
        return None
    return Source(
        name=f"{made.entry.type.name}: {made.entry.name}",
        url=reverse("admin:catalog_entry", args=[made.entry_id]),
        says_zone=made.source.time_zone_id is not None,
    )


def of_page(page: Page, user: User) -> list[Link]:
    """The screens about one page that somebody may open."""
    own = [page.pk]
    found = [
        (_("Branding"), "branding.change_brand", "branding_page", own),
        (_("Custom domains"), "components.view_pagehost", "domains", []),
    ]
    if page.is_live and not page.is_customer:
        found.insert(0, (_("Embed"), "components.view_page", "page_embed", own))
    if page.is_customer:
        may_look = "customer_pages.view_customersession"
        found.insert(0, (_("Access and people"), may_look, "customer_page", own))
    return list(_allowed(found, user))


def of_list(user: User) -> list[Link]:
    """The screens beside the list that somebody may open."""
    make = _("Create pages from the catalog")
    return list(_allowed([(make, "catalog.change_pagesource", "catalog_pages_add", [])], user))


def _allowed(found: Iterable[tuple[str, str, str, list[int]]], user: Any) -> Iterable[Link]:
    for label, permission, view, args in found:
        if user.has_perm(permission):
            yield Link(label=label, url=reverse(f"admin:{view}", args=args))
