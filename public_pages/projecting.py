"""From the world to what one page shows of it: pure rules on values that were read once.

A page shows its own components, and of an event only its own part (reliability A12, B8):

- an event is on it when it touches a component of the page, and one that touches none is on pages
  that show everything, unless it touched one that only some pages chose;
- the chips and the impact speak of its components alone;
- updates and announcements for single pages are on those alone.

What is cut out here is all that the renderers of a page ever see. Days and windows are those of the
page's own zone.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from common import timespan
from components.status import Status
from components.uptime import Change
from incidents.lifecycle import Impact
from public_pages import affected, event_days
from public_pages.event_views import (
    AsideView,
    EventLine,
    HomeEvents,
    IncidentView,
    Kind,
    MaintenanceView,
    SeenView,
    TouchedView,
    UpdateView,
)
from public_pages.page_views import (
    AnnouncementView,
    ComponentView,
    DetailView,
    GroupView,
    PageView,
    SiteView,
)
from public_pages.warning import NOT_DEAD

HISTORY_DAYS = 90
YEAR_DAYS = 365
_NOTHING_SEEN = SeenView()


def page(world: PageView, *, site: SiteView, shown: frozenset[int]) -> PageView:
    """Return what a page shows of the world; `shown` are the ids of its components."""
    now = world.as_of
    since = days_ago(HISTORY_DAYS - 1, now=now, time_zone=site.time_zone)
    groups = _groups(world.groups, shown=shown, since=since)
    announcements = [view for view in world.announcements if _is_on(view, site)]
    events = _home(world, site=site, shown=shown)
    # Only the main page speaks of the health of the installation (U1).
    warning = world.warning if site.is_main else NOT_DEAD
    starts_and_ends = [at for view in announcements for at in (view.starts_at, view.ends_at)]
    moments = (warning.due_at, *starts_and_ends, *events.promised)
    checked = (member.checked_at for group in groups for member in group.components)
    return replace(
        world,
        site=site,
        groups=groups,
        checked_at=max((at for at in checked if at), default=None),
        announcements=tuple(
            replace(view, pages=frozenset(), is_for_some=False)
            for view in announcements
            if view.starts_at <= now
        ),
        events=events,
        warning=warning,
        changes_at=min((at for at in moments if at and at > now), default=None),
    )


def detail(view: DetailView, *, site: SiteView, shown: frozenset[int], now: datetime) -> DetailView:
    """Return what a component's page says on one page."""
    since = days_ago(YEAR_DAYS - 1, now=now, time_zone=site.time_zone)
    listed = days_ago(HISTORY_DAYS - 1, now=now, time_zone=site.time_zone)
    return replace(
        view,
        changes=trimmed(view.changes, since=since),
        incidents=tuple(
            line
            for line in lines(view.incidents, site=site, shown=shown)
            if line.is_open or line.starts_at >= listed
        ),
    )


def lines(
    world: Iterable[EventLine], *, site: SiteView, shown: frozenset[int]
) -> tuple[EventLine, ...]:
    """Return the events that a page lists, in the order they are given in, each cut to it."""
    found = (_line(one, site=site, shown=shown) for one in world)
    return tuple(line for line in found if line is not None)


def incident(view: IncidentView, *, site: SiteView, shown: frozenset[int]) -> IncidentView | None:
    """Return an incident as a page tells it; None when the page does not show it."""
    touched = _own(view.touched, shown)
    if not is_told(view.touched, touched, dedicated=view.dedicated, site=site):
        return None
    chips = [chip for update in view.updates for chip in update.chips]
    says_all = _says_all(
        view.touched,
        touched,
        [(chip.component_id, chip.status) for chip in chips],
        gone=_gone(view, shown),
    )
    return replace(
        view,
        touched=touched,
        updates=_updates(view.updates, site=site, shown=shown),
        impact=view.impact if says_all else Impact.NONE,
        dedicated=frozenset(),
    )


def maintenance(
    view: MaintenanceView, *, site: SiteView, shown: frozenset[int]
) -> MaintenanceView | None:
    """Return planned work as a page tells it; None when the page does not show it."""
    touched = _own(view.touched, shown)
    if not is_told(view.touched, touched, dedicated=view.dedicated, site=site):
        return None
    return replace(
        view,
        touched=touched,
        updates=_updates(view.updates, site=site, shown=shown),
        dedicated=frozenset(),
    )


def is_told(
    every: tuple[TouchedView, ...],
    touched: tuple[TouchedView, ...],
    *,
    dedicated: frozenset[int],
    site: SiteView,
) -> bool:
    """Whether a page tells of an event that touches `every`, of which `touched` are its own.

    What touches none concerns everybody, unless it touched one that only some pages chose.
    """
    return bool(touched) or (site.is_general and not every and not dedicated)


def days_ago(days: int, *, now: datetime, time_zone: ZoneInfo) -> datetime:
    """Return the start of the calendar day so many days before today, in a zone."""
    day = now.astimezone(time_zone).date() - timedelta(days=days)
    return timespan.day_start(day, time_zone=time_zone)


def trimmed(changes: tuple[Change, ...], *, since: datetime) -> tuple[Change, ...]:
    """Return the changes since a moment, led by the one that held at it."""
    before = sum(1 for change in changes if change.at < since)
    return changes[before - 1 :] if before > 1 else changes


def _groups(
    groups: Iterable[GroupView], *, shown: frozenset[int], since: datetime
) -> tuple[GroupView, ...]:
    found = []
    for group in groups:
        members = tuple(
            _component(member, since=since) for member in group.components if member.id in shown
        )
        if members:
            found.append(replace(group, components=members))
    return tuple(found)


def _component(view: ComponentView, *, since: datetime) -> ComponentView:
    changes = trimmed(view.changes, since=since)
    return view if changes is view.changes else replace(view, changes=changes)


def _is_on(view: AnnouncementView, site: SiteView) -> bool:
    # Chosen pages that are gone, or not written yet, are not every page.
    return site.page_id in view.pages if view.pages or view.is_for_some else True


def _home(world: PageView, *, site: SiteView, shown: frozenset[int]) -> HomeEvents:
    since = days_ago(event_days.RECENT_DAYS - 1, now=world.as_of, time_zone=site.time_zone)
    events = world.events
    open_ones = lines(events.open, site=site, shown=shown)
    return HomeEvents(
        open=tuple(
            sorted(open_ones, key=lambda line: (-line.worst.rank, -line.starts_at.timestamp()))
        ),
        running=lines(events.running, site=site, shown=shown),
        upcoming=lines(events.upcoming, site=site, shown=shown),
        recent=lines(
            (line for line in events.recent if line.starts_at >= since), site=site, shown=shown
        ),
    )


def _line(line: EventLine, *, site: SiteView, shown: frozenset[int]) -> EventLine | None:
    touched = _own(line.touched, shown)
    if not is_told(line.touched, touched, dedicated=line.dedicated, site=site):
        return None
    seen = line.seen or _NOTHING_SEEN
    cut = replace(line, touched=touched, seen=None, dedicated=frozenset())
    if line.kind is Kind.INCIDENT and line.seen is not None:
        cut = replace(cut, worst=_worst(line, touched, seen, site=site, shown=shown))
    aside = next((one for one in seen.asides if one.page_id == site.page_id), None)
    return _with_aside(cut, aside, seen.said_at) if aside else cut


def _with_aside(line: EventLine, aside: AsideView, said_at: datetime | None) -> EventLine:
    is_newer = bool(aside.html) and (said_at is None or aside.at >= said_at)
    return replace(
        line,
        html=aside.html if is_newer else line.html,
        updates=line.updates + aside.count,
    )


def _worst(
    line: EventLine,
    touched: tuple[TouchedView, ...],
    seen: SeenView,
    *,
    site: SiteView,
    shown: frozenset[int],
) -> Status:
    own = [status for ident, status in seen.shown if _is_shown(ident, site=site, shown=shown)]
    said = [component.status for component in touched]
    says_all = _says_all(line.touched, touched, seen.shown, gone=_gone(line, shown))
    return affected.impact([*own, *said, *([seen.claimed] if says_all else [])])


def _says_all(
    every: tuple[TouchedView, ...],
    touched: tuple[TouchedView, ...],
    shown: Iterable[tuple[int | None, Status]],
    *,
    gone: bool,
) -> bool:
    """Whether what an incident says of itself as a whole holds for the page.

    It does when the page shows everything that is touched, or when nothing is said of any
    component by itself. Else it may speak of somebody else's; also of one that is `gone`.
    """
    if gone:
        return False
    if len(every) == len(touched):
        return True
    said = [*(component.status for component in every), *(status for _, status in shown)]
    return affected.impact(said) == Status.OPERATIONAL


def _gone(event: IncidentView | EventLine, shown: frozenset[int]) -> bool:
    """Whether it spoke of a component that some pages had chosen and none can show any more."""
    return bool(event.dedicated - shown - {component.id for component in event.touched})


def _is_shown(ident: int | None, *, site: SiteView, shown: frozenset[int]) -> bool:
    """Whether a page names a component; one that was removed since belongs to no part.

    Of those that only some pages had chosen nothing is read any more (`events.SHOWN`).
    """
    return site.is_general if ident is None else ident in shown


def _own(touched: tuple[TouchedView, ...], shown: frozenset[int]) -> tuple[TouchedView, ...]:
    return tuple(component for component in touched if component.id in shown)


def _updates(
    updates: Iterable[UpdateView], *, site: SiteView, shown: frozenset[int]
) -> tuple[UpdateView, ...]:
    return tuple(
        replace(
            update,
            audience=None,
            chips=tuple(
                chip
                for chip in update.chips
                if _is_shown(chip.component_id, site=site, shown=shown)
            ),
        )
        for update in updates
        if update.audience is None or update.audience == site.page_id
    )
