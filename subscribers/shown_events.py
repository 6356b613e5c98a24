"""Which pages show an event: asked when it is told, forecast, and posted for the page itself.

The same rule as on the pages. A page of some services shows an event that touches one of them. The
main page shows every event but those that touch only services which other pages chose for themselves.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import QuerySet

from components import pages
from components.models import Component, Page


@dataclass(frozen=True, slots=True)
class Shown:
    """`visible` are the components of an event that visitors see of some page, in order.

    `general` are those of them that a page of every service shows, and `is_general` whether such a
    page shows the event: also one that touches no component, or hidden ones, unless it touches or
    touched one that only some pages chose. `is_chosen` says whether a page of some services shows it.
    """

    visible: tuple[int, ...]
    general: frozenset[int]
    is_general: bool
    is_chosen: bool


def of(component_ids: Collection[int], *, dedicated_ids: Collection[int] = ()) -> Shown:
    """How an event on these components is shown; two statements.

    `dedicated_ids` are those of them, as the event keeps them, that only some pages chose: they may
    be gone by now.
    """
    rows = Component.objects.filter(id__in=component_ids).order_by("id")
    found = list(rows.values_list("id", "is_visible", "only_where_chosen"))
    visible = tuple(pk for pk, is_visible, _only in found if is_visible)
    general = frozenset(pk for pk, is_visible, only in found if is_visible and not only)
    is_kept_back = bool(dedicated_ids) or any(only for _pk, _is_visible, only in found)
    is_general = bool(general) or not (visible or is_kept_back)
    is_chosen = bool(visible) and pages.choosing(visible).exists()
    return Shown(visible, general, is_general, is_chosen)


def pages_of(shown: Shown) -> QuerySet[Page]:
    """The live pages that show the event."""
    found = pages.choosing(shown.visible) if shown.is_chosen else Page.objects.none()
    return found | Page.objects.live().filter(shows_all=True) if shown.is_general else found
