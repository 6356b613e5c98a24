"""Many pages made, changed, retired and brought back with a few statements: for pages made from a list.

What `components.pages` does to one page is done here to a thousand; the caller has the transaction
and checked names and time zones, writes the audit log, and the pages are neither the main one nor
shown whole.
"""

import re
import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils.text import slugify

from common import rows
from components import catalogue
from components.models import Component, Page, PageComponent, PageHost, PageKind

Row = TypeVar("Row", bound=models.Model)

_CHUNK = 500
_TRIES = 5
_SLUG_MAX = 40
_AS_ON_MAIN = (
    "language",
    "is_demo",
    "partial_outage_weight",
    "major_outage_weight",
    "degraded_performance_weight",
    "under_maintenance_weight",
)
_ADDRESS_BYTES = 16  # 128 bits (requirement R11, decision 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A page as it shall be; `slug` is only a wish, and only for a new one.

    Without a time zone a page keeps its own, and a new one has that of the main page.
    """

    name: str
    slug: str = ""
    component_ids: frozenset[int] = frozenset()
    time_zone: str = ""


def add(*, kind: PageKind, wanted: Sequence[Wanted], now: datetime) -> list[Page]:
    """Add pages in the order given; slugs that are taken get a number.

    What is not wanted otherwise is as on the main page: language, time zone, and how uptime counts.
    """
    if not wanted:
        return []
    made = _insert(kind, wanted, now)
    known = set(Component.objects.values_list("id", flat=True))
    _create_members(
        (page.pk, pk)
        for page, one in zip(made, wanted, strict=True)
        for pk in sorted(one.component_ids & known)
    )
    catalogue.mark_dirty()
    return made


def change(*, wanted: Mapping[int, Wanted]) -> list[int]:
    """Bring pages, named by their ids, to what is wanted; the ids of those that changed."""
    if not wanted:
        return []
    stored = _of(Page.objects.all(), "id", wanted).values_list("id", "name", "time_zone")
    after = [
        ((pk, name, zone), (pk, wanted[pk].name, wanted[pk].time_zone or zone))
        for pk, name, zone in stored
        if pk in wanted
    ]
    renamed = [
        {"id": pk, "name": name, "time_zone": zone}
        for before, (pk, name, zone) in after
        if before != (pk, name, zone)
    ]
    rows.update(Page, renamed)
    changed = {int(str(row["id"])) for row in renamed} | _change_members(wanted)
    if changed:
        catalogue.mark_dirty()
    return sorted(changed)


def retire(*, page_ids: Collection[int], now: datetime) -> int:
    """Take pages away from everybody for 30 days, then for good; how many were there."""
    return _retire(page_ids, now)


def restore(*, page_ids: Collection[int]) -> int:
    """Bring retired pages back with their addresses and subscribers; how many."""
    return _retire(page_ids, None)


def remove(*, page_ids: Collection[int]) -> None:
    """Remove pages for good, with subscribers and host names."""
    for chunk in _chunks(page_ids):
        Page.objects.filter(id__in=chunk, kind__in=[PageKind.SUB, PageKind.CUSTOMER]).delete()
    if page_ids:
        catalogue.mark_dirty()


def _retire(page_ids: Collection[int], at: datetime | None) -> int:
    count = 0
    for chunk in _chunks(page_ids):
        found = Page.objects.filter(id__in=chunk, retired_at__isnull=at is not None)
        count += found.exclude(kind=PageKind.PUBLIC).update(retired_at=at)
    if count:
        catalogue.mark_dirty()
    return count


def _change_members(wanted: Mapping[int, Wanted]) -> set[int]:
    """Give pages exactly the components that are wanted; the ids of pages where that changed any."""
    known = set(Component.objects.values_list("id", flat=True))
    stored: dict[int, dict[int, int]] = defaultdict(dict)
    rows_of = _of(PageComponent.objects.all(), "page_id", wanted)
    for pk, page_id, component_id in rows_of.values_list("id", "page_id", "component_id"):
        if page_id in wanted:
            stored[page_id][component_id] = pk
    extra = [
        (page_id, pk)
        for page_id, members in stored.items()
        for component_id, pk in members.items()
        if component_id not in wanted[page_id].component_ids
    ]
    missing = [
        (page_id, component_id)
        for page_id, one in wanted.items()
        for component_id in sorted((one.component_ids & known) - stored[page_id].keys())
    ]
    for chunk in _chunks([pk for _page, pk in extra]):
        PageComponent.objects.filter(id__in=chunk).delete()
    _create_members(missing)
    return {page_id for page_id, _other in [*extra, *missing]}


def _insert(kind: PageKind, wanted: Sequence[Wanted], now: datetime) -> list[Page]:
    """The rows of new pages; slugs that others take at the same moment are left to them."""
    main = catalogue.page()
    alike = {name: getattr(main, name) for name in _AS_ON_MAIN}
    for left in reversed(range(_TRIES)):
        slugs = _free_slugs([one.slug or one.name for one in wanted])
        made = [
            Page(
                kind=kind,
                name=one.name,
                slug=slug,
                time_zone=one.time_zone or main.time_zone,
                address=_address(kind),
                created_at=now,
                set_up_at=now,
                **alike,
            )
            for one, slug in zip(wanted, slugs, strict=True)
        ]
        try:
            with transaction.atomic():
                return Page.objects.bulk_create(made, batch_size=_CHUNK)
        except IntegrityError:
            if not left:
                raise
    raise AssertionError


def _of(rows_: "models.QuerySet[Row]", column: str, ids: Collection[int]) -> "models.QuerySet[Row]":
    """The rows of some pages; all rows for many, whose list is longer than SQLite's parameters may be."""
    return rows_.filter(**{f"{column}__in": list(ids)}) if len(ids) <= _CHUNK else rows_


def _create_members(pairs: Iterable[tuple[int, int]]) -> None:
    PageComponent.objects.bulk_create(
        [PageComponent(page_id=page_id, component_id=pk) for page_id, pk in pairs],
        batch_size=_CHUNK,
    )


def _address(kind: PageKind) -> str | None:
    return secrets.token_urlsafe(_ADDRESS_BYTES) if kind == PageKind.CUSTOMER else None


def _free_slugs(wishes: Sequence[str]) -> list[str]:
    taken = set(Page.objects.values_list("slug", flat=True)) | _taken_labels()
    found = []
    for wish in wishes:
        # Two hyphens in the third and fourth place would be read as an encoded name (RFC 5891).
        base = re.sub("-+", "-", slugify(wish).replace("_", "-"))[:_SLUG_MAX].strip("-") or "page"
        slug, number = base, 1
        while slug in taken:
            number += 1
            end = f"-{number}"
            slug = base[: _SLUG_MAX - len(end)].rstrip("-") + end
        taken.add(slug)
        found.append(slug)
    return found


def _taken_labels() -> set[str]:
    """The names below the service domain that lead elsewhere: the main page's, and custom domains."""
    domain: str = settings.CANDOR_SERVICE_DOMAIN
    if not domain:
        return set()
    main = urlsplit(settings.CANDOR_ORIGIN).hostname or ""
    names = PageHost.objects.filter(released_at__isnull=True).values_list("name", flat=True)
    return {name.removesuffix(f".{domain}") for name in [main, *names] if name.endswith(domain)}


def _chunks(ids: Collection[int]) -> Iterable[list[int]]:
    every = list(ids)
    for start in range(0, len(every), _CHUNK):
        yield every[start : start + _CHUNK]
