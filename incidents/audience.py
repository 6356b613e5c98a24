"""Who would be told of an update: the counts that an author sees before posting (AMB-15).

The one place that the screens ask. Nobody can subscribe yet, so that everything counts nobody.
"""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """How many are told, by what they are; `waiting` have not confirmed and are told nothing."""

    people: int = 0
    webhooks: int = 0
    waiting: int = 0

    @property
    def total(self) -> int:
        return self.people + self.webhooks


def of(*, component_ids: Collection[int]) -> Audience:
    """Who is told of an event about these components; without any, the subscribers of everything."""
    return Audience()


def everybody() -> Audience:
    """All subscribers of the page, for the dashboard."""
    return Audience()
