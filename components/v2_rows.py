"""Components as rows of Statuspage's documents for programs that write, and of its webhooks (interop 1.2).

The keys and their order are theirs. The documents of the pages themselves are made from the read model.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from common.statuspage import stamp
from components.models import Component, Page
from components.status import Status


def rows(page: Page, components: Collection[Component]) -> Mapping[int, dict[str, Any]]:
    """The row of each component on a page, by its primary key; they come in the order of the page.

    Positions are counted in each group by itself, of those without one behind the groups. A status
    that nobody knows is no word of theirs. Each component brings its group.
    """
    groups = {one.group_id for one in components if one.group_id}
    counted: Counter[int | None] = Counter({None: len(groups)})
    zone = ZoneInfo(page.time_zone)
    found = {}
    for one in components:
        counted[one.group_id] += 1
        found[one.pk] = _row(one, page, zone, counted[one.group_id])
    return found


def _row(one: Component, page: Page, zone: ZoneInfo, position: int) -> dict[str, Any]:
    status = one.shown_status
    return {
        "id": one.public_id,
        "name": one.name,
        "status": (Status.OPERATIONAL if status is Status.UNKNOWN else status).value,
        "created_at": stamp(one.created_at),
        "updated_at": stamp(max(one.status_since or one.created_at, one.created_at)),
        "position": position,
        "description": one.description or None,
        "showcase": True,
        "start_date": f"{one.created_at.astimezone(zone):%Y-%m-%d}",
        "group_id": one.group.public_id if one.group else None,
        "page_id": page.public_id,
        "group": False,
        "only_show_if_degraded": False,
    }
