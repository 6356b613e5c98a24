"""The map of host names and slugs as the database has it; the publisher writes it with `hosts.write`."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings

from components import page_addresses
from components.models import Page, PageHost
from public_pages.hosts import MAIN, HostMap, Place, State


def current() -> HostMap:
    """Read it, in two statements whatever the number of pages.

    A retired page keeps its names and answers that it is gone; a retired customer page has none, so
    that nobody can tell it from one that never was. A name of the main host itself is no page's.
    """
    pages = {page.pk: page for page in Page.objects.all()}
    main_host = urlsplit(settings.CANDOR_ORIGIN).hostname or ""
    found: dict[str, Place] = {}
    slugs: dict[str, Place] = {}
    for page in pages.values():
        if page.is_customer:
            continue
        if host := page_addresses.default_host(page):
            found[host] = _place(page)
        if not page.is_main:
            slugs[page.slug] = _place(page, origin=page_addresses.with_host(host) if host else "")
    found |= _own(pages)
    found.pop(main_host, None)
    return HostMap(hosts=found, slugs=slugs)


def _own(pages: Mapping[int, Page]) -> dict[str, Place]:
    """The names that customers brought."""
    rows = PageHost.objects.filter(is_active=True, page__isnull=False).order_by("id")
    found = {}
    for name, page_id in rows.values_list("name", "page_id"):
        page = pages.get(page_id or 0)
        if page is not None and (page.is_live or not page.is_customer):
            found[name] = _place(page)
    return found


def _place(page: Page, *, origin: str = "") -> Place:
    if page.is_main:
        return MAIN
    if not page.is_live:
        return Place(page.pk, State.GONE)
    return Place(page.pk, State.DYNAMIC if page.is_customer else State.PUBLISHED, origin)
