"""The words for events: states, how long they took, what was promised.

Called while pages are rendered, in the language and the zone that are active.
"""

import html
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.html import strip_tags
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from components.status import Status
from incidents import lifecycle, windows
from public_pages import affected, times
from public_pages.affected import Seen, Spent
from public_pages.event_views import (
    EventLine,
    IncidentView,
    Kind,
    State,
    UpdateView,
)

_EXCERPT = 220
_DRAWN = {"mt": "mt", "ok": "op", "x": "un"}  # states that have a status's own icon


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is drawn: its colour, its icon, and whether that is a line drawing."""

    code: str
    icon: str
    is_line: bool


def state_word(state: State) -> str:
    """Return the word for a state."""
    return _(state.label)


def look(state: State, worst: Status) -> Look:
    """Return how a state is drawn; an open incident has the colour of the worst it did."""
    if isinstance(state, windows.State):
        code = {"ok": "op", "x": "un"}.get(state.icon, "mt")
        if drawn := _DRAWN.get(state.icon):
            return Look(code, drawn if state.icon != "x" else "x", state.icon == "x")
        return Look(code, state.icon, is_line=True)
    if not state.is_open:
        return Look("op", "op", is_line=False)
    return Look(state_code(state, worst), state.icon, is_line=True)


def state_code(state: State, worst: Status) -> str:
    """Return the colour of an entry of a timeline."""
    if isinstance(state, windows.State):
        return {"ok": "op", "x": "un"}.get(state.icon, "mt")
    fixed = {"pulse": "mt", "ok": "op", "doc": "un"}.get(state.icon)
    return fixed or (worst.code if worst in affected.PROBLEMS else "un")


def impact_of(view: IncidentView) -> Status:
    """Return the worst status during an incident: what was shown, and what it says (design 2.4)."""
    shown = [
        chip.status
        for update in view.updates
        if not view.is_retroactive and not _is_over(update)
        for chip in update.chips
    ]
    said = [component.status for component in view.touched]
    return affected.impact([*shown, *said, lifecycle.claimed_status(view.impact)])


def spent(view: IncidentView, *, now: datetime) -> list[tuple[str, Spent]]:
    """Return how long each component was in trouble, by its name, the worst first.

    A past incident declares one status for all of its time; its entry shows none.
    """
    end = view.ended_at or now
    if view.is_retroactive:
        found = [
            (
                component.name,
                Spent(time=end - view.started_at, worst=component.status)
                if component.status in affected.PROBLEMS
                else Spent(time=timedelta(), worst=Status.OPERATIONAL),
            )
            for component in view.touched
        ]
    else:
        names = {str(component.id): component.name for component in view.touched}
        seen = [
            Seen(
                at=update.at,
                statuses={chip.key: chip.status for chip in update.chips},
                is_over=_is_over(update),
            )
            for update in reversed(view.updates)
        ]
        old_names = {chip.key: chip.name for update in view.updates for chip in update.chips}
        every = affected.times(seen, start=view.started_at, end=end)
        found = [(names.get(key, old_names[key]), value) for key, value in every.items()]
    return sorted(found, key=lambda pair: (-pair[1].worst.rank, -pair[1].time))


def spent_words(name: str, value: Spent) -> str:
    """Return a component with its time in trouble: Checkout · 1 h 19 min."""
    if value.worst == Status.OPERATIONAL:
        return name
    return _("%(name)s · %(duration)s") % {"name": name, "duration": times.lasting(value.time)}


def took(line: EventLine, *, now: datetime) -> str:
    """Return how long an event took, takes, or is planned to take, in a list of events."""
    if line.kind is Kind.INCIDENT:
        if line.ended_at is None:
            return _("ongoing")
        return times.lasting(line.ended_at - line.starts_at)
    return maintenance_took(
        line.state,
        began_at=line.began_at,
        ended_at=line.ended_at,
        ends_at=line.planned_end or line.starts_at,
        now=now,
    )


def maintenance_took(
    state: State,
    *,
    began_at: datetime | None,
    ended_at: datetime | None,
    ends_at: datetime,
    now: datetime,
) -> str:
    """Return how long a maintenance took against its plan; empty when it did not take place."""
    if began_at is None or state == windows.State.SCHEDULED:
        return ""
    if ended_at is None:
        return _("ongoing for %(duration)s") % {"duration": times.lasting(now - began_at)}
    length = times.lasting(ended_at - began_at)
    late = (ended_at - ends_at) // timedelta(minutes=1)
    if state == windows.State.CANCELLED or late == 0:
        text = _("%(length)s, as planned") if late == 0 else "%(length)s"
        return text % {"length": length}
    text = (
        _("%(length)s, %(difference)s longer than planned")
        if late > 0
        else _("%(length)s, %(difference)s early")
    )
    return text % {"length": length, "difference": times.duration(abs(late))}


def overrun(length: timedelta) -> str:
    """Return the sentence for work that runs longer than planned; empty when it does not."""
    minutes = length // timedelta(minutes=1)
    if minutes <= 0:
        return ""
    if minutes < 60:
        return ngettext(
            "Running %(count)s minute longer than planned.",
            "Running %(count)s minutes longer than planned.",
            minutes,
        ) % {"count": minutes}
    return _("Running %(duration)s longer than planned.") % {"duration": times.duration(minutes)}


def entry_title(update: UpdateView) -> str:
    """Return the heading of an entry of a timeline."""
    if update.state == lifecycle.State.POSTMORTEM:
        return _("Postmortem published")
    if update.is_change or isinstance(update.state, windows.State):
        titles = {
            windows.Kind.RESCHEDULED: _("Rescheduled"),
            windows.Kind.EXTENDED: _("Extended"),
            windows.Kind.NOTE: _("Update"),
        }
        return next(
            (words for kind, words in titles.items() if kind == update.title),
            state_word(update.state),
        )
    return _("Update")


def excerpt(text: str) -> str:
    """Return the beginning of a rendered text, as plain text for lists."""
    plain = " ".join(html.unescape(strip_tags(text.replace("</p>", "</p> "))).split())
    return Truncator(plain).chars(_EXCERPT)


def nothing(kinds: Iterable[Kind]) -> str:
    """Return what a quiet day says, when these kinds are listed."""
    return _("No maintenance") if set(kinds) == {Kind.MAINTENANCE} else _("No incidents")


def _is_over(update: UpdateView) -> bool:
    return isinstance(update.state, lifecycle.State) and not update.state.is_open


def time_to_first_update(view: IncidentView) -> str:
    """Return how long it took until visitors were told; empty when it was recorded afterwards."""
    if view.is_retroactive or not view.updates:
        return ""
    return times.lasting(max(view.updates[-1].at - view.started_at, timedelta()))
