"""Pages follow entries: one of each kind that a type has, called and filled as the entry says.

Every operation that changes entries or sources calls `follow` in its own transaction, so that a page
is never out of step with what it is made from. A thousand entries take a few statements.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from catalog import values
from catalog.models import NAME_MAX, Attribute, CatalogType, Entry, EntryPage, PageSource
from catalog.values import Kind
from common import auditing, time_zones
from components import page_batches
from components.models import Page, PageKind
from components.page_batches import Wanted

_CHUNK = 500
# So many pages are named one by one in the audit log; of more, the type's entry tells how many.
_NAMED_MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which attributes say what is on the pages of a kind; without a title the entry's name does."""

    kind: PageKind
    title: Attribute | None = None
    components: Attribute | None = None
    domains: Attribute | None = None
    time_zone: Attribute | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """The choice as columns of a source."""
        return {name: getattr(self, name) for name in FITTING}


# Which kinds of attribute can say what of a page.
FITTING: Mapping[str, frozenset[Kind]] = {
    "title": frozenset({Kind.TEXT}),
    "components": frozenset({Kind.COMPONENTS}),
    "domains": frozenset({Kind.DOMAINS}),
    "time_zone": frozenset({Kind.TEXT}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What pages of a kind would be made: names, and entries that lack something or cannot have one."""

    names: tuple[str, ...] = ()
    without_components: tuple[str, ...] = ()
    without_domains: tuple[str, ...] = ()
    faults: tuple[tuple[str, str], ...] = field(default=())


def choice_of(source: PageSource) -> Choice:
    """The choice that a source stands for."""
    return Choice(kind=PageKind(source.kind), **{name: getattr(source, name) for name in FITTING})


def preview(*, choice: Choice, entries: Iterable[Entry]) -> Preview:
    """What would be made of these entries; writes nothing."""
    names, no_components, no_domains, faults = [], [], [], []
    for entry in entries:
        try:
            one = _wanted(choice, entry)
        except ValidationError as error:
            faults.append((entry.name, " ".join(error.messages)))
            continue
        names.append(one.name)
        if not one.component_ids:
            no_components.append(entry.name)
        if choice.kind == PageKind.CUSTOMER and not _held(choice.domains, entry):
            no_domains.append(entry.name)
    return Preview(
        names=tuple(names),
        without_components=tuple(no_components),
        without_domains=tuple(no_domains),
        faults=tuple(faults),
    )


def checks(type: CatalogType) -> Callable[[Entry], None]:  # noqa: A002
    """What refuses entries of a type of which no page could be made: ValidationError by key."""
    choices = [choice_of(source) for source in _sources(type)]
    return lambda entry: check(entry, choices)


def check(entry: Entry, choices: Iterable[Choice]) -> None:
    """Refuse an entry of which no page could be made; ValidationError by the attribute's key."""
    for choice in choices:
        _wanted(choice, entry)


def follow(*, type: CatalogType, entries: Iterable[Entry], now: datetime) -> int:  # noqa: A002
    """Make and change the pages of entries of a type; how many pages were made or changed.

    Call in the transaction that changed the entries or the sources; entries are present and whole.

    Raises ValidationError when an entry has a title or time zone that no page can have.
    """
    rows = list(entries)
    return sum(_follow(source, rows, now) for source in _sources(type))


def retire(*, entries: Collection[Entry], now: datetime) -> list[Page]:
    """Retire the pages that were made from entries; the pages."""
    found = pages_of(entries)
    page_batches.retire(page_ids=[page.pk for page in found], now=now)
    _told(found, before={"retired": ""}, after={"retired": now}, now=now)
    return found


def bring_back(
    *,
    type: CatalogType,  # noqa: A002
    entries: Collection[Entry],
    now: datetime,
    only: PageSource | None = None,
) -> int:
    """Bring back the pages of entries that came back, as the entries are now; how many.

    With `only`, the pages of this source.
    """
    ids = {entry.pk for entry in entries}
    made = EntryPage.objects.filter(source__in=[only] if only else _sources(type))
    found = [
        link.page
        for link in made.select_related("page")
        if link.entry_id in ids and not link.page.is_live
    ]
    page_batches.restore(page_ids=[page.pk for page in found])
    _told(found, before={"retired": "yes"}, after={"retired": ""}, now=now)
    follow(type=type, entries=entries, now=now)
    return len(found)


def pages_of(entries: Collection[Entry]) -> list[Page]:
    """The pages that were made from some entries, live or not, by name."""
    ids = [entry.pk for entry in entries]
    if len(ids) <= _CHUNK:
        return list(Page.objects.filter(made_from__entry__in=ids).order_by("name", "id"))
    every = Page.objects.filter(made_from__entry__type__in={entry.type_id for entry in entries})
    wanted = set(ids)
    return [page for page in every.select_related("made_from") if page.made_from.entry_id in wanted]


def _sources(type: CatalogType) -> list[PageSource]:  # noqa: A002
    related = ("title", "components", "domains", "time_zone")
    found = PageSource.objects.filter(type=type, ended_at__isnull=True)
    return list(found.select_related(*related).order_by("id"))


def _follow(source: PageSource, entries: list[Entry], now: datetime) -> int:
    choice = choice_of(source)
    wanted = {entry.pk: _wanted(choice, entry) for entry in entries}
    made = dict(EntryPage.objects.filter(source=source).values_list("entry_id", "page_id"))
    new = [entry for entry in entries if entry.pk not in made]
    added = page_batches.add(kind=choice.kind, wanted=[wanted[one.pk] for one in new], now=now)
    EntryPage.objects.bulk_create(
        [
            EntryPage(source=source, entry=entry, page=page)
            for entry, page in zip(new, added, strict=True)
        ],
        batch_size=_CHUNK,
    )
    changed = page_batches.change(
        wanted={made[entry.pk]: wanted[entry.pk] for entry in entries if entry.pk in made}
    )
    _told(added, before={}, after={"made_from": str(source.type)}, now=now)
    if len(added) > _NAMED_MOST:
        auditing.record(subject=source.type, before={}, after={"pages_made": len(added)}, now=now)
    return len(added) + len(changed)


def _told(
    pages: Collection[Page], *, before: Mapping[str, Any], after: Mapping[str, Any], now: datetime
) -> None:
    """Tell the audit log of each page, unless they are many."""
    if len(pages) <= _NAMED_MOST:
        for page in pages:
            auditing.record(subject=page, before=before, after=after, now=now)


def _wanted(choice: Choice, entry: Entry) -> Wanted:
    components = _held(choice.components, entry)
    ids = components if isinstance(components, list) else []
    return Wanted(
        name=_title(choice, entry),
        slug=entry.key,
        component_ids=frozenset(pk for pk in ids if isinstance(pk, int)),
        time_zone=_time_zone(choice, entry),
    )


def _title(choice: Choice, entry: Entry) -> str:
    held = _held(choice.title, entry)
    title = held if isinstance(held, str) else entry.name
    if choice.title and len(title) > NAME_MAX:
        said = _("This is the title of a page, which has at most %(most)s characters.")
        raise ValidationError({choice.title.key: said % {"most": NAME_MAX}})
    return " ".join(title.split())


def _time_zone(choice: Choice, entry: Entry) -> str:
    held = _held(choice.time_zone, entry)
    if choice.time_zone is None or not isinstance(held, str):
        return ""
    if held not in time_zones.names():
        said = _("“%(value)s” is not a time zone. Write one like Europe/Paris or UTC.")
        raise ValidationError({choice.time_zone.key: said % {"value": held}})
    return held


def _held(attribute: Attribute | None, entry: Entry) -> values.Value | None:
    found: values.Value | None = entry.values.get(attribute.key) if attribute else None
    return found
