"""The body of webhooks that receivers of Statuspage know (interop 1.7), with its keys in its order.

There is no type: a receiver looks at which key is there. Maintenance is an incident, and a status that
was set by hand is a `component_update`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from common import markdown, public_ids, statuspage
from components.status import Status
from notifications.messages import Message, gap
from subscribers.spoken import Content

# Their word for verification, and for cancelled work, which they do not know.
_STATES = {"verification": "verifying", "cancelled": "completed"}
# What of a component stands beside its change.
_OF_A_CHANGE = (
    "id",
    "name",
    "status",
    "created_at",
    "updated_at",
    "position",
    "description",
    "showcase",
    "page_id",
    "group_id",
)


def as_statuspage(content: Content) -> Message:
    """The body for one page, which `content` was cut to and whose facts it knows."""
    known = content.known
    payload = {
        "meta": {
            "unsubscribe": gap("leave_url"),
            "documentation": content.home,
            "generated_at": _stamp(content.at),
        },
        "page": {
            "id": known.page_id,
            "status_indicator": known.indicator,
            "status_description": known.description,
        },
        **(_change(content) if content.kind == "component" else _event(content)),
    }
    return Message(
        subject=content.headline,
        text=content.text,
        url=content.url,
        payload=payload,
        is_ordered=True,
    )


def _change(content: Content) -> dict[str, Any]:
    """A change of one component, also of one that was removed since."""
    facts, at = content.facts, _stamp(content.at)
    found = _known(content, content.public_id)
    public_id = found.get("id") or next((one.public_id for one in content.touched), "")
    new = _word(facts["new_status"])
    component = {
        "created_at": _stamp(facts["created_at"]),
        "position": facts["position"],
        "description": facts["description"] or None,
        "showcase": True,
        "group_id": facts["group_id"],
        **found,
        "id": public_id,
        "name": content.title,
        "status": new,
        "updated_at": at,
        "page_id": content.known.page_id,
    }
    return {
        "component_update": {
            "id": public_ids.derived(f"component update {content.update_id}"),
            "component_id": public_id,
            "component_type": "Component",
            "old_status": _word(facts["old_status"]),
            "new_status": new,
            "created_at": at,
        },
        "component": {name: component[name] for name in _OF_A_CHANGE},
    }


def _event(content: Content) -> dict[str, Any]:
    """An incident or a maintenance, as their API for programs that write has it."""
    is_planned = content.kind == "maintenance"
    facts, entries = content.facts, content.entries
    created_at = _stamp(entries[-1]["at"] if entries else content.at)
    return {
        "incident": {
            "id": content.public_id,
            "name": content.title,
            "status": _state(content.state),
            "created_at": created_at,
            "updated_at": _stamp(content.at),
            "monitoring_at": _since(content, "monitoring"),
            "resolved_at": _resolved_at(content),
            "impact": "maintenance" if is_planned else content.impact or "none",
            "shortlink": content.url,
            "started_at": _stamp(facts.get("started_at") or facts.get("starts_at")) or created_at,
            "page_id": content.known.page_id,
            "reminder_intervals": None,
            "impact_override": None,
            "metadata": {},
            "scheduled_for": _stamp(facts.get("starts_at")),
            "scheduled_until": _stamp(facts.get("ends_at")),
            "scheduled_remind_prior": False,
            "scheduled_reminded_at": None,
            "scheduled_auto_in_progress": is_planned,
            "scheduled_auto_completed": is_planned,
            **_report(content),
            "incident_updates": [_update(entry, content) for entry in entries]
            or [_update(_itself(content), content)],
            "components": _components(content),
        },
    }


def _report(content: Content) -> dict[str, Any]:
    """The postmortem, with the message that tells of it."""
    is_told = content.state == "postmortem"
    at = _stamp(content.at) if is_told else None
    return {
        "postmortem_body": content.text if is_told else None,
        "postmortem_body_last_updated_at": at,
        "postmortem_ignored": False,
        "postmortem_notified_subscribers": is_told,
        "postmortem_notified_twitter": False,
        "postmortem_published_at": at,
    }


def _update(entry: Mapping[str, Any], content: Content) -> dict[str, Any]:
    at = _stamp(entry["at"])
    return {
        "id": entry["id"],
        "status": _state(entry["state"]),
        "body": statuspage.body(markdown.render(entry["text"])),
        "incident_id": content.public_id,
        "created_at": at,
        "updated_at": at,
        "display_at": at,
        "affected_components": None,
        "deliver_notifications": entry.get("is_told", True),
        "custom_tweet": None,
        "tweet_id": None,
    }


def _itself(content: Content) -> dict[str, Any]:
    """What is told now as an entry: receivers index the first, so there is always one."""
    return {
        "id": content.update_id,
        "state": content.state,
        "text": content.text,
        "at": content.at,
    }


def _components(content: Content) -> list[Mapping[str, Any]]:
    """The components with the status that is told; of those that were removed since none is left."""
    found = [(_known(content, one.id), one) for one in content.touched]
    return [{**row, "status": _word(one.status)} for row, one in found if row]


def _known(content: Content, ident: str) -> Mapping[str, Any]:
    return content.known.components.get(ident, {})


def _resolved_at(content: Content) -> str | None:
    """When it was over: a maintenance says so by its state alone."""
    if content.kind == "maintenance":
        return _stamp(content.at) if _state(content.state) == "completed" else None
    return _stamp(content.facts.get("resolved_at"))


def _since(content: Content, state: str) -> str | None:
    times = [entry["at"] for entry in content.entries if entry["state"] == state]
    return _stamp(min(times)) if times else None


def _state(state: str) -> str:
    return _STATES.get(state, state)


def _word(status: str) -> str:
    """The status; what nobody knows is no word of theirs."""
    return Status.OPERATIONAL.value if status == Status.UNKNOWN else status


def _stamp(at: str | None) -> str | None:
    return statuspage.stamp(datetime.fromisoformat(at)) if at else None
