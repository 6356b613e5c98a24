"""What machines read: status.json, status/report and status/text.

Called by the publisher. `"stale": false` comes before anything with a name in it: the front turns
it to true in an old file (public_pages.front).
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from components.status import Status
from probing import health
from probing.health import Health
from public_pages.event_views import EventLine, Kind
from public_pages.page_views import (
    AnnouncementView,
    ComponentView,
    NodeView,
    PageView,
    ReplicaView,
    SiteView,
)

_UNKNOWN = "unknown"


def report(page: PageView) -> bytes:
    """Return the health of everything that is measured: components, nodes, replicas by label."""
    return dump(
        {
            "health": page.health,
            **_head(page),
            "probes": [_probe(component) for component in page.components],
            "components": [
                {
                    "name": component.name,
                    "slug": component.slug,
                    "status": component.status,
                    "health": _word(component.health),
                    "nodes": [_node(node) for node in component.nodes],
                }
                for component in page.components
            ],
        }
    )


def text(page: PageView) -> bytes:
    """Return the health of the page in one word."""
    return page.health.encode()


def status_json(page: PageView, percents: Mapping[int, Decimal | None]) -> bytes:
    """Return what the home page says, for machines; `percents` are the uptimes by component id."""
    return dump(
        {
            "status": page.status if page.components else Status.UNKNOWN,
            "health": page.health,
            **_head(page),
            "groups": [
                {
                    "name": group.name or None,
                    "status": group.status,
                    "components": [
                        _component(member, percents[member.id], page.site)
                        for member in group.components
                    ],
                }
                for group in page.groups
            ],
            "announcements": [_announcement(view) for view in page.announcements],
            "incidents": [_event(line, page.site) for line in page.events.open],
            "maintenance": [
                _event(line, page.site) for line in (*page.events.running, *page.events.upcoming)
            ],
        }
    )


def _head(page: PageView) -> dict[str, Any]:
    return {
        "as_of": iso(page.as_of),
        "stale": False,
        "checked_at": iso(page.checked_at),
        "is_demo": page.site.is_demo,
        "page": {
            "name": page.site.name,
            "url": page.site.url(""),
            "time_zone": str(page.site.time_zone),
        },
    }


def _component(component: ComponentView, percent: Decimal | None, site: SiteView) -> dict[str, Any]:
    return {
        "slug": component.slug,
        "name": component.name,
        "description": component.description,
        "status": component.status,
        "since": iso(component.status_since),
        "uptime_90_days": None if percent is None else float(percent),
        "url": site.url(f"/components/{component.slug}"),
    }


def _node(node: NodeView) -> dict[str, Any]:
    return {
        "name": node.name,
        "health": _word(node.health),
        "replicas": [
            {"label": replica.label, "health": _word(replica.health)} for replica in node.replicas
        ],
    }


def _probe(component: ComponentView) -> dict[str, Any]:
    """A component in the words of Vigil's report, which knows of no doubt (protocols P2): each level
    is as bad as what counts below it, as the page is."""
    return {
        "name": component.name,
        "status": _counted(component.replicas),
        "nodes": [
            {
                "name": node.name,
                "status": _counted(node.replicas),
                "replicas": [replica.health or replica.counts_as for replica in node.replicas],
            }
            for node in component.nodes
        ],
    }


def _counted(replicas: Iterable[ReplicaView]) -> Health:
    return health.worst(replica.counts_as for replica in replicas)


def _announcement(view: AnnouncementView) -> dict[str, Any]:
    return {
        "id": view.ident,
        "title": view.title,
        "text": view.text,
        "starts_at": iso(view.starts_at),
        "ends_at": iso(view.ends_at),
    }


def _word(measured: Health | None) -> str:
    return measured or _UNKNOWN


def _event(line: EventLine, site: SiteView) -> dict[str, Any]:
    """An open incident, or work that is going on or coming; `impact` is the worst status it had."""
    is_planned = line.kind is Kind.MAINTENANCE
    return {
        "id": line.ident,
        "title": line.title,
        "state": line.state,
        "impact": line.worst,
        "starts_at" if is_planned else "started_at": iso(line.starts_at),
        **(
            {"ends_at": iso(line.planned_end)}
            if is_planned
            else {"next_update_by": iso(line.next_update_by)}
        ),
        "components": [component.slug for component in line.touched],
        "url": site.url(line.path),
    }


def iso(at: datetime | None) -> str | None:
    """Return a moment as machines read it: 2026-11-19T14:32:00Z."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


def dump(value: dict[str, Any]) -> bytes:
    """Return JSON that people can read too."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ": "), indent=1).encode()
