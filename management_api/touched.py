"""Components that an event touches, as bodies name them: by their id or slug, to rows."""

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated

from django.core.exceptions import ValidationError
from django.db.models import Q
from pydantic import Field

from components.models import Component

ComponentRef = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        pattern=r"^[0-9A-Za-z_-]+$",
        description="The id of a component, or its slug.",
        examples=["k3f8gr2bxq9t"],
    ),
]


def named(ref: str) -> Q:
    """What finds the component that is meant."""
    return Q(public_id=ref) | Q(slug=ref)


def ids_of(refs: Collection[str], *, field: str) -> Mapping[str, int]:
    """The row id of each component that is named. Raises ValidationError for `field`."""
    rows = Component.objects.filter(Q(public_id__in=refs) | Q(slug__in=refs))
    known = rows.values_list("id", "public_id", "slug")
    by_slug = {slug: number for number, _public_id, slug in known}
    found = by_slug | {public_id: number for number, public_id, _slug in known}
    if missing := [ref for ref in refs if ref not in found]:
        raise ValidationError({field: f"There is no component “{missing[0]}”."})
    picked = [found[ref] for ref in refs]
    if len(set(picked)) < len(picked):
        raise ValidationError({field: "A component is named twice."})
    return {ref: found[ref] for ref in refs}


def public_ids(numbers: Iterable[int]) -> list[str]:
    """The ids of these components, in the order of pages."""
    rows = Component.objects.filter(id__in=list(numbers)).in_page_order()
    return list(rows.values_list("public_id", flat=True))
