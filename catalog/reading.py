"""All reads for the console's screens of the catalog, each with a fixed number of statements."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page as Sheet
from django.core.paginator import Paginator
from django.db.models import Count, Q, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog import access, entering, generating, lookup, values
from catalog.models import Attribute, CatalogType, Entry, EntryPage, PageSource
from components.models import Page, PageKind

PAGE_SIZE = 50
COLUMNS_SHOWN = 4
_WORDS_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRow:
    """A type in the list: how many entries it has, and which pages are made from it."""

    type: CatalogType
    entries: int
    made: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """An entry in the list: its first attributes with their values in words, and its pages."""

    entry: Entry
    cells: tuple[tuple[str, str], ...]
    pages: tuple[Page, ...]

    @property
    def gone_at(self) -> datetime | None:
        """When it goes for good; None while it is there."""
        removed_at = self.entry.removed_at
        return removed_at + entering.GRACE if removed_at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """Pages that are made from a type: how many there are, and what says what is on them."""

    source: PageSource
    live: int
    says: tuple[tuple[str, str], ...]


def types(*, removed: bool = False) -> list[TypeRow]:
    """Every type, by name; or those that were removed and can be brought back."""
    rows = CatalogType.objects.filter(removed_at__isnull=not removed).order_by("name", "id")
    present = Count("entries", filter=Q(entries__removed_at__isnull=True))
    made: dict[int, list[str]] = {}
    for source in PageSource.objects.filter(ended_at__isnull=True).order_by("kind"):
        made.setdefault(source.type_id, []).append(kind_words(source.kind))
    return [
        TypeRow(type=row, entries=getattr(row, "count"), made=tuple(made.get(row.pk, ())))  # noqa: B009
        for row in rows.annotate(count=present)
    ]


def kind_words(kind: str) -> str:
    """The pages of a kind, as a heading."""
    return _("Customer pages") if kind == PageKind.CUSTOMER else _("Sub-pages")


def sheet(*, type: CatalogType, text: str, removed: bool, number: str) -> "Sheet[Entry]":  # noqa: A002
    """A page of the entries of a type by name; narrowed to those that say the text anywhere."""
    rows = type.entries.filter(removed_at__isnull=not removed).order_by("name", "id")
    if text:
        rows = rows.annotate(said=Cast("values", TextField())).filter(
            Q(name__icontains=text) | Q(key__icontains=text) | Q(said__icontains=text)
        )
    return Paginator(rows, PAGE_SIZE).get_page(number)


def rows(entries: Iterable[Entry], attributes: Collection[Attribute]) -> list[EntryRow]:
    """The entries of a page of the list, with their first values and their pages."""
    found = list(entries)
    titles = lookup.titles(attributes)
    pages: dict[int, list[Page]] = {}
    made = EntryPage.objects.filter(entry__in=[one.pk for one in found]).select_related("page")
    for link in made.order_by("source__kind"):
        pages.setdefault(link.entry_id, []).append(link.page)
    return [
        EntryRow(
            entry=entry,
            cells=tuple(
                (
                    one.name,
                    in_short(values.words(one.rule, entry.values.get(one.key), names=titles)),
                )
                for one in attributes
            ),
            pages=tuple(pages.get(entry.pk, ())),
        )
        for entry in found
    ]


def in_short(said: list[str]) -> str:
    """The first words of a list, and how many more there are."""
    more = len(said) - _WORDS_SHOWN
    shown = ", ".join(said[:_WORDS_SHOWN])
    return f"{shown} +{more}" if more > 0 else shown


def sources(type: CatalogType) -> list[SourceRow]:  # noqa: A002
    """The pages that are made from a type, by kind."""
    related = ("title", "components", "domains", "time_zone")
    live = Count("made", filter=Q(made__page__retired_at__isnull=True))
    found = type.sources.filter(ended_at__isnull=True).select_related(*related)
    return [
        SourceRow(source=one, live=getattr(one, "live"), says=tuple(_says(one)))  # noqa: B009
        for one in found.annotate(live=live).order_by("kind")
    ]


def use_words() -> Mapping[str, str]:
    """What attributes can say of pages, in words."""
    return {
        "title": _("Title"),
        "components": _("Services"),
        "domains": _("Who may sign in"),
        "time_zone": _("Time zone"),
    }


def _says(source: PageSource) -> Iterable[tuple[str, str]]:
    otherwise = {"title": _("the entry's name"), "time_zone": _("each page's own")}
    for name, words in use_words().items():
        if name == "domains" and source.kind != PageKind.CUSTOMER:
            continue
        attribute = getattr(source, name)
        yield words, attribute.name if attribute else otherwise.get(name, _("nothing"))


def subscribers_of(pages: Collection[Page]) -> int:
    """How many are told of what is on some pages. Who they are is known further up."""
    found = Page.objects.filter(pk__in=[page.pk for page in pages])
    told = Count("subscribers", filter=Q(subscribers__state="active"))
    return sum(found.annotate(told=told).values_list("told", flat=True))


def consequences(entry: Entry) -> list[str]:
    """What goes when an entry is removed: which pages, who loses access, how many subscribers."""
    pages = [page for page in generating.pages_of([entry]) if page.is_live]
    said = [_("“%(name)s” leaves the catalog.") % {"name": entry.name}]
    for page in pages:
        said += _page_lost(page)
    if count := subscribers_of(pages):
        told = ngettext(
            "%(count)s subscriber hears nothing more.",
            "%(count)s subscribers hear nothing more.",
            count,
        )
        said.append(told % {"count": f"{count:,}"})
    return [*said, _("It can be brought back for 30 days, with its page, address and subscribers.")]


def _page_lost(page: Page) -> Iterable[str]:
    if not page.is_customer:
        yield _("The sub-page “%(name)s” answers nobody any more.") % {"name": page.name}
        return
    listed = access.listed(page.pk)
    yield _("The customer page “%(name)s” answers nobody any more.") % {"name": page.name}
    if listed.domains:
        said = _("Everybody at %(domains)s loses access at once.")
        yield said % {"domains": ", ".join(sorted(listed.domains))}
    if listed.addresses:
        said = _("So do: %(addresses)s.")
        yield said % {"addresses": ", ".join(sorted(listed.addresses))}
