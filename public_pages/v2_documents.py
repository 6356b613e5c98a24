"""Statuspage's documents of one page: its own part of the newest events, as `v2_rendering` writes it.

For the files of public pages (`v2_files`) and for customer pages, which are made for each request.
"""

from collections.abc import Mapping, Sequence

from public_pages import projecting, v2_reading, v2_rendering
from public_pages.event_source import EventSource
from public_pages.event_views import IncidentView, Kind, MaintenanceView
from public_pages.page_views import PageView
from public_pages.v2_reading import MOST, V2Facts
from public_pages.v2_rendering import V2Page

# Events are read once for all pages: so many of the newest ones of the whole installation.
_READ = 300


def documents(page: PageView, source: EventSource) -> Mapping[str, bytes]:
    """Return the documents of a page by file name."""
    shown = frozenset(component.id for component in page.components)
    incidents, works = _recent(source)
    own_incidents = [projecting.incident(view, site=page.site, shown=shown) for view in incidents]
    own_works = [projecting.maintenance(view, site=page.site, shown=shown) for view in works]
    return v2_rendering.documents(
        V2Page(
            page=page,
            fact=source.page_facts()[page.site.page_id],
            facts=_facts(source),
            incidents=_first([view for view in own_incidents if view]),
            works=[view for view in own_works if view][: MOST * 2],
        )
    )


def _recent(source: EventSource) -> tuple[Sequence[IncidentView], Sequence[MaintenanceView]]:
    found = {kind: source.views(kind, source.newest(kind, _READ)) for kind in Kind}
    return (
        [view for view in found[Kind.INCIDENT] if isinstance(view, IncidentView)],
        [view for view in found[Kind.MAINTENANCE] if isinstance(view, MaintenanceView)],
    )


def _facts(source: EventSource) -> V2Facts:
    def read() -> V2Facts:
        incidents, works = _recent(source)
        return v2_reading.facts(
            incident_ids=[view.ident for view in incidents],
            maintenance_ids=[view.ident for view in works],
        )

    return source.once("v2 facts", read)


def _first(views: Sequence[IncidentView]) -> list[IncidentView]:
    """All that are open, and the newest of the others."""
    open_ones = [view for view in views if view.state.is_open]
    over = [view for view in views if not view.state.is_open]
    return [*open_ones, *over[:MOST]]
