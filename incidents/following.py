"""The events that visitors can follow: those that are not over (`settings.FOLLOWABLE_EVENTS`).

Asked by the subscribers, who know events by their topics only.
"""

from incidents import public_ids, telling
from incidents.models import Incident, Maintenance


def find(public_id: str) -> tuple[str, str, str] | None:
    """The topic, title and public path of the open event with this id; None when there is none."""
    if not public_ids.is_valid(public_id):
        return None
    incident = Incident.objects.open().filter(public_id=public_id).first()
    if incident is not None:
        return telling.incident_topic(incident), incident.title, incident.get_absolute_url()
    maintenance = Maintenance.objects.public().filter(public_id=public_id).first()
    if maintenance is None or maintenance.state_value.is_over:
        return None
    return (
        telling.maintenance_topic(maintenance),
        maintenance.title,
        maintenance.get_absolute_url(),
    )
