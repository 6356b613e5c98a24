"""What tests of the catalog start from: customers with components and domains, and their pages."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from catalog import defining, entering, sources
from catalog.models import CatalogType, Entry, PageSource
from components.models import Page, PageKind


def customers(now: datetime, *, kind: PageKind = PageKind.CUSTOMER) -> PageSource:
    """A type "Customer" with components and domains, of which customer pages are made."""
    return sources.start_with_new_type(name="Customer", kind=kind, now=now)


def bare_type(now: datetime, name: str = "Region") -> CatalogType:
    """A type without attributes or pages."""
    return defining.add_type(name=name, now=now)


def entry(
    source: PageSource | CatalogType, name: str, *, now: datetime, **said: str | Iterable[str]
) -> Entry:
    """An entry whose values are said in words: `components="web; api"`, or a list."""
    type_ = source.type if isinstance(source, PageSource) else source
    values: dict[str, Any] = {
        key: words.split(";") if isinstance(words, str) else words for key, words in said.items()
    }
    return entering.add(type=type_, name=name, said=values, now=now)


def page_of(entry: Entry) -> Page:
    """The page that was made from an entry."""
    return Page.objects.get(made_from__entry=entry)
