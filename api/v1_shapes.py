"""Rows as Statuspage's manage API shows them (interop 3): the keys of its status API, and more."""

from collections.abc import Iterable, Mapping
from typing import Any

from common import public_ids, statuspage
from common.statuspage import stamp
from components import page_addresses, v2_rollup
from components.models import Component, ComponentGroup, Page
from components.status import Status
from incidents import windows
from incidents.models import Incident, IncidentUpdate, Maintenance, MaintenanceUpdate
from subscribers.models import State as Standing
from subscribers.models import Subscriber

Json = dict[str, Any]
Rows = Mapping[int, Json]
# Their word for verification, and for cancelled work, which they do not know.
_STATES = {windows.State.VERIFICATION: "verifying", windows.State.CANCELLED: "completed"}
_STANDINGS = {Standing.WAITING: "unconfirmed", Standing.ACTIVE: "active"}
_MODES = {"email": "email", "sms": "sms", "slack": "slack", "teams": "teams"}


def page(row: Page) -> Json:
    """A page; of what they have beside it, what has a meaning here."""
    address = page_addresses.canonical(row)
    return {
        "id": row.public_id,
        "created_at": None,
        "updated_at": None,
        "name": row.name,
        "subdomain": row.slug,
        "domain": address.host,
        "url": address.url("").rstrip("/"),
        "time_zone": row.time_zone,
        "hidden_from_search": row.is_customer,
        "viewers_must_be_team_members": row.is_customer,
        "allow_page_subscribers": True,
        "allow_incident_subscribers": True,
        "allow_email_subscribers": True,
    }


def group(row: ComponentGroup, members: Iterable[Component], on: Page, position: int) -> Json:
    """A group as their list of groups has it; it is as bad as its worst component."""
    own = list(members)
    created_at = min(one.created_at for one in own)
    return {
        "id": row.public_id,
        "page_id": on.public_id,
        "name": row.name,
        "description": None,
        "status": v2_rollup.group_status([one.shown_status for one in own]).value,
        "components": [one.public_id for one in own],
        "position": position,
        "created_at": stamp(created_at),
        "updated_at": stamp(max(one.status_since or one.created_at for one in own)),
    }


def event(row: Incident | Maintenance, on: Page, rows: Rows) -> Json:
    """An incident; maintenance is one, too. `rows` are the components of the page by primary key."""
    updates = list(row.updates.all())
    made = _incident(row) if isinstance(row, Incident) else _work(row)
    written = max([row.created_at, *(one.corrected_at or one.created_at for one in updates)])
    return {
        "id": row.public_id,
        "name": row.title,
        "status": made["status"],
        "created_at": stamp(row.created_at),
        "updated_at": stamp(max(written, row.changed_at) if on.is_main else written),
        "monitoring_at": stamp(
            min((one.at for one in updates if one.state == "monitoring"), default=None)
        ),
        "shortlink": page_addresses.canonical(on).url(row.get_absolute_url()),
        "page_id": on.public_id,
        "reminder_intervals": None,
        "metadata": {},
        **made,
        **_report(updates),
        "incident_impacts": [],
        "incident_updates": [update(one, row.public_id, rows) for one in updates]
        or [_itself(row, made["status"])],
        "components": [
            rows[one.component_id] for one in row.affected.all() if one.component_id in rows
        ],
    }


def update(row: IncidentUpdate | MaintenanceUpdate, event_id: str, rows: Rows) -> Json:
    """One entry of a timeline."""
    seen = [_seen(one) for one in row.components.all() if one.component_id in rows]
    return {
        "id": row.public_id,
        "status": _word(row),
        "body": statuspage.body(row.html),
        "incident_id": event_id,
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.corrected_at or row.created_at),
        "display_at": stamp(row.at),
        "affected_components": seen or None,
        "deliver_notifications": row.notifies,
        "custom_tweet": None,
        "tweet_id": None,
        "wants_twitter_update": False,
        "twitter_updated_at": None,
    }


def subscriber(row: Subscriber, on: Page) -> Json:
    """A subscriber; the id is good for telling one from another."""
    return {
        "id": public_ids.derived(f"subscriber {row.pk}"),
        "page_id": on.public_id,
        "mode": _MODES.get(row.channel, "webhook"),
        "state": _STANDINGS.get(Standing(row.state), "quarantined"),
        "email": row.address if row.channel == "email" else None,
        "phone_number": row.address if row.channel == "sms" else None,
        "display_phone_number": row.address if row.channel == "sms" else None,
        "endpoint": row.address if row.channel not in {"email", "sms"} else None,
        "skip_confirmation_notification": False,
        "quarantined_at": None if row.is_active else stamp(row.created_at),
        "purge_at": None,
        "created_at": stamp(row.created_at),
        "components": None
        if row.wants_all
        else [one.component.public_id for one in row.chosen.all()],
    }


def _incident(row: Incident) -> Json:
    return {
        "status": row.state,
        "resolved_at": stamp(row.resolved_at),
        "impact": row.impact,
        "impact_override": None,
        "started_at": stamp(row.started_at),
        "scheduled_for": None,
        "scheduled_until": None,
        "scheduled_remind_prior": False,
        "scheduled_reminded_at": None,
        "scheduled_auto_in_progress": False,
        "scheduled_auto_completed": False,
        "auto_transition_to_maintenance_state": False,
        "auto_transition_to_operational_state": False,
        "auto_transition_deliver_notifications_at_start": False,
        "auto_transition_deliver_notifications_at_end": False,
    }


def _work(row: Maintenance) -> Json:
    told = row.notifies
    return {
        "status": _STATES.get(row.state_value, row.state),
        "resolved_at": stamp(row.ended_at if row.state_value.is_over else None),
        "impact": "maintenance",
        "impact_override": None,
        "started_at": stamp(row.started_at or row.starts_at),
        "scheduled_for": stamp(row.starts_at),
        "scheduled_until": stamp(row.ends_at),
        "scheduled_remind_prior": bool(row.reminders.all()),
        "scheduled_reminded_at": None,
        "scheduled_auto_in_progress": row.auto_start,
        "scheduled_auto_completed": row.auto_finish,
        "auto_transition_to_maintenance_state": row.auto_start,
        "auto_transition_to_operational_state": row.auto_finish,
        "auto_transition_deliver_notifications_at_start": row.auto_start and told,
        "auto_transition_deliver_notifications_at_end": row.auto_finish and told,
    }


def _report(updates: Iterable[IncidentUpdate | MaintenanceUpdate]) -> Json:
    """What the entry that published a postmortem says of it."""
    found = next((one for one in updates if one.state == "postmortem"), None)
    at = stamp(found.created_at) if found else None
    return {
        "postmortem_body": found.text if found else None,
        "postmortem_body_last_updated_at": at,
        "postmortem_ignored": False,
        "postmortem_notified_subscribers": bool(found and found.notifies),
        "postmortem_notified_twitter": False,
        "postmortem_published_at": at,
    }


def _itself(row: Incident | Maintenance, status: str) -> Json:
    """An event without an entry for this page: a strict client indexes the first, so there is one."""
    at = stamp(row.created_at)
    return {
        "id": row.public_id,
        "status": status,
        "body": "",
        "incident_id": row.public_id,
        "created_at": at,
        "updated_at": at,
        "display_at": at,
        "affected_components": None,
        "deliver_notifications": False,
        "custom_tweet": None,
        "tweet_id": None,
        "wants_twitter_update": False,
        "twitter_updated_at": None,
    }


def _seen(one: Any) -> Json:
    own = one.component
    return {
        "code": own.public_id,
        "name": f"{own.group.name} - {one.name}" if own.group else one.name,
        "old_status": _known(one.previous),
        "new_status": _known(one.status),
    }


def _known(status: str) -> str:
    return Status.OPERATIONAL.value if status == Status.UNKNOWN else status


def _word(row: IncidentUpdate | MaintenanceUpdate) -> str:
    if isinstance(row, MaintenanceUpdate):
        return _STATES.get(row.state_value, row.state)
    return row.state
