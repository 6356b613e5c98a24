"""Pages and the part of the catalogue that each shows.

Every write is one transaction, validates first (ValidationError by field, nothing saved) and marks
what visitors see dirty. Who may sign in to a customer page, and what a page is made from, is known
further up (`catalog`, `customer_pages`).
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common import auditing
from components import catalogue, page_addresses
from components.models import (
    Component,
    ComponentGroup,
    Page,
    PageComponent,
    PageGroup,
    PageHost,
    PageKind,
)

Key = TypeVar("Key")

GRACE = timedelta(days=30)
_TAKEN = gettext_noop("“%(name)s” has this slug.")
_TAKEN_BY_RETIRED = gettext_noop(
    "The retired page “%(name)s” has this slug. Bring it back, or take another slug."
)
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
    row.is_demo = catalogue.page().is_demo  # history is made up for every page or for none
    if kind == PageKind.CUSTOMER:
        row.address = secrets.token_urlsafe(_ADDRESS_BYTES)
    check_slug(row)
    _check_language(row.language)
    row.full_clean()
    with transaction.atomic():
        row.save(force_insert=True)
        _write_members(row, component_ids=component_ids, group_ids=group_ids)
        catalogue.mark_dirty()
    return row


def set_up(*, name: str, slug: str, time_zone: str, language: str, now: datetime) -> Page:
    """Name the main page (A1, A2); from then on the console no longer asks for it.

    Raises ValidationError by field; nothing is changed then. Setting it up again changes the same
    fields and keeps the moment of the first time.
    """
    row = catalogue.page()
    row.slug = slug
    check_slug(row)
    _check_language(language)
    return catalogue.change_page(
        page=row,
        name=name,
        slug=slug,
        time_zone=time_zone,
        language=language,
        set_up_at=row.set_up_at or now,
    )


def change(
    *,
    page: Page,
    now: datetime,
    component_ids: Collection[int] | None = None,
    group_ids: Collection[int] | None = None,
    **fields: Any,
) -> Page:
    """Change a page's own fields and what it shows, in one transaction; None keeps what it shows.

    Raises ValidationError by field; nothing is changed then.
    """
    with transaction.atomic():
        if "slug" in fields:
            page.slug = fields["slug"]
            check_slug(page)
        _check_language(fields.get("language", page.language))
        if fields:
            catalogue.change_page(page=page, **fields)
        if component_ids is not None and not page.shows_all:
            before = _members(page)
            _write_members(page, component_ids=component_ids, group_ids=group_ids or ())
            auditing.record(subject=page, before=before, after=_members(page), now=now)
            catalogue.mark_dirty()
    return page


def check_slug(page: Page) -> None:
    """Refuse a slug that would take the address of something else; ValidationError for `slug`."""
    other = Page.objects.filter(slug=page.slug).exclude(pk=page.pk).first()
    if other is not None:
        said = _TAKEN if other.is_live else _TAKEN_BY_RETIRED
        raise ValidationError({"slug": _(said) % {"name": other.name}})
    if page.slug[2:4] == "--":
        # Browsers read such a label as an encoded name (RFC 5891, 4.2.3.1).
        raise ValidationError({"slug": _("The third and fourth character cannot both be hyphens.")})
    host = page_addresses.default_host(page)
    if not host:
        return
    if not page.is_main and host == urlsplit(settings.CANDOR_ORIGIN).hostname:
        raise ValidationError({"slug": _("%(host)s is where the main page is.") % {"host": host}})
    if (
        PageHost.objects.filter(name=host, released_at__isnull=True)
        .exclude(page_id=page.pk)
        .exists()
    ):
        raise ValidationError(
            {"slug": _("%(host)s is a custom domain of a page.") % {"host": host}}
        )


def _check_language(language: str) -> None:
    if language not in dict(settings.LANGUAGES):
        raise ValidationError({"language": _("Pages do not speak this language.")})


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
    _retire(page, now)


def restore(*, page: Page) -> None:
    """Bring a retired page back, with its address and its subscribers."""
    _retire(page, None)


def _retire(page: Page, at: datetime | None) -> None:
    """Saved row by row, so that the audit log hears of it; a second time changes nothing."""
    with transaction.atomic():
        row = Page.objects.select_for_update(of=("self",)).get(pk=page.pk)
        if (row.retired_at is None) != (at is None):
            row.retired_at = at
            row.save(update_fields=["retired_at"])
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


def remove_overdue(*, now: datetime) -> int:
    """Remove for good what was retired 30 days ago; how many pages."""
    rows = overdue(now=now)
    for row in rows:
        remove(page=row)
    return len(rows)


def shown_ids(page: Page) -> frozenset[int]:
    """The visible components that a page shows."""
    return shown_by([page])[page.pk]


def shown_by(pages: Iterable[Page]) -> Mapping[int, frozenset[int]]:
    """The visible components that each of some pages shows, by the page's id, in three statements at most."""
    rows = list(pages)
    visible = list(Component.objects.visible().values_list("id", "group_id", "only_where_chosen"))
    every = frozenset(pk for pk, _group, _restricted in visible)
    general = frozenset(pk for pk, _group, is_restricted in visible if not is_restricted)
    by_group: dict[int | None, set[int]] = defaultdict(set)
    for pk, group_id, _restricted in visible:
        by_group[group_id].add(pk)
    found: dict[int, set[int]] = defaultdict(set)
    partial = [row.pk for row in rows if not row.shows_all]
    # All rows in one go: a list of a thousand pages is longer than SQLite's parameters may be. Of one
    # page, its own alone: each request of a customer page asks.
    narrowed = {"page_id": partial[0]} if len(partial) == 1 else {}
    if partial:
        chosen = PageComponent.objects.filter(**narrowed)
        for page_id, component_id in chosen.values_list("page_id", "component_id"):
            found[page_id].add(component_id)
        groups = PageGroup.objects.filter(**narrowed)
        for page_id, group_id in groups.values_list("page_id", "group_id"):
            found[page_id] |= by_group[group_id]
    return {row.pk: general if row.shows_all else every & found[row.pk] for row in rows}


def choosing(component_ids: Collection[int]) -> models.QuerySet[Page]:
    """The live pages of some services that chose one of these components or its group."""
    chosen = PageComponent.objects.filter(
        page=models.OuterRef("pk"), component_id__in=component_ids
    )
    groups = Component.objects.filter(id__in=component_ids, group__isnull=False).values("group_id")
    by_group = PageGroup.objects.filter(page=models.OuterRef("pk"), group_id__in=groups)
    shows = models.Exists(chosen) | models.Exists(by_group)
    return Page.objects.live().filter(shows, shows_all=False)


def showing_by(sets: Mapping[Key, Collection[int]]) -> Mapping[Key, list[Page]]:
    """The live pages that show each of some sets of components, the main page first, then by name.

    What concerns none, or only hidden ones that every such page would show, is on the pages that show
    everything. One that is not there any more is nobody's. Five statements for any number of sets.
    """
    rows = sorted(Page.objects.live(), key=lambda row: (not row.is_main, row.is_customer, row.name))
    shown = shown_by(rows) if rows else {}
    hidden = Component.objects.filter(is_visible=False, only_where_chosen=False)
    nobody_s = set(hidden.values_list("id", flat=True))
    return {
        key: [
            row
            for row in rows
            if shown[row.pk] & set(ids) or (row.shows_all and nobody_s.issuperset(ids))
        ]
        for key, ids in sets.items()
    }


def members(page: Page) -> tuple[set[int], set[int]]:
    """The ids of the components, and of the groups, that were chosen for a page."""
    return (
        set(page.chosen_components.values_list("component_id", flat=True)),
        set(page.chosen_groups.values_list("group_id", flat=True)),
    )


def _members(page: Page) -> dict[str, str]:
    """What a page shows, in words for the audit log."""
    components, groups = members(page)
    names = Component.objects.filter(id__in=components).order_by("name")
    headings = ComponentGroup.objects.filter(id__in=groups).order_by("name")
    return {
        "components": ", ".join(names.values_list("name", flat=True)),
        "groups": ", ".join(headings.values_list("name", flat=True)),
    }


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
