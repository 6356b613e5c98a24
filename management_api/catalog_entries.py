"""Entries of the catalog: each value in words, as forms and files say them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from ninja import Query, Router
from pydantic import Field

from catalog import entering, lookup, values
from catalog.models import KEY_MAX, NAME_MAX, Attribute, CatalogType, Entry
from management_api import etags, operations, paging
from management_api.catalog import Key, type_of
from management_api.guard import ApiRequest
from management_api.paging import Paging
from management_api.problems import conflict, not_found
from management_api.schemas import In, Listed, Out, left_out

router = Router(tags=["catalog"])
_SEEN: Any = {"scope": "catalog:read", "permission": "catalog.view_entry"}
_WRITTEN = "catalog:write"
_PATH = "/catalog/types/{type_key}/entries"
_ONE = _PATH + "/{entry_key}"

Values = dict[
    Annotated[str, Field(min_length=1, max_length=KEY_MAX)],
    Annotated[
        list[Annotated[str, Field(max_length=values.TEXT_MAX)]], Field(max_length=values.LIST_MAX)
    ],
]


class EntryOut(Out):
    """One thing of a type. `values` by the key of the attribute, in words: components by slug, entries
    by key, yes or no, domains; `page_ids` are the pages made from it."""

    key: str
    name: str
    values: dict[str, list[str]]
    page_ids: list[str]
    created_at: datetime


class EntryFilter(Paging):
    """What to narrow the list to; `removed` lists what can be brought back for 30 days."""

    q: str = Field(
        "", max_length=100, pattern=r"^[^\x00]*$", description="Part of the name or key."
    )
    removed: bool = False


class EntryIn(In):
    """A new entry; without a key it gets one from its name. Each value is a list of words."""

    name: str = Field(min_length=1, max_length=NAME_MAX)
    key: str = Field("", max_length=KEY_MAX)
    values: Values = Field(default_factory=dict)


class EntryChange(In):
    """What is to be different. Of `values`, attributes that are left out stay; an empty list removes one."""

    name: str = left_out(max_length=NAME_MAX)
    values: Values = left_out(dict)


@operations.reads(router, _PATH, gives=Listed[EntryOut], **_SEEN)
def list_entries(
    request: ApiRequest, type_key: Key, wanted: Query[EntryFilter]
) -> Listed[EntryOut]:
    """List the entries of a type by name."""
    del request
    type_ = type_of(type_key)
    rows = _rows(type_).filter(removed_at__isnull=not wanted.removed)
    if text := wanted.q.strip():
        rows = rows.filter(name__icontains=text) | rows.filter(key__icontains=text)
    return paging.page_of(rows, wanted, by=["name", "id"], show=lambda found: _told(found, type_))


@operations.creates(
    router,
    _PATH,
    scope=_WRITTEN,
    permission="catalog.add_entry",
    gives=EntryOut,
)
def create_entry(request: ApiRequest, type_key: Key, body: EntryIn) -> EntryOut:
    """Add an entry, and a page of each kind that its type has."""
    type_ = type_of(type_key)
    _check_keys(type_, body.values)
    row = entering.add(type=type_, name=body.name, key=body.key, said=body.values, now=request.now)
    return _shown(_row(type_, row.key), type_)


@operations.reads(router, _ONE, gives=EntryOut, **_SEEN)
def get_entry(request: ApiRequest, type_key: Key, entry_key: Key) -> EntryOut:
    """Show an entry."""
    del request
    type_ = type_of(type_key)
    return _shown(_row(type_, entry_key), type_)


@operations.changes(router, _ONE, scope=_WRITTEN, permission="catalog.change_entry", gives=EntryOut)
def change_entry(request: ApiRequest, type_key: Key, entry_key: Key, body: EntryChange) -> EntryOut:
    """Change an entry; its pages change with it, and who may sign in with the very next request."""
    type_ = type_of(type_key, is_held=True)
    row = _row(type_, entry_key)
    shown = _shown(row, type_)
    etags.check(request, shown)
    given = body.given()
    typed = given.get("values", {})
    _check_keys(type_, typed)
    entering.change(entry=row, name=given.get("name"), said=shown.values | typed, now=request.now)
    return _shown(_row(type_, entry_key), type_)


@operations.removes(router, _ONE, scope=_WRITTEN, permission="catalog.delete_entry")
def delete_entry(request: ApiRequest, type_key: Key, entry_key: Key) -> None:
    """Remove an entry and retire its pages; both can be brought back for 30 days."""
    type_ = type_of(type_key, is_held=True)
    row = _row(type_, entry_key)
    etags.check(request, _shown(row, type_))
    entering.remove(entry=row, now=request.now)


@operations.acts(
    router,
    f"{_ONE}/restore",
    scope=_WRITTEN,
    permission="catalog.change_entry",
    gives=EntryOut,
    has_etag=False,
)
def restore_entry(request: ApiRequest, type_key: Key, entry_key: Key) -> EntryOut:
    """Bring back a removed entry with its pages, their addresses and their subscribers."""
    type_ = type_of(type_key, is_held=True)
    if _rows(type_).filter(key=entry_key, removed_at__isnull=True).exists():
        conflict("There is an entry with this key.")
    gone = _rows(type_).filter(key=entry_key, removed_at__isnull=False).order_by("-removed_at")
    row = gone.first() or not_found("removed entry")
    entering.restore(entry=row, now=request.now)
    return _shown(_row(type_, entry_key), type_)


def _rows(type_: CatalogType) -> "QuerySet[Entry]":
    return Entry.objects.filter(type=type_).prefetch_related("made__page")


def _row(type_: CatalogType, key: str) -> Entry:
    found = _rows(type_).filter(key=key, removed_at__isnull=True).first()
    return found or not_found("entry")


def _check_keys(type_: CatalogType, typed: Values) -> None:
    """A value of an attribute that is not there would be lost without a word."""
    known = set(type_.attributes.values_list("key", flat=True))
    if unknown := [key for key in typed if key not in known]:
        raise ValidationError(
            {f"values.{unknown[0]}": f"This type has no attribute “{unknown[0]}”."}
        )


def _shown(row: Entry, type_: CatalogType) -> EntryOut:
    return _told([row], type_)[0]


def _told(rows: Sequence[Entry], type_: CatalogType) -> list[EntryOut]:
    attributes: list[Attribute] = list(type_.attributes.select_related("target"))
    names = lookup.names(attributes)
    return [
        EntryOut(
            key=row.key,
            name=row.name,
            values={
                each.key: values.words(each.rule, row.values[each.key], names=names)
                for each in attributes
                if each.key in row.values
            },
            page_ids=sorted(made.page.public_id for made in row.made.all() if made.page.is_live),
            created_at=row.created_at,
        )
        for row in rows
    ]
