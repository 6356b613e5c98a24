"""The feeds and the calendar of a customer page, made for one request like the rest of it.

Loaded when the first one is asked for (`showing`): what writes calendars costs 0.1 s and 9 MB.
"""

from collections.abc import Iterable, Mapping, Sequence

from public_pages import feeds_entries, feeds_reading, feeds_rendering, projecting, templating
from public_pages.event_source import EventSource, EventView
from public_pages.event_views import Kind, MaintenanceView
from public_pages.feeds_reading import Told
from public_pages.page_views import ComponentView, PageView


def of_page(page: PageView, shown: frozenset[int]) -> Mapping[str, bytes]:
    """Return the feeds and the calendar of a page that shows these components, by file name."""
    source, site = EventSource(), page.site
    chosen = source.chosen(now=page.as_of)
    told = feeds_reading.of_some(chosen, shown)
    works = source.planned(now=page.as_of)
    with templating.active(site):
        return feeds_rendering.of_page(
            site,
            entries=[
                feeds_entries.made(view, site=site) for view in _own(told, source, page, shown)
            ],
            works=feeds_reading.shown_works(works, site=site, shown=shown),
            changed_at=None,
        )


def of_component(
    page: PageView, shown: frozenset[int], component: ComponentView
) -> Mapping[str, bytes]:
    """Return the feeds and the calendar of one component of the page, by file name."""
    source, site = EventSource(), page.site
    told = source.chosen(now=page.as_of).components[component.id]
    works = feeds_reading.shown_works(source.planned(now=page.as_of), site=site, shown=shown)
    with templating.active(site):
        return feeds_rendering.of_component(
            site,
            component,
            entries=[
                feeds_entries.made(view, site=site) for view in _own(told, source, page, shown)
            ],
            works=[
                work for work in works if component.id in {touched.id for touched in work.touched}
            ],
        )


def _own(
    told: Sequence[Told], source: EventSource, page: PageView, shown: frozenset[int]
) -> Iterable[EventView]:
    for kind in Kind:
        for view in source.views(kind, [one.pk for one in told if one.kind is kind]):
            own: EventView | None
            if isinstance(view, MaintenanceView):
                own = projecting.maintenance(view, site=page.site, shown=shown)
            else:
                own = projecting.incident(view, site=page.site, shown=shown)
            if own is not None:
                yield own
