"""The events that visitors can follow: those that are not over (`settings.FOLLOWABLE_EVENTS`).

Asked by the subscribers, who know events by their topics only.
"""

from collections.abc import Collection

from incidents import public_ids, telling
from incidents.models import Incident, Maintenance

_Found = tuple[str, str, str, Collection[int], Collection[int]]


def find(public_id: str) -> _Found | None:
    """The topic, title, public path and components of the open event with this id, or None.

    At last its components that only some pages chose, also those that are gone.
    """
    if not public_ids.is_valid(public_id):
        return None
    incident = Incident.objects.open().filter(public_id=public_id).first()
    if incident is not None:
        topic = telling.incident_topic(incident)
        return (
            topic,
            incident.title,
            incident.get_absolute_url(),
            _components(incident),
            incident.dedicated_ids,
        )
    maintenance = Maintenance.objects.public().filter(public_id=public_id).first()
    if maintenance is None or maintenance.state_value.is_over:
        return None
    return (
        telling.maintenance_topic(maintenance),
        maintenance.title,
        maintenance.get_absolute_url(),
        _components(maintenance),
        maintenance.dedicated_ids,
    )


def _components(event: Incident | Maintenance) -> list[int]:
    return list(event.affected.values_list("component_id", flat=True))
