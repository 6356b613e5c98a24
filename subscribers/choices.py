"""What somebody wants to hear of, as it is asked for, and as their row holds it."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from components import pages
from components.models import Page
from subscribers.models import Subscriber, Subscription


class NothingChosen(ValueError):
    """Neither everything nor one component that visitors see was chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What somebody wants to hear of.

    `follows` is the topic of one event ("incident:9k2…"), or "", and `event` its title, as letters
    name it.
    """

    wants_all: bool = True
    component_ids: frozenset[int] = field(default_factory=frozenset)
    wants_postmortems: bool = False
    follows: str = ""
    event: str = ""

    @property
    def own_options(self) -> dict[str, str]:
        """What is kept of it in the options of the row."""
        return {"event": self.event} if self.event else {}


def check(choice: Choice, page: Page) -> None:
    """See that something is chosen which this page shows. Raises NothingChosen."""
    if choice.wants_all or choice.follows:
        return
    if not _shown(choice, page):
        raise NothingChosen(_("Choose at least one component, or everything."))


def store(row: Subscriber, choice: Choice) -> None:
    """Let the row hold this choice, and no other; what its page does not show is left out."""
    row.wants_all = choice.wants_all
    row.wants_postmortems = choice.wants_postmortems
    row.save(update_fields=["wants_all", "wants_postmortems"])
    wanted: set[int] = set()
    if not choice.wants_all and not row.follows:
        wanted = _shown(choice, row.page)
    had = set(row.chosen.values_list("component_id", flat=True))
    row.chosen.filter(component_id__in=had - wanted).delete()
    Subscription.objects.bulk_create(
        Subscription(subscriber=row, component_id=pk) for pk in sorted(wanted - had)
    )


def _shown(choice: Choice, page: Page) -> set[int]:
    return set(choice.component_ids & pages.shown_ids(page))
