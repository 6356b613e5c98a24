"""Which outages may be told in one incident: those that the very same pages show.

An incident stands on every page that shows one of its components, with its title as a whole: the
names in it are read by all of them.
"""

from collections.abc import Iterable, Mapping, Sequence

from components import pages
from components.models import Component, Page
from incidents.models import AffectedComponent, Incident

# The pages by id; of a component that nobody sees yet, the component itself in front.
Group = tuple[int, frozenset[int]]
_SEEN = 0


def groups_of(components: Iterable[Component]) -> Mapping[int, Group]:
    """The group of each component, by its id; four statements for any number of them.

    Retired pages count: one that is brought back shows what was told meanwhile.
    """
    shown = pages.shown_by(Page.objects.all())
    found = {}
    for pk in {row.pk for row in components}:
        on = frozenset(page_id for page_id, ids in shown.items() if pk in ids)
        found[pk] = (_SEEN if on else pk, on)
    return found


def components_of(incidents: Iterable[Incident]) -> Mapping[int, Sequence[Component]]:
    """The components that each of some incidents names, by its id, in one statement."""
    found: dict[int, list[Component]] = {incident.pk: [] for incident in incidents}
    for row in AffectedComponent.objects.filter(incident__in=found).select_related("component"):
        found[row.incident_id].append(row.component)
    return found
