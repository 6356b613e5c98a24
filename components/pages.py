"""Pages and the part of the catalogue that each shows.

Every write is one transaction, validates first (ValidationError by field, nothing saved) and marks
what visitors see dirty. Who may sign in to a customer page, and what a page is made from, is known
further up (`catalog`, `customer_pages`).
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction

from components import catalogue
from components.models import Component, Page, PageComponent, PageGroup, PageKind

GRACE = timedelta(days=30)
_ADDRESS_BYTES = 16  # 128 bits (requirement R11, decision 4)


def add(
    *,
    kind: PageKind,
    name: str,
    slug: str,
    now: datetime,
    component_ids: Collection[int] = (),
    group_ids: Collection[int] = (),
    **fields: Any,
) -> Page:
    """Add a sub-page or a customer page; the latter gets an address that nobody can guess."""
    row = Page(kind=kind, name=name, slug=slug, created_at=now, set_up_at=now, **fields)
    if kind == PageKind.CUSTOMER:
        row.address = secrets.token_urlsafe(_ADDRESS_BYTES)
    row.full_clean()
    with transaction.atomic():
        row.save(force_insert=True)
        _write_members(row, component_ids=component_ids, group_ids=group_ids)
        catalogue.mark_dirty()
    return row


def set_members(
    *, page: Page, component_ids: Collection[int], group_ids: Collection[int] = ()
) -> None:
    """Choose what a page shows: components, and whole groups with whatever they will hold."""
    with transaction.atomic():
        _write_members(page, component_ids=component_ids, group_ids=group_ids)
        catalogue.mark_dirty()


def retire(*, page: Page, now: datetime) -> None:
    """Take a page away from everybody; for 30 days it can be brought back as it was."""
    if page.is_main:
        raise ValueError("The main page cannot be retired.")
    with transaction.atomic():
        Page.objects.filter(pk=page.pk, retired_at__isnull=True).update(retired_at=now)
        catalogue.mark_dirty()
    page.refresh_from_db()


def restore(*, page: Page) -> None:
    """Bring a retired page back, with its address and its subscribers."""
    with transaction.atomic():
        Page.objects.filter(pk=page.pk).update(retired_at=None)
        catalogue.mark_dirty()
    page.refresh_from_db()


def remove(*, page: Page) -> None:
    """Remove a page for good, with its subscribers and host names."""
    if page.is_main:
        raise ValueError("The main page cannot be removed.")
    with transaction.atomic():
        Page.objects.filter(pk=page.pk).delete()
        catalogue.mark_dirty()


def overdue(*, now: datetime) -> list[Page]:
    """The pages whose 30 days are over."""
    return list(Page.objects.filter(retired_at__lte=now - GRACE))


def shown_ids(page: Page) -> frozenset[int]:
    """The visible components that a page shows."""
    return shown_by([page])[page.pk]


def shown_by(pages: Iterable[Page]) -> Mapping[int, frozenset[int]]:
    """The visible components that each of some pages shows, by the page's id, in three statements."""
    rows = list(pages)
    visible = list(Component.objects.visible().values_list("id", "group_id"))
    every = frozenset(pk for pk, _ in visible)
    by_group: dict[int | None, set[int]] = defaultdict(set)
    for pk, group_id in visible:
        by_group[group_id].add(pk)
    found: dict[int, set[int]] = defaultdict(set)
    # All rows in one go: a list of a thousand pages is longer than SQLite's parameters may be.
    for page_id, component_id in PageComponent.objects.values_list("page_id", "component_id"):
        found[page_id].add(component_id)
    for page_id, group_id in PageGroup.objects.values_list("page_id", "group_id"):
        found[page_id] |= by_group[group_id]
    return {row.pk: every if row.shows_all else every & found[row.pk] for row in rows}


def showing(component_ids: Collection[int]) -> models.QuerySet[Page]:
    """The live pages that show at least one of these components, visible or not yet."""
    ids = list(component_ids)
    if not ids:
        return Page.objects.live().filter(shows_all=True)
    by_itself = PageComponent.objects.filter(page=models.OuterRef("pk"), component_id__in=ids)
    groups = Component.objects.filter(id__in=ids, group__isnull=False).values("group_id")
    by_group = PageGroup.objects.filter(page=models.OuterRef("pk"), group_id__in=groups)
    shows = models.Exists(by_itself) | models.Exists(by_group) | models.Q(shows_all=True)
    return Page.objects.live().filter(shows)


def _write_members(
    page: Page, *, component_ids: Collection[int], group_ids: Collection[int]
) -> None:
    PageComponent.objects.filter(page=page).delete()
    PageGroup.objects.filter(page=page).delete()
    components = Component.objects.filter(id__in=list(component_ids)).values_list("id", flat=True)
    PageComponent.objects.bulk_create(
        PageComponent(page=page, component_id=pk) for pk in components
    )
    PageGroup.objects.bulk_create(PageGroup(page=page, group_id=pk) for pk in sorted(group_ids))
