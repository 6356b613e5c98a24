"""Who hears what: the chart of the requirements (section 15) as one table.

Pure rule, called by the fan-out, by the forecast before posting and by the docs, which show this
very table. `True` means: told, if the subscriber is confirmed and concerned.
"""

from collections.abc import Mapping
from enum import StrEnum

from common.wording import gettext_noop


class Stage(StrEnum):
    """What happened to an event, as far as subscribers are concerned."""

    INCIDENT_CREATED = "incident_created"  # also one that is re-opened (AMB-17)
    INCIDENT_IDENTIFIED = "incident_identified"
    INCIDENT_MONITORING = "incident_monitoring"
    INCIDENT_UPDATED = "incident_updated"  # no change of state
    INCIDENT_RESOLVED = "incident_resolved"
    POSTMORTEM_PUBLISHED = "postmortem_published"
    INCIDENT_RECORDED = "incident_recorded"  # retroactively, when the author asks for it (AMB-9)
    MAINTENANCE_SCHEDULED = "maintenance_scheduled"
    MAINTENANCE_CHANGED = "maintenance_changed"  # other times, or cancelled: the plan told is wrong
    MAINTENANCE_REMINDER = "maintenance_reminder"
    MAINTENANCE_STARTED = "maintenance_started"
    MAINTENANCE_VERIFYING = "maintenance_verifying"
    MAINTENANCE_UPDATED = "maintenance_updated"
    MAINTENANCE_COMPLETED = "maintenance_completed"
    STATUS_CHANGED = "status_changed"  # set by hand on the dashboard (AMB-16)
    STATUS_TOLD = "status_told"  # the same, on a page that tells people of it

    @property
    def label(self) -> str:
        """The English words for a person, to be translated where they are shown."""
        return _LABELS[self]


class Column(StrEnum):
    """The columns of the chart: kinds of channels that are treated alike."""

    EMAIL = "email"
    SMS = "sms"
    CHAT = "chat"  # Slack, Teams, Discord
    SOCIAL = "social"  # X
    PROGRAM = "program"  # webhooks, which get everything
    PUSH = "push"


_LABELS = {
    Stage.INCIDENT_CREATED: gettext_noop("Incident: created, or opened again"),
    Stage.INCIDENT_IDENTIFIED: gettext_noop("Incident: identified"),
    Stage.INCIDENT_MONITORING: gettext_noop("Incident: monitoring"),
    Stage.INCIDENT_UPDATED: gettext_noop("Incident: update without a new state"),
    Stage.INCIDENT_RESOLVED: gettext_noop("Incident: resolved"),
    Stage.POSTMORTEM_PUBLISHED: gettext_noop("Incident: postmortem published"),
    Stage.INCIDENT_RECORDED: gettext_noop("Incident: recorded afterwards"),
    Stage.MAINTENANCE_SCHEDULED: gettext_noop("Maintenance: scheduled"),
    Stage.MAINTENANCE_CHANGED: gettext_noop("Maintenance: moved or cancelled"),
    Stage.MAINTENANCE_REMINDER: gettext_noop("Maintenance: reminder"),
    Stage.MAINTENANCE_STARTED: gettext_noop("Maintenance: in progress"),
    Stage.MAINTENANCE_VERIFYING: gettext_noop("Maintenance: verification"),
    Stage.MAINTENANCE_UPDATED: gettext_noop("Maintenance: update without a new state"),
    Stage.MAINTENANCE_COMPLETED: gettext_noop("Maintenance: completed"),
    Stage.STATUS_CHANGED: gettext_noop("Status set by hand"),
    Stage.STATUS_TOLD: gettext_noop("Status set by hand, where the page tells of it"),
}

_EVERYBODY = frozenset(Column)
_NOT_BY_SMS = _EVERYBODY - {Column.SMS}

# SMS at creation, resolution or completion, when scheduled and when it starts (O4, AMB-8), and when
# a plan that went out by SMS is not true any more.
CHART: Mapping[Stage, frozenset[Column]] = {
    Stage.INCIDENT_CREATED: _EVERYBODY,
    Stage.INCIDENT_IDENTIFIED: _NOT_BY_SMS,
    Stage.INCIDENT_MONITORING: _NOT_BY_SMS,
    Stage.INCIDENT_UPDATED: _NOT_BY_SMS,
    Stage.INCIDENT_RESOLVED: _EVERYBODY,
    Stage.POSTMORTEM_PUBLISHED: frozenset(),  # M9; who opted in is told (decision 10)
    Stage.INCIDENT_RECORDED: _EVERYBODY,  # off unless the author asks for it
    Stage.MAINTENANCE_SCHEDULED: _EVERYBODY,
    Stage.MAINTENANCE_CHANGED: _EVERYBODY,
    Stage.MAINTENANCE_REMINDER: _NOT_BY_SMS,
    Stage.MAINTENANCE_STARTED: _EVERYBODY,
    Stage.MAINTENANCE_VERIFYING: _NOT_BY_SMS,
    Stage.MAINTENANCE_UPDATED: _NOT_BY_SMS,
    Stage.MAINTENANCE_COMPLETED: _EVERYBODY,
    Stage.STATUS_CHANGED: frozenset({Column.PROGRAM}),
    Stage.STATUS_TOLD: _NOT_BY_SMS,
}

_COLUMNS = {
    "email": Column.EMAIL,
    "sms": Column.SMS,
    "slack": Column.CHAT,
    "teams": Column.CHAT,
    "discord": Column.CHAT,
    "x": Column.SOCIAL,
    "webhook": Column.PROGRAM,
    "webpush": Column.PUSH,
}

CHANNELS = tuple(_COLUMNS)


def column_of(channel: str) -> Column:
    """The column a channel belongs to. Raises KeyError for one that subscribers cannot have."""
    return _COLUMNS[channel]


def tells(stage: Stage, channel: str, *, wants_postmortems: bool = False) -> bool:
    """Whether a subscriber on this channel is told of this stage, as far as the chart says."""
    if stage is Stage.POSTMORTEM_PUBLISHED:
        return wants_postmortems
    return column_of(channel) in CHART[stage]
