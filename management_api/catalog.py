"""The catalog's types, their attributes, and the pages that are made from them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from ninja import Path, Query, Router
from pydantic import Field

from catalog import defining, sources
from catalog.generating import Choice
from catalog.models import KEY_MAX, NAME_MAX, Attribute, CatalogType, PageSource
from catalog.values import Kind
from components.models import PageKind
from management_api import etags, operations, paging
from management_api.guard import ApiRequest
from management_api.paging import Paging
from management_api.problems import not_found
from management_api.schemas import In, Listed, Out, left_out

router = Router(tags=["catalog"])
_SEEN: Any = {"scope": "catalog:read", "permission": "catalog.view_entry"}
_DEFINED: Any = {"scope": "catalog:write", "permission": "catalog.change_catalogtype"}
_PAGES: Any = {"scope": "catalog:write", "permission": "catalog.change_pagesource"}

Key = Annotated[str, Path(min_length=1, max_length=KEY_MAX, pattern=r"^[0-9A-Za-z_-]+$")]


class MadeKind(StrEnum):
    """What is made of entries: sub-pages, or customer pages."""

    SUB = "sub"
    CUSTOMER = "customer"


class AttributeOut(Out):
    """Something that every entry of a type may have."""

    key: str
    name: str
    kind: Kind
    target: str | None
    is_required: bool


class SourceOut(Out):
    """Pages that are made for every entry, and the keys of the attributes that say what is on them."""

    kind: MadeKind
    title: str | None
    components: str | None
    domains: str | None
    time_zone: str | None


class TypeOut(Out):
    """A kind of thing, such as Customer, with its attributes and the pages made from it."""

    key: str
    name: str
    created_at: datetime
    attributes: list[AttributeOut]
    pages: list[SourceOut]


class TypeIn(In):
    """A new type; without a key it gets one from its name."""

    name: str = Field(min_length=1, max_length=NAME_MAX)
    key: str = Field("", max_length=KEY_MAX)


class TypeChange(In):
    """What is to be different; a key never changes."""

    name: str = left_out(max_length=NAME_MAX)


class AttributeIn(In):
    """A new attribute; `target` is the key of the type that a reference refers to."""

    name: str = Field(min_length=1, max_length=NAME_MAX)
    key: str = Field("", max_length=KEY_MAX)
    kind: Kind
    target: str | None = Field(None, max_length=KEY_MAX)
    is_required: bool = False


class AttributeChange(In):
    """What is to be different; key and kind never change."""

    name: str = left_out(max_length=NAME_MAX)
    is_required: bool = left_out(bool)
    position: int = left_out(int, ge=0, le=10_000)


class SourceIn(In):
    """The keys of the attributes that say what is on each page; without a title it is the entry's name."""

    title: str | None = Field(None, max_length=KEY_MAX)
    components: str | None = Field(None, max_length=KEY_MAX)
    domains: str | None = Field(None, max_length=KEY_MAX)
    time_zone: str | None = Field(None, max_length=KEY_MAX)


@operations.reads(router, "/catalog/types", gives=Listed[TypeOut], **_SEEN)
def list_types(request: ApiRequest, paging_: Query[Paging]) -> Listed[TypeOut]:
    """List the types of the catalog."""
    del request
    return paging.page(_rows(), paging_, by=["name", "id"], show=_shown)


@operations.creates(
    router, "/catalog/types", gives=TypeOut, at=lambda out: f"/catalog/types/{out.key}", **_DEFINED
)
def create_type(request: ApiRequest, body: TypeIn) -> TypeOut:
    """Add a type."""
    row = defining.add_type(name=body.name, slug=body.key, now=request.now)
    return _shown(type_of(row.slug))


@operations.reads(router, "/catalog/types/{type_key}", gives=TypeOut, **_SEEN)
def get_type(request: ApiRequest, type_key: Key) -> TypeOut:
    """Show a type."""
    del request
    return _shown(type_of(type_key))


@operations.changes(router, "/catalog/types/{type_key}", gives=TypeOut, **_DEFINED)
def change_type(request: ApiRequest, type_key: Key, body: TypeChange) -> TypeOut:
    """Rename a type."""
    row = type_of(type_key, is_held=True)
    etags.check(request, _shown(row))
    if "name" in body.given():
        defining.rename_type(type=row, name=body.name)
    return _shown(type_of(type_key))


@operations.removes(router, "/catalog/types/{type_key}", **_DEFINED)
def delete_type(request: ApiRequest, type_key: Key) -> None:
    """Remove a type with its entries, and retire the pages made from them; undone for 30 days."""
    row = type_of(type_key, is_held=True)
    etags.check(request, _shown(row))
    defining.remove_type(type=row, now=request.now)


@operations.creates(router, "/catalog/types/{type_key}/attributes", gives=TypeOut, **_DEFINED)
def add_attribute(request: ApiRequest, type_key: Key, body: AttributeIn) -> TypeOut:
    """Add an attribute to a type."""
    del request
    row = type_of(type_key, is_held=True)
    target = None
    if body.target is not None:
        target = CatalogType.objects.present().filter(slug=body.target).first()
        if target is None:
            raise ValidationError({"target": f"There is no type “{body.target}”."})
    defining.add_attribute(
        type=row,
        name=body.name,
        key=body.key,
        kind=body.kind,
        target=target,
        is_required=body.is_required,
    )
    return _shown(type_of(type_key))


@operations.changes(
    router, "/catalog/types/{type_key}/attributes/{attribute_key}", gives=TypeOut, **_DEFINED
)
def change_attribute(
    request: ApiRequest, type_key: Key, attribute_key: Key, body: AttributeChange
) -> TypeOut:
    """Change an attribute; its key and kind stay, and so do all values."""
    row = type_of(type_key, is_held=True)
    etags.check(request, _shown(row))
    attribute = _attribute(row, attribute_key)
    if given := body.given():
        defining.change_attribute(attribute=attribute, **given)
    return _shown(type_of(type_key))


@operations.removes(router, "/catalog/types/{type_key}/attributes/{attribute_key}", **_DEFINED)
def delete_attribute(request: ApiRequest, type_key: Key, attribute_key: Key) -> None:
    """Remove an attribute with its values; refused while pages are made from it."""
    row = type_of(type_key, is_held=True)
    etags.check(request, _shown(row))
    defining.remove_attribute(attribute=_attribute(row, attribute_key), now=request.now)


@operations.acts(
    router, "/catalog/types/{type_key}/pages/{kind}", gives=TypeOut, method="PUT", **_PAGES
)
def make_pages(request: ApiRequest, type_key: Key, kind: MadeKind, body: SourceIn) -> TypeOut:
    """Make a page of a kind for every entry of a type, now and from now on; or choose other attributes."""
    row = type_of(type_key, is_held=True)
    etags.check(request, _shown(row))
    named = {
        name: None if key is None else _named(row, name, key)
        for name, key in body.model_dump().items()
    }
    choice = Choice(kind=PageKind(kind), **named)
    source = PageSource.objects.filter(type=row, kind=kind, ended_at__isnull=True).first()
    if source is None:
        sources.start(type=row, choice=choice, now=request.now)
    else:
        sources.change(source=source, choice=choice, now=request.now)
    return _shown(type_of(type_key))


@operations.removes(router, "/catalog/types/{type_key}/pages/{kind}", **_PAGES)
def end_pages(request: ApiRequest, type_key: Key, kind: MadeKind) -> None:
    """Make no more pages of a kind from a type, and retire those there are."""
    row = type_of(type_key, is_held=True)
    etags.check(request, _shown(row))
    source = PageSource.objects.filter(type=row, kind=kind, ended_at__isnull=True).first()
    if source is None:
        not_found("pages of this type")
    sources.end(source=source, now=request.now)


def type_of(key: str, *, is_held: bool = False) -> CatalogType:
    """The type with this key; `is_held` locks it to the end of the transaction."""
    rows = _rows()
    if is_held:
        rows = rows.select_for_update(of=("self",))
    return rows.filter(slug=key).first() or not_found("type")


def _rows() -> "QuerySet[CatalogType]":
    related = ("title", "components", "domains", "time_zone")
    made = PageSource.objects.filter(ended_at__isnull=True).select_related(*related)
    return CatalogType.objects.present().prefetch_related(
        "attributes__target", Prefetch("sources", made.order_by("kind"), to_attr="made")
    )


def _attribute(row: CatalogType, key: str) -> Attribute:
    return row.attributes.filter(key=key).first() or not_found("attribute")


def _named(row: CatalogType, name: str, key: str) -> Attribute:
    found = row.attributes.filter(key=key).first()
    if found is None:
        raise ValidationError({name: f"This type has no attribute “{key}”."})
    return found


def _shown(row: CatalogType) -> TypeOut:
    made: list[PageSource] = getattr(row, "made")  # noqa: B009 - `_rows` puts it there
    return TypeOut(
        key=row.slug,
        name=row.name,
        created_at=row.created_at,
        attributes=[_attribute_out(each) for each in row.attributes.all()],
        pages=[_source_out(each) for each in made],
    )


def _attribute_out(row: Attribute) -> AttributeOut:
    return AttributeOut(
        key=row.key,
        name=row.name,
        kind=Kind(row.kind),
        target=row.target.slug if row.target else None,
        is_required=row.is_required,
    )


def _source_out(row: PageSource) -> SourceOut:
    def key(attribute: Attribute | None) -> str | None:
        return attribute.key if attribute else None

    return SourceOut(
        kind=MadeKind(row.kind),
        title=key(row.title),
        components=key(row.components),
        domains=key(row.domains),
        time_zone=key(row.time_zone),
    )
