"""The section of an exported file that says what is in the catalog."""

from typing import Any

from catalog import generating, lookup, values
from catalog.models import Attribute, CatalogType, Entry
from catalog.values import Kind, Names
from monitoring.config_file import catalog_schema, writing


def section() -> list[dict[str, Any]]:
    """Every type with its attributes, pages and entries; exceptions for domains are not in it."""
    return [_type(row) for row in CatalogType.objects.present().order_by("slug")]


def _type(row: CatalogType) -> dict[str, Any]:
    attributes = list(row.attributes.select_related("target"))
    names = lookup.names(attributes)
    found: dict[str, Any] = {"name": row.name, "key": row.slug}
    if attributes:
        found["attributes"] = [_attribute(one) for one in attributes]
    if pages := _pages(row):
        found["pages"] = pages
    entries = row.entries.present().order_by("key")
    if listed := [_entry(one, attributes, names) for one in entries]:
        found["entries"] = listed
    return found


def _attribute(one: Attribute) -> dict[str, Any]:
    options = {"required": one.is_required, "to": one.target.slug if one.target else None}
    return writing.InlineMapping(
        {
            "name": one.name,
            "key": one.key,
            "kind": one.kind,
            **writing.without_defaults(options, catalog_schema.CatalogAttribute),
        }
    )


def _pages(row: CatalogType) -> list[dict[str, Any]]:
    related = row.sources.select_related("title", "components", "domains", "time_zone")
    found: list[dict[str, Any]] = []
    for source in related.filter(ended_at__isnull=True).order_by("kind"):
        choice = generating.choice_of(source)
        keys = {name: one.key for name, one in choice.fields.items() if one is not None}
        found.append(writing.InlineMapping({"kind": source.kind, **keys}))
    return found


def _entry(entry: Entry, attributes: list[Attribute], names: Names) -> dict[str, Any]:
    held = {one.key: _value(one, entry.values.get(one.key), names) for one in attributes}
    said = {key: value for key, value in held.items() if value not in (None, [])}
    found: dict[str, Any] = {"name": entry.name, "key": entry.key}
    return found | ({"values": said} if said else {})


def _value(one: Attribute, held: Any, names: Names) -> Any:
    """A value as people write it: names for ids, and plain numbers, true and false."""
    kind = Kind(one.kind)
    if kind in {Kind.NUMBER, Kind.YES_NO} or held is None:
        return held
    if kind is Kind.NUMBERS:
        return writing.Inline(held)
    said = values.words(one.rule, held, names=names)
    if kind.is_list:
        return writing.Inline(said)
    return said[0] if said else None
