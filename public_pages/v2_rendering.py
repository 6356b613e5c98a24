"""The documents of Statuspage's status API, version 2 (interop 1.1-1.4), from the read model.

Shapes, names and their order are theirs, so that programs that know Statuspage read them as they
are. Every time has exactly three digits of a second: strict clients know no other form. A status that
nobody knows has no word there: a component keeps the last one that was seen, and the description of
the page says that it cannot be confirmed.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from common.statuspage import body, stamp
from components import v2_rollup
from components.status import Status
from components.uptime import Change
from components.v2_rollup import Rollup
from incidents import lifecycle, windows
from public_pages.event_views import ChipView, IncidentView, MaintenanceView, UpdateView
from public_pages.page_views import ComponentView, GroupView, PageView
from public_pages.v2_reading import MOST, PageFact, V2Facts, Written

# Their words for verification, and for cancelled work, which they do not know.
_STATES = {windows.State.VERIFICATION: "verifying", windows.State.CANCELLED: "completed"}
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class V2Page:
    """Everything that the documents of one page are made from; events are cut to it already.

    `incidents` and `works` are the most recent ones, in any order.
    """

    page: PageView
    fact: PageFact
    facts: V2Facts
    incidents: Sequence[IncidentView]
    works: Sequence[MaintenanceView]


def documents(model: V2Page) -> Mapping[str, bytes]:
    """Return all documents by file name, like api/v2/summary.json."""
    incidents = _newest([(_incident(view, model), view) for view in model.incidents])
    works = [_maintenance(view, model) for view in sorted(model.works, key=_start, reverse=True)]
    components = _components(model)
    head = {"page": _page(model, [*components, *incidents, *works])}
    status = {"status": _status(model)}
    unresolved = [one for one in incidents if one["status"] not in {"resolved", "postmortem"}]
    resolved = [one for one in incidents if one["status"] in {"resolved", "postmortem"}]
    planned = [one for one in works if one["status"] == "scheduled"]
    active = [one for one in works if one["status"] in {"in_progress", "verifying"}]
    made: dict[str, Json] = {
        "summary": {
            **head,
            "components": components,
            "incidents": unresolved,
            "scheduled_maintenances": [*active, *reversed(planned)],
            **status,
        },
        "status": {**head, **status},
        "components": {**head, "components": components},
        "incidents": {**head, "incidents": incidents[:MOST]},
        "incidents/unresolved": {**head, "incidents": unresolved},
        "incidents/resolved": {**head, "incidents": resolved[:MOST]},
        "scheduled-maintenances": {**head, "scheduled_maintenances": works[:MOST]},
        "scheduled-maintenances/upcoming": {**head, "scheduled_maintenances": planned[:MOST]},
        "scheduled-maintenances/active": {**head, "scheduled_maintenances": active},
    }
    return {f"api/v2/{name}.json": _dump(document) for name, document in made.items()}


def last_known(status: Status, changes: Sequence[Change]) -> Status:
    """Return a status that has a word there: of one that nobody knows, the last one that was seen."""
    if status is not Status.UNKNOWN:
        return status
    seen = (change.status for change in reversed(changes))
    return next((one for one in seen if one is not Status.UNKNOWN), Status.OPERATIONAL)


# ---- pieces ------------------------------------------------------------------------------------


def _page(model: V2Page, rows: Iterable[Json]) -> Json:
    site = model.page.site
    return {
        "id": model.fact.public_id,
        "name": site.name,
        "url": site.url("").rstrip("/"),
        "time_zone": str(site.time_zone),
        "updated_at": max((row["updated_at"] for row in rows), default=stamp(_NEVER)),
    }


def _status(model: V2Page) -> Json:
    components = model.page.components
    impacts = [view.impact.value for view in model.incidents if view.state.is_open]
    found = v2_rollup.rollup(
        [last_known(one.status, one.changes) for one in components],
        impacts if model.fact.counts_incidents else (),
        tells_maintenance=model.fact.tells_maintenance,
    )
    if found.indicator == "none" and any(one.status is Status.UNKNOWN for one in components):
        found = Rollup("none", "Current Status Cannot Be Confirmed")
    return {"indicator": found.indicator, "description": found.description}


def _components(model: V2Page) -> list[Json]:
    rows: list[Json] = []
    top = 0
    for group in model.page.groups:
        leaves = [one for one in group.components if one.id in model.facts.components]
        if group.name and leaves:
            top += 1
            rows.append(_group(group, leaves, model, position=top))
            rows += [
                _component(one, model, position=place) for place, one in enumerate(leaves, start=1)
            ]
        else:
            for one in leaves:
                top += 1
                rows.append(_component(one, model, position=top))
    return rows


def _component(view: ComponentView, model: V2Page, *, position: int) -> Json:
    fact = model.facts.components[view.id]
    changed_at = max(view.status_since or fact.created_at, fact.created_at)
    return {
        "id": fact.public_id,
        "name": view.name,
        "status": last_known(view.status, view.changes).value,
        "created_at": stamp(fact.created_at),
        "updated_at": stamp(changed_at),
        "position": position,
        "description": view.description or None,
        "showcase": True,
        "start_date": f"{fact.created_at.astimezone(model.page.site.time_zone):%Y-%m-%d}",
        "group_id": fact.group_id or None,
        "page_id": model.fact.public_id,
        "group": False,
        "only_show_if_degraded": False,
    }


def _group(
    group: GroupView, leaves: Sequence[ComponentView], model: V2Page, *, position: int
) -> Json:
    facts = [model.facts.components[one.id] for one in leaves]
    changed = [one.status_since for one in leaves if one.status_since]
    created_at = min(fact.created_at for fact in facts)
    return {
        "id": facts[0].group_id,
        "name": group.name,
        "status": v2_rollup.group_status(
            [last_known(one.status, one.changes) for one in leaves]
        ).value,
        "created_at": stamp(created_at),
        "updated_at": stamp(max([created_at, *changed])),
        "position": position,
        "description": None,
        "showcase": False,
        "start_date": None,
        "group_id": None,
        "page_id": model.fact.public_id,
        "group": True,
        "only_show_if_degraded": False,
        "components": [fact.public_id for fact in facts],
    }


def _incident(view: IncidentView, model: V2Page) -> Json:
    written = model.facts.events.get(view.ident) or _written_at(view.started_at)
    created_at = view.started_at if view.is_retroactive else written.created_at
    return {
        "id": view.ident,
        "name": view.title,
        "status": view.state.value,
        "created_at": stamp(created_at),
        "updated_at": stamp(_changed_at(view, created_at, model)),
        "monitoring_at": stamp(_first_at(view.updates, lifecycle.State.MONITORING)),
        "resolved_at": stamp(view.ended_at),
        "impact": view.impact.value,
        "shortlink": model.page.site.url(view.path),
        "started_at": stamp(view.started_at),
        "page_id": model.fact.public_id,
        "incident_updates": _updates(view, view.state.value, "", view.started_at, model),
        "components": _touched(view, model),
        "reminder_intervals": None,
    }


def _changed_at(view: IncidentView, created_at: datetime, model: V2Page) -> datetime:
    """When what the page tells of it changed last: its row changes with updates for other pages, too."""
    entries = [model.facts.entries.get(entry.ident) for entry in view.updates]
    return max([created_at, *(entry.changed_at for entry in entries if entry)])


def _maintenance(view: MaintenanceView, model: V2Page) -> Json:
    written = model.facts.events.get(view.ident) or _written_at(view.starts_at)
    state = _word(view.state)
    return {
        "id": view.ident,
        "name": view.title,
        "status": state,
        "created_at": stamp(written.created_at),
        "updated_at": stamp(written.changed_at),
        "monitoring_at": None,
        "resolved_at": stamp(view.ended_at) if view.state.is_over else None,
        "impact": "maintenance",
        "shortlink": model.page.site.url(view.path),
        "started_at": stamp(view.started_at or view.starts_at),
        "page_id": model.fact.public_id,
        "incident_updates": _updates(view, state, view.html, written.created_at, model),
        "components": _touched(view, model),
        "scheduled_for": stamp(view.starts_at),
        "scheduled_until": stamp(view.ends_at),
    }


def _updates(
    view: IncidentView | MaintenanceView, state: str, html: str, at: datetime, model: V2Page
) -> list[Json]:
    """The entries, newest first; never none, for a strict client indexes the first."""
    found = [_update(entry, view.ident, model) for entry in view.updates]
    return found or [
        _entry(view.ident, view.ident, state, html, _written_at(at), shown_at=at, chips=None)
    ]


def _update(entry: UpdateView, event_id: str, model: V2Page) -> Json:
    written = model.facts.entries.get(entry.ident) or _written_at(entry.at)
    chips = [_chip(chip, model) for chip in entry.chips] or None
    return _entry(
        entry.ident,
        event_id,
        _word(entry.state),
        entry.html,
        written,
        shown_at=entry.at,
        chips=chips,
    )


def _entry(
    ident: str,
    event_id: str,
    state: str,
    html: str,
    written: Written,
    *,
    shown_at: datetime,
    chips: list[Json] | None,
) -> Json:
    return {
        "id": ident,
        "status": state,
        "body": body(html),
        "incident_id": event_id,
        "created_at": stamp(written.created_at),
        "updated_at": stamp(written.changed_at),
        "display_at": stamp(shown_at),
        "affected_components": chips,
        "deliver_notifications": written.is_told,
        "custom_tweet": None,
        "tweet_id": None,
    }


def _chip(chip: ChipView, model: V2Page) -> Json:
    fact = model.facts.components.get(chip.component_id) if chip.component_id else None
    if fact is None:  # removed since: nothing is left to point at
        return {"name": chip.name}
    return {
        "code": fact.public_id,
        "name": f"{fact.group_name} - {chip.name}" if fact.group_name else chip.name,
        "old_status": last_known(chip.previous, ()).value,
        "new_status": last_known(chip.status, ()).value,
    }


def _touched(view: IncidentView | MaintenanceView, model: V2Page) -> list[Json]:
    """The components with their present status, as they have it."""
    wanted = {one.id for one in view.touched}
    found = {
        one.id: _component(one, model, position=place)
        for group in model.page.groups
        for place, one in enumerate(group.components, start=1)
        if one.id in wanted and one.id in model.facts.components
    }
    return [found[one.id] for one in view.touched if one.id in found]


def _newest(found: Sequence[tuple[Json, IncidentView]]) -> list[Json]:
    """Open ones first, the newest in front; then by when they were resolved."""

    def order(pair: tuple[Json, IncidentView]) -> tuple[bool, float, str]:
        made, view = pair
        is_open = view.state.is_open
        at = view.started_at if is_open or view.ended_at is None else view.ended_at
        return (not is_open, -at.timestamp(), made["id"])

    return [made for made, _ in sorted(found, key=order)]


def _start(view: MaintenanceView) -> tuple[datetime, str]:
    return view.starts_at, view.ident


def _word(state: lifecycle.State | windows.State) -> str:
    return _STATES.get(state, state.value) if isinstance(state, windows.State) else state.value


def _first_at(updates: Sequence[UpdateView], state: lifecycle.State) -> datetime | None:
    return min((one.at for one in updates if one.state is state and one.is_change), default=None)


def _written_at(at: datetime) -> Written:
    return Written(created_at=at, changed_at=at)


def _dump(document: Json) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
