"""From an event to the entry of a feed, in the markup that readers of Statuspage's feeds know (interop 6.1).

The words for states and the notice before planned work are never translated: bots take the state
from the first `<strong>`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from incidents import lifecycle, windows
from public_pages import feeds_text, times
from public_pages.event_views import IncidentView, MaintenanceView, UpdateView
from public_pages.page_views import SiteView

_UPDATE = "Update"
_STATES: Mapping[str, str] = {
    lifecycle.State.INVESTIGATING: "Investigating",
    lifecycle.State.IDENTIFIED: "Identified",
    lifecycle.State.MONITORING: "Monitoring",
    lifecycle.State.RESOLVED: "Resolved",
    lifecycle.State.POSTMORTEM: "Postmortem",
}
# There is no word for cancelled work in those feeds: it is over.
_STEPS: Mapping[str, str] = {
    windows.Kind.SCHEDULED: "Scheduled",
    windows.Kind.STARTED: "In progress",
    windows.Kind.VERIFICATION: "Verifying",
    windows.Kind.COMPLETED: "Completed",
    windows.Kind.CANCELLED: "Completed",
}
WORDS = frozenset({_UPDATE, *_STATES.values(), *_STEPS.values()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event as feeds have it. `html` has one paragraph an update, newest first.

    `told_at` is when something was said last, `updated` also when it was corrected. Planned work
    has its `window`, and a `notice` that RSS puts before its paragraphs.
    """

    ident: str
    path: str
    title: str
    published: datetime
    told_at: datetime
    updated: datetime
    html: str
    notice: str = ""
    window: tuple[datetime, datetime] | None = None


def made(view: IncidentView | MaintenanceView, *, site: SiteView) -> Entry:
    """Return the entry of an event as a page tells it; call inside `templating.active`."""
    return _incident(view, site) if isinstance(view, IncidentView) else _maintenance(view)


def _incident(view: IncidentView, site: SiteView) -> Entry:
    paragraphs = [
        _paragraph(update, _state_word(update), _told(view, update, site))
        for update in view.updates
    ]
    return _entry(view, view.started_at, paragraphs)


def _maintenance(view: MaintenanceView) -> Entry:
    paragraphs = [
        _paragraph(update, _STEPS.get(update.title, _UPDATE), _step(view, update))
        for update in view.updates
    ]
    return _entry(
        view,
        view.starts_at,
        paragraphs,
        notice=f"<p><strong>THIS IS A SCHEDULED EVENT {_window(view)}</strong></p>",
        window=(view.starts_at, view.ends_at),
    )


def _entry(
    view: IncidentView | MaintenanceView,
    at: datetime,
    paragraphs: Sequence[str],
    *,
    notice: str = "",
    window: tuple[datetime, datetime] | None = None,
) -> Entry:
    told = [update.at for update in view.updates]
    corrected = [update.corrected_at for update in view.updates if update.corrected_at]
    return Entry(
        ident=view.ident,
        path=view.path,
        title=feeds_text.line(view.title),
        published=min(told, default=at),
        told_at=max(told, default=at),
        updated=max([*told, *corrected], default=at),
        html="\n".join(paragraphs),
        notice=notice,
        window=window,
    )


def _paragraph(update: UpdateView, word: str, html: str) -> str:
    return f"<p><small>{_moment(update.at)}</small><br><strong>{word}</strong> - {html}</p>"


def _state_word(update: UpdateView) -> str:
    return _STATES[update.state] if update.is_change else _UPDATE


def _told(view: IncidentView, update: UpdateView, site: SiteView) -> str:
    said = feeds_text.inline(update.html) or escape(_(update.state.meaning))
    if update.state == lifecycle.State.POSTMORTEM and view.postmortem is not None:
        address = escape(site.url(f"{view.path}/postmortem"))
        said += f'<br><a href="{address}">{escape(_("Read the report"))}</a>'
    return said


def _step(view: MaintenanceView, update: UpdateView) -> str:
    said = feeds_text.inline(update.html)
    if update.title == windows.Kind.CANCELLED:
        return "<br>".join(filter(None, [escape(_("This maintenance was cancelled.")), said]))
    if said:
        return said
    if update.title == windows.Kind.SCHEDULED and view.html:
        return feeds_text.inline(view.html)
    if update.title in {windows.Kind.RESCHEDULED, windows.Kind.EXTENDED}:
        return escape(_("The planned time has changed."))
    return escape(_(update.state.meaning))


def _moment(at: datetime) -> str:
    """Nov 19, 14:32 UTC, with the marks by which readers find day and time."""
    local = timezone.localtime(at)
    return f"{_day(local)}, {_clock(local)} {escape(times.zone(local))}"


def _window(view: MaintenanceView) -> str:
    start, end = timezone.localtime(view.starts_at), timezone.localtime(view.ends_at)
    day = "" if start.date() == end.date() else f"{_day(end)}, "
    return f"{_day(start)}, {_clock(start)} - {day}{_clock(end)} {escape(times.zone(end))}"


def _day(local: datetime) -> str:
    return f"{formats.date_format(local, 'M')} <var data-var='date'>{local.day}</var>"


def _clock(local: datetime) -> str:
    return f"<var data-var='time'>{local:%H:%M}</var>"
