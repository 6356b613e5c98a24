"""The rows of the home page: components with their histories, under the headings of their groups.

Made and rendered by `rendering`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from components.status import Status
from public_pages import wording
from public_pages.figures import History
from public_pages.page_views import ComponentView, GroupView

COMPACT_ABOVE = 6


@dataclass(frozen=True, slots=True)
class Row:
    """A component on the home page; `strip` is its bars."""

    component: ComponentView
    history: History
    strip: SafeString
    percent: str
    summary: str


@dataclass(frozen=True, slots=True)
class GroupRows:
    """A group on the home page; a compact one shows boxes and no bars."""

    view: GroupView
    number: int
    rows: tuple[Row, ...]

    @property
    def name(self) -> str:
        return self.view.name

    @property
    def status(self) -> Status:
        return self.view.status

    @property
    def ident(self) -> str:
        """The id by which live refresh finds its status."""
        return f"group-{self.number}"

    @property
    def is_compact(self) -> bool:
        """Only groups with a heading can be closed."""
        return bool(self.name) and (self.view.is_collapsed or len(self.rows) > COMPACT_ABOVE)

    @property
    def is_open(self) -> bool:
        """A group with trouble never hides it."""
        return self.status != Status.OPERATIONAL

    @property
    def words(self) -> str:
        """The words for its status."""
        return wording.group_word(self.view)

    @property
    def count_words(self) -> str:
        count = len(self.rows)
        return ngettext("%(count)s component", "%(count)s components", count) % {"count": count}


def shape(groups: Sequence[GroupRows]) -> str:
    """A word that changes when components, nodes or replicas come, go or move.

    An open page then fetches the list again, because live refresh only finds what is there.
    """
    parts: list[tuple[object, ...]] = []
    for group in groups:
        parts.append((group.name, group.is_compact))
        for row in group.rows:
            parts.append((row.component.slug, row.component.name))
            parts.extend(
                (node.name, *(replica.label for replica in node.replicas))
                for node in row.component.nodes
            )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
