"""Types and their attributes: add, change, remove, bring back. One transaction each.

Errors are ValidationError by field, with nothing saved. What entries hold is kept by the attribute's
key, which never changes, so that a new name keeps every value.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog import generating
from catalog.models import KEY, KEY_MAX, NAME, Attribute, CatalogType, Entry, PageSource
from catalog.values import Kind
from common import auditing, rows


def add_type(*, name: str, now: datetime, slug: str = "") -> CatalogType:
    """Add a type; without a key it gets one made from its name."""
    taken = CatalogType.objects.present().values_list("slug", flat=True)
    row = CatalogType(name=name, slug=slug or free_key(name, taken, "type"), created_at=now)
    row.full_clean()
    with transaction.atomic():
        row.save(force_insert=True)
    return row


def rename_type(*, type: CatalogType, name: str) -> CatalogType:  # noqa: A002 - a catalog's type
    """Change the name of a type; its key stays."""
    type.name = name
    type.full_clean()
    with transaction.atomic():
        type.save(update_fields=["name"])
    return type


def remove_type(*, type: CatalogType, now: datetime) -> None:  # noqa: A002
    """Remove a type with its entries, and retire the pages made from them; undone for 30 days."""
    with transaction.atomic():
        row = locked(type)
        referring = row.referring.exclude(type=row).filter(type__removed_at__isnull=True)
        if other := referring.select_related("type").first():
            said = _("“%(attribute)s” of %(type)s refers to it. Remove that attribute first.")
            raise ValidationError(said % {"attribute": other.name, "type": other.type.name})
        entries = list(row.entries.present())
        generating.retire(entries=entries, now=now)
        row.entries.present().update(removed_at=now)
        row.removed_at = now
        row.save(update_fields=["removed_at"])
    type.refresh_from_db()


def restore_type(*, type: CatalogType, now: datetime) -> None:  # noqa: A002
    """Bring back a removed type, with the entries that went with it and their pages."""
    with transaction.atomic():
        row = locked(type)
        went_at, row.removed_at = row.removed_at, None
        if went_at is None:
            return
        row.full_clean()
        row.save(update_fields=["removed_at"])
        entries = list(row.entries.filter(removed_at=went_at))
        row.entries.filter(removed_at=went_at).update(removed_at=None)
        generating.bring_back(type=row, entries=entries, now=now)
    type.refresh_from_db()


def add_attribute(
    *,
    type: CatalogType,  # noqa: A002
    name: str,
    kind: Kind,
    key: str = "",
    target: CatalogType | None = None,
    is_required: bool = False,
) -> Attribute:
    """Add an attribute below the others; without a key it gets one made from its name."""
    last = type.attributes.aggregate(last=models.Max("position"))["last"]
    row = Attribute(
        type=type,
        name=name,
        key=key or _attribute_key(name, type),
        kind=kind,
        target=target if kind.refers else None,
        is_required=is_required,
        position=0 if last is None else last + 1,
    )
    if row.key in {NAME, KEY}:
        raise ValidationError({"name": _("Every entry has a name and a key of its own.")})
    if kind.refers and target is None:
        raise ValidationError({"target": _("Choose the type that it refers to.")})
    row.full_clean()
    with transaction.atomic():
        row.save(force_insert=True)
    return row


def change_attribute(*, attribute: Attribute, **fields: Any) -> Attribute:
    """Change name, position, or whether it is required; kind and key stay, and so do all values."""
    for name, value in fields.items():
        setattr(attribute, name, value)
    attribute.full_clean()
    with transaction.atomic():
        attribute.save(update_fields=fields.keys())
    return attribute


def move_attribute(*, attribute: Attribute, by: int) -> None:
    """Move an attribute up (-1) or down (1) among those of its type."""
    with transaction.atomic():
        ordered = list(locked(attribute.type).attributes.all())
        place = next(index for index, row in enumerate(ordered) if row.pk == attribute.pk)
        to = min(max(place + by, 0), len(ordered) - 1)
        ordered.insert(to, ordered.pop(place))
        for position, row in enumerate(ordered):
            if row.position != position:
                row.position = position
                row.save(update_fields=["position"])


def remove_attribute(*, attribute: Attribute, now: datetime) -> None:
    """Remove an attribute with its values; refused while pages are made from it."""
    with transaction.atomic():
        row = locked(attribute.type)
        if use := used_by(attribute):
            raise ValidationError(use)
        for name in generating.FITTING:
            PageSource.objects.filter(**{name: attribute}).update(**{name: None})
        entries = [one for one in row.entries.all() if attribute.key in one.values]
        rows.update(
            Entry,
            [{"id": one.pk, "values": _without(one.values, attribute.key)} for one in entries],
        )
        gone = {f"values_of_{attribute.key}": len(entries)}
        auditing.record(subject=row, before=gone, after=dict.fromkeys(gone, 0), now=now)
        attribute.delete()


def used_by(attribute: Attribute) -> str:
    """What pages take from an attribute, in a sentence; empty when nothing does."""
    for source in PageSource.objects.filter(type=attribute.type_id, ended_at__isnull=True):
        uses = [
            name for name in generating.FITTING if getattr(source, f"{name}_id") == attribute.pk
        ]
        if uses:
            said = _(
                "Pages are made from “%(name)s” (%(kind)s). Choose another attribute for them first."
            )
            return said % {"name": attribute.name, "kind": source.get_kind_display()}
    return ""


def holding(attribute: Attribute) -> int:
    """How many entries have a value of an attribute."""
    held = attribute.type.entries.present().values_list("values", flat=True)
    return sum(attribute.key in one for one in held)


def lost_with(attribute: Attribute) -> str:
    """What goes with an attribute, in a sentence."""
    count = holding(attribute)
    said = ngettext(
        "%(count)s entry loses its value. This cannot be undone.",
        "%(count)s entries lose their values. This cannot be undone.",
        count,
    )
    return said % {"count": f"{count:,}"} if count else _("No entry has a value of it.")


def locked(type: CatalogType) -> CatalogType:  # noqa: A002
    """The type's row, locked until the transaction ends: changes of its entries take turns."""
    return CatalogType.objects.select_for_update(of=("self",)).get(pk=type.pk)


def free_key(name: str, taken: Iterable[str], otherwise: str) -> str:
    """The key that a name gets: its letters, or `otherwise`, with a number where that is taken."""
    base = slugify(name)[: KEY_MAX - 6].strip("-_") or otherwise
    used, key, number = set(taken), base, 1
    while key in used:
        number += 1
        key = f"{base}-{number}"
    return key


def _attribute_key(name: str, type: CatalogType) -> str:  # noqa: A002
    """The key of an attribute is one word, as config files and other parts of Candor name it."""
    taken = type.attributes.values_list("key", flat=True)
    return free_key(name.replace("-", " "), taken, "attribute").replace("-", "_")


def _without(held: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in held.items() if name != key}
