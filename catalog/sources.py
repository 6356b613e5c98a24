"""Create pages from a type, choose what they are made from, and end that. One transaction each (R2, R4)."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from catalog import defining, generating
from catalog.generating import FITTING, Choice
from catalog.models import Attribute, CatalogType, EntryPage, PageSource
from catalog.values import Kind
from common import auditing
from components import page_batches
from components.models import PageKind

# What a type has that is made together with its pages.
_STARTERS = (
    ("components", Kind.COMPONENTS),
    ("domains", Kind.DOMAINS),
)


def starter_names() -> dict[str, str]:
    """The attributes of a type that is made together with its pages, by key, as people read them."""
    return {"components": _("Components"), "domains": _("Domains")}


def start_with_new_type(*, name: str, kind: PageKind, now: datetime) -> PageSource:
    """Make a type with attributes for components and domains, of whose entries pages are made."""
    with transaction.atomic():
        row = defining.add_type(name=name, now=now)
        starters = {
            key: defining.add_attribute(
                type=row, name=starter_names()[key], kind=attribute_kind, key=key
            )
            for key, attribute_kind in _STARTERS
        }
        if kind != PageKind.CUSTOMER:
            starters.pop("domains")
        return start(type=row, choice=Choice(kind=kind, **starters), now=now)


def start(*, type: CatalogType, choice: Choice, now: datetime) -> PageSource:  # noqa: A002
    """Make a page of a kind for every entry of a type, now and from now on.

    What ended before starts again, with the pages that are still there.

    Raises ValidationError: pages of this kind are made already, an attribute does not fit, or an entry
    has a title or time zone that no page can have.
    """
    check(type=type, choice=choice)
    with transaction.atomic():
        row = defining.locked(type)
        source = PageSource.objects.filter(type=row, kind=choice.kind).first()
        if source is not None and source.is_on:
            raise ValidationError(_("Pages of this kind are made from this type already."))
        if source is None:
            source = PageSource(type=row, kind=choice.kind)
        for name, value in (choice.fields | {"ended_at": None}).items():
            setattr(source, name, value)
        source.full_clean()
        source.save()
        entries = list(row.entries.present())
        generating.bring_back(type=row, entries=entries, only=source, now=now)
    return source


def change(*, source: PageSource, choice: Choice, now: datetime) -> int:
    """Choose other attributes; every page changes at once. How many did."""
    check(type=source.type, choice=choice)
    with transaction.atomic():
        row = defining.locked(source.type)
        for name, value in choice.fields.items():
            setattr(source, name, value)
        source.save(update_fields=list(choice.fields))
        return generating.follow(type=row, entries=row.entries.present(), now=now)


def end(*, source: PageSource, now: datetime) -> int:
    """Make no more pages of a kind from a type, and retire those there are; how many were live."""
    with transaction.atomic():
        defining.locked(source.type)
        source.ended_at = now
        source.save(update_fields=["ended_at"])
        made = EntryPage.objects.filter(source=source).values_list("page_id", flat=True)
        count = page_batches.retire(page_ids=list(made), now=now)
        auditing.record(subject=source.type, before={"pages": count}, after={"pages": 0}, now=now)
    return count


def check(*, type: CatalogType, choice: Choice) -> None:  # noqa: A002
    """Refuse attributes of another type, or of a kind that cannot say this; ValidationError by field."""
    for name, kinds in FITTING.items():
        attribute: Attribute | None = getattr(choice, name)
        if attribute is None:
            continue
        if attribute.type_id != type.pk or Kind(attribute.kind) not in kinds:
            raise ValidationError({name: _("This attribute cannot be used here.")})
    if choice.kind == PageKind.CUSTOMER and choice.domains is None:
        said = _("Choose the attribute with the domains: without one nobody can sign in.")
        raise ValidationError({"domains": said})
