"""What machines read: status.json, status/report and status/text.

Called by the publisher. `"stale": false` comes before anything with a name in it: the front turns
it to true in an old file (public_pages.front).
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from components.status import Status
from probing.health import Health
from public_pages.reading import ComponentView, NodeView, PageView

_UNKNOWN = "unknown"


def report(page: PageView) -> bytes:
    """Return the health of everything that is measured: components, nodes, replicas by label."""
    return _dump(
        {
            "health": page.health,
            **_head(page),
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
    return _dump(
        {
            "status": page.status if page.components else Status.UNKNOWN,
            "health": page.health,
            **_head(page),
            "groups": [
                {
                    "name": group.name or None,
                    "status": group.status,
                    "components": [
                        _component(member, percents[member.id]) for member in group.components
                    ],
                }
                for group in page.groups
            ],
        }
    )


def _head(page: PageView) -> dict[str, Any]:
    return {
        "as_of": _iso(page.as_of),
        "stale": False,
        "checked_at": _iso(page.checked_at),
        "is_demo": page.site.is_demo,
        "page": {
            "name": page.site.name,
            "url": settings.CANDOR_ORIGIN,
            "time_zone": str(page.site.time_zone),
        },
    }


def _component(component: ComponentView, percent: Decimal | None) -> dict[str, Any]:
    return {
        "slug": component.slug,
        "name": component.name,
        "description": component.description,
        "status": component.status,
        "since": _iso(component.status_since),
        "uptime_90_days": None if percent is None else float(percent),
        "url": f"{settings.CANDOR_ORIGIN}/components/{component.slug}",
    }


def _node(node: NodeView) -> dict[str, Any]:
    return {
        "name": node.name,
        "health": _word(node.health),
        "replicas": [
            {"label": replica.label, "health": _word(replica.health)} for replica in node.replicas
        ],
    }


def _word(health: Health | None) -> str:
    return health or _UNKNOWN


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


def _dump(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ": "), indent=1).encode()
