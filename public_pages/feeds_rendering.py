"""From events to the bytes of feeds and calendars, of the page and of a component, by file name.

Called by `feeds`, inside `templating.active`. Reads no database.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter

from django.conf import settings
from django.utils.translation import gettext as _

from public_pages import calendar_file, feeds_writing, wording
from public_pages.calendar_file import Source
from public_pages.feeds_entries import Entry
from public_pages.feeds_reading import WorkView
from public_pages.feeds_writing import Channel
from public_pages.page_views import ComponentView, SiteView

SUFFIXES = (".rss", ".atom", ".ics")
_WRITERS: Mapping[str, Callable[[Channel, Sequence[Entry]], bytes]] = {
    ".rss": feeds_writing.rss,
    ".atom": feeds_writing.atom,
}


def of_page(
    site: SiteView,
    *,
    entries: Iterable[Entry],
    works: Sequence[WorkView],
    changed_at: datetime | None,
) -> Mapping[str, bytes]:
    """Return the feeds and the calendar of the page; `changed_at` is when an event was deleted last."""
    title = wording.site_title(site.name)
    channel = Channel(
        title=_("%(site)s - Incident History") % {"site": title},
        description=_("Incidents and planned work of %(site)s.") % {"site": title},
        author=title,
        page="/",
        stem="/history",
        tag="/history",
        authority=site.feed_authority,
        language=site.language,
        address=site.address,
        scope="" if site.is_main else f"Page/{site.page_id}/",
        changed_at=changed_at,
    )
    name = _("%(site)s - Maintenance") % {"site": title}
    return _feeds(channel, entries) | {"maintenance.ics": _calendar(channel, works, name)}


def of_component(
    site: SiteView,
    component: ComponentView,
    *,
    entries: Iterable[Entry],
    works: Sequence[WorkView],
) -> Mapping[str, bytes]:
    """Return the feeds and the calendar of a component."""
    title = wording.site_title(site.name)
    names = {"site": title, "component": component.name}
    path = f"/components/{component.slug}"
    channel = Channel(
        title=_("%(site)s - %(component)s - Incident History") % names,
        description=_("Incidents and planned work of %(component)s.") % names,
        author=title,
        page=path,
        stem=path,
        tag=f"Component/{component.id}/history",
        authority=site.feed_authority,
        language=site.language,
        address=site.address,
        scope="" if site.is_main else f"Page/{site.page_id}/",
    )
    name = _("%(site)s - %(component)s - Maintenance") % names
    return _feeds(channel, entries) | {f"{path[1:]}.ics": _calendar(channel, works, name)}


def _feeds(channel: Channel, entries: Iterable[Entry]) -> dict[str, bytes]:
    newest_first = sorted(entries, key=attrgetter("told_at"), reverse=True)
    return {
        f"{channel.stem[1:]}{suffix}": write(channel, newest_first)
        for suffix, write in _WRITERS.items()
    }


def _calendar(channel: Channel, works: Sequence[WorkView], title: str) -> bytes:
    source = Source(
        name=channel.author,
        address=channel.address,
        authority=channel.authority,
        mailbox=settings.DEFAULT_FROM_EMAIL,
    )
    return calendar_file.written(works, title=title, source=source)
