"""What a page says as a whole, and of each of its components, for webhooks in Statuspage's form.

Read when such a webhook is written, for one page: four statements, whatever it shows.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from components import pages, v2_rollup, v2_rows
from components.models import Component, Page


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
    by_id = v2_rows.rows(page, own)
    return ToldFacts(
        page_id=page.public_id,
        indicator=found.indicator,
        description=found.description,
        components={str(row.uuid): by_id[row.pk] for row in own},
    )
