"""Planned work as a calendar to subscribe to: iCalendar (RFC 5545, 7986) with maintnote properties.

Called by `feeds`; interop 6.2 says what is in it. Only the publisher imports it, and icalendar.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from functools import lru_cache
from typing import Any

from icalendar import Calendar, Event, vCalAddress, vText

from components.page_addresses import PageAddress
from components.status import Status
from incidents import windows
from public_pages import feeds_text
from public_pages.event_views import TouchedView
from public_pages.feeds_reading import WorkView

_PRODUCT = "-//Candor//Candor status page//EN"
_END = b"END:VCALENDAR\r\n"
_REFRESH = timedelta(hours=1)
_REFRESH_TEXT = "PT1H"
# The expired draft "maintnote" (draft-gunter-calext-maintenance-notifications), which programs of
# network operators read.
_STATES: Mapping[windows.State, str] = {
    windows.State.SCHEDULED: "CONFIRMED",
    windows.State.IN_PROGRESS: "IN-PROCESS",
    windows.State.VERIFICATION: "IN-PROCESS",
    windows.State.COMPLETED: "COMPLETED",
    windows.State.CANCELLED: "CANCELLED",
}
_NO_IMPACT, _DEGRADED, _OUTAGE = "NO-IMPACT", "DEGRADED", "OUTAGE"
_IMPACTS: Mapping[Status, str] = {
    Status.OPERATIONAL: _NO_IMPACT,
    Status.DEGRADED_PERFORMANCE: _DEGRADED,
    Status.PARTIAL_OUTAGE: _DEGRADED,
}
_IN_ORDER = (_NO_IMPACT, _DEGRADED, _OUTAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who publishes the calendar: the page by its name, where it is, and the host in ids of events."""

    name: str
    address: PageAddress
    authority: str
    mailbox: str


def written(works: Sequence[WorkView], *, title: str, source: Source) -> bytes:
    """Return a calendar of planned work; an empty one is valid for every program that reads these."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", _PRODUCT)
    calendar.add("method", "PUBLISH")
    calendar.add("name", _text(title))
    calendar.add("x-wr-calname", _text(title))
    calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", _REFRESH_TEXT)
    head, end, _ = calendar.to_ical().rpartition(_END)
    return b"".join([head, *(_event(work, source) for work in works), end])


@lru_cache(maxsize=2048)
def _event(work: WorkView, source: Source) -> bytes:
    """The lines of one event. It takes a millisecond, and most have not changed since the last time."""
    address = source.address.url(work.path)
    is_cancelled = work.state == windows.State.CANCELLED
    event = Event()
    event.add("uid", f"{work.ident}@{source.authority}")
    event.add("dtstamp", _whole(work.changed_at))
    event.add("created", _whole(work.created_at))
    event.add("last-modified", _whole(work.changed_at))
    event.add("dtstart", _whole(work.starts_at))
    event.add("dtend", _whole(work.ends_at))
    event.add("sequence", work.sequence)
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    event.add("summary", _text(feeds_text.line(work.title)))
    event.add("description", _text(f"{feeds_text.plain(work.html)}\n\n{address}".strip()))
    event.add("url", address)
    if work.touched:
        event.add("categories", [feeds_text.line(each.name) for each in work.touched])
    event.add("organizer", _organizer(source))
    _add_maintnote(event, work, source)
    return bytes(event.to_ical())


def _add_maintnote(event: Event, work: WorkView, source: Source) -> None:
    impacts = [_impact(component) for component in work.touched]
    event.add("x-maintnote-provider", _text(source.authority))
    event.add("x-maintnote-account", _text(source.name))
    event.add("x-maintnote-maintenance-id", _text(work.ident))
    for component, impact in zip(work.touched, impacts, strict=True):
        event.add(
            "x-maintnote-object-id",
            _text(component.slug),
            parameters={"X-MAINTNOTE-OBJECT-IMPACT": impact},
        )
    event.add("x-maintnote-impact", max(impacts, key=_IN_ORDER.index, default=_NO_IMPACT))
    event.add("x-maintnote-status", _STATES[work.state])


def _impact(component: TouchedView) -> str:
    return _IMPACTS.get(component.status or Status.UNDER_MAINTENANCE, _OUTAGE)


def _organizer(source: Source) -> Any:
    _, address = parseaddr(feeds_text.line(source.mailbox))
    organizer = vCalAddress(f"mailto:{address or f'status@{source.authority}'}")
    organizer.params["CN"] = feeds_text.line(source.name)
    return organizer


def _text(text: str) -> Any:
    """A text that is escaped also in properties that the library does not know."""
    return vText(feeds_text.clean(text))


def _whole(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)
