"""What a page says as a whole, and of each of its components, for webhooks in Statuspage's form.

Read when such a webhook is written, for one page: four statements, whatever it shows.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from common.statuspage import stamp
from components import pages, v2_rollup
from components.models import Component, Page
from components.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldFacts:
    """A page as programs know it; `components` are those it shows, by what `Touched.id` says."""

    page_id: str = ""
    indicator: str = v2_rollup.FINE.indicator
    description: str = v2_rollup.FINE.description
    components: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


NOTHING = ToldFacts()


def read(*, page_id: int, impacts: Collection[str] = ()) -> ToldFacts:
    """Read a page; `impacts` are those of incidents that are open on it, as far as they are known."""
    page = Page.objects.get(pk=page_id)
    shown = pages.shown_ids(page)
    rows = Component.objects.visible().in_page_order().select_related("group")
    own = [row for row in rows if row.pk in shown]
    found = v2_rollup.rollup(
        [row.shown_status for row in own],
        impacts if page.v2_counts_incidents else (),
        tells_maintenance=page.v2_tells_maintenance,
    )
    places = _places(own)
    return ToldFacts(
        page_id=page.public_id,
        indicator=found.indicator,
        description=found.description,
        components={str(row.uuid): _component(row, page, places[row.pk]) for row in own},
    )


def _places(rows: Collection[Component]) -> Mapping[int, int]:
    """Positions as Statuspage counts them: in each group by itself, those without one after groups."""
    groups = {row.group_id for row in rows if row.group_id}
    counted: Counter[int | None] = Counter({None: len(groups)})
    places = {}
    for row in rows:
        counted[row.group_id] += 1
        places[row.pk] = counted[row.group_id]
    return places


def _component(row: Component, page: Page, position: int) -> dict[str, Any]:
    status = row.shown_status
    return {
        "id": row.public_id,
        "name": row.name,
        "status": (Status.OPERATIONAL if status is Status.UNKNOWN else status).value,
        "created_at": stamp(row.created_at),
        "updated_at": stamp(max(row.status_since or row.created_at, row.created_at)),
        "position": position,
        "description": row.description or None,
        "showcase": True,
        "start_date": f"{row.created_at.astimezone(ZoneInfo(page.time_zone)):%Y-%m-%d}",
        "group_id": row.group.public_id if row.group else None,
        "page_id": page.public_id,
        "group": False,
        "only_show_if_degraded": False,
    }
