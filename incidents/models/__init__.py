"""What operators say to visitors, by subject."""

from incidents.models.announcements import SHOWN_AT_ONCE, Announcement, AnnouncementState
from incidents.models.incidents import (
    AffectedComponent,
    Incident,
    IncidentUpdate,
    UpdateComponent,
    WithdrawnEvent,
)
from incidents.models.maintenance import (
    AffectedService,
    Maintenance,
    MaintenanceReminder,
    MaintenanceSeries,
    MaintenanceUpdate,
    MaintenanceUpdateComponent,
    SeriesService,
)
from incidents.models.postmortems import CorrectiveAction, Postmortem, PostmortemEntry
from incidents.models.templates import EventTemplate

__all__ = [
    "SHOWN_AT_ONCE",
    "AffectedComponent",
    "AffectedService",
    "Announcement",
    "AnnouncementState",
    "CorrectiveAction",
    "EventTemplate",
    "Incident",
    "IncidentUpdate",
    "Maintenance",
    "MaintenanceReminder",
    "MaintenanceSeries",
    "MaintenanceUpdate",
    "MaintenanceUpdateComponent",
    "Postmortem",
    "PostmortemEntry",
    "SeriesService",
    "UpdateComponent",
    "WithdrawnEvent",
]
