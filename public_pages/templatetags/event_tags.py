"""Events as markup: states, times, chips, lists by day and calendars."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from components.status import Status
from incidents import windows
from public_pages import event_wording, times
from public_pages.event_days import DayRow
from public_pages.event_views import EventLine, Kind, State
from public_pages.templatetags import status_tags

register = template.Library()
_TEXTS_UP_TO = 100  # a longer list tells titles only, so that its page stays small


@register.simple_tag
def event_state(state: State, worst: Status = Status.OPERATIONAL) -> SafeString:
    """The state of an event as icon and word."""
    look = event_wording.look(state, worst)
    drawing = status_tags.line(look.icon) if look.is_line else _icon(look.code, look.icon)
    return format_html(
        '<span class="st" data-s="{}">{}{}</span>',
        look.code,
        drawing,
        event_wording.state_word(state),
    )


def _icon(code: str, name: str) -> SafeString:
    return format_html(
        '<svg class="ico" data-s="{}" aria-hidden="true"><use href="#i-{}"/></svg>', code, name
    )


@register.simple_tag
def chip(status: Status, words: str) -> SafeString:
    """A component with a status, as a chip; the status is a word for those who see no colour."""
    if not words:
        return SafeString()
    return format_html(
        '<li class="st chip" data-s="{}">{}{}<span class="vh"> ({})</span></li>',
        status.code,
        status_tags.icon(status),
        words,
        _(status.label),
    )


@register.simple_tag
def period_words(start: datetime, end: datetime | None) -> SafeString:
    """From when until when, with the day and the zone once: 19 Nov 2026, 14:05 to 15:24 UTC."""
    first, last = times.period(start, end)
    if not last or end is None:
        return format_html(_("Since {start}"), start=stamp(start, first))
    return format_html(_("{start} to {end}"), start=stamp(start, first), end=stamp(end, last))


def stamp(at: datetime, words: str) -> SafeString:
    """A moment in words, and for machines."""
    exact = timezone.localtime(at).isoformat(timespec="minutes").replace("+00:00", "Z")
    return format_html('<time datetime="{}">{}</time>', exact, words)


@register.simple_tag
def at_clock(at: datetime, day_of: datetime | None = None) -> SafeString:
    """A time of day; with its day when that is another than the day of `day_of`."""
    local = timezone.localtime(at)
    if day_of is not None and timezone.localtime(day_of).date() != local.date():
        day = _("%(day)s, %(time)s") % {"day": times.day(local), "time": f"{local:%H:%M}"}
        return stamp(at, day)
    return stamp(at, f"{local:%H:%M}")


@register.simple_tag
def started_line(at: datetime, as_of: datetime) -> SafeString:
    """When an open incident started."""
    is_today = timezone.localtime(at).date() == timezone.localtime(as_of).date()
    words = times.clock(at) if is_today else times.moment(at)
    return format_html(_("Started {time}"), time=stamp(at, words))


@register.simple_tag
def ongoing_line(at: datetime, as_of: datetime) -> str:
    """For how long an incident has been open."""
    return _("ongoing for %(duration)s") % {"duration": times.lasting(as_of - at)}


@register.simple_tag
def promise_line(at: datetime, as_of: datetime) -> SafeString:
    """When we said we would write next; once that has passed, it says so."""
    is_today = timezone.localtime(at).date() == timezone.localtime(as_of).date()
    when = stamp(at, times.clock(at) if is_today else times.moment(at))
    text = _("Next update by {time}") if at > as_of else _("An update was promised by {time}")
    return format_html(text, time=when)


@register.simple_tag
def detected_line(at: datetime) -> SafeString:
    """That monitors found it."""
    return format_html(_("Detected automatically at {time}."), time=stamp(at, times.clock(at)))


@register.simple_tag
def corrected_line(at: datetime) -> SafeString:
    """That an entry was corrected, and when."""
    return format_html(_("Corrected {time}"), time=stamp(at, times.moment(at)))


@register.simple_tag
def published_line(at: datetime) -> SafeString:
    """When a report was published."""
    return format_html(_("Published {time}"), time=stamp(at, times.moment(at)))


@register.simple_tag
def plan_line(start: datetime, end: datetime, as_of: datetime | None = None) -> SafeString:
    """When work is planned: Sat 21 Nov, 22:00 to 23:30 UTC; and in how long it begins."""
    first, last = timezone.localtime(start), timezone.localtime(end)
    begin = _("%(day)s, %(time)s") % {"day": times.week_day(first), "time": f"{first:%H:%M}"}
    if first.date() != last.date():
        finish = _("%(day)s, %(time)s") % {"day": times.week_day(last), "time": times.clock(end)}
    else:
        finish = times.clock(end)
    when = format_html(
        "<span>{}</span>",
        format_html(_("{start} to {end}"), start=stamp(start, begin), end=stamp(end, finish)),
    )
    if as_of is None or start <= as_of:
        return when
    soon = _("starts %(when)s") % {"when": times.ahead(start - as_of)}
    return when + format_html(" <span>{}</span>", soon)


@register.simple_tag
def event_rows(
    rows: Sequence[DayRow], as_of: datetime, kinds: Iterable[Kind], base: str = ""
) -> SafeString:
    """Days with their events; quiet runs take one line. `base` is the path that links begin with.

    A busy month has hundreds of events: built here, because a template takes ten times as long.
    """
    quiet = event_wording.nothing(kinds)
    today = timezone.localtime(as_of).date()
    has_texts = sum(len(row.lines) for row in rows) <= _TEXTS_UP_TO
    return format_html_join(
        "", "{}", ((_day(row, as_of, today, quiet, base, has_texts=has_texts),) for row in rows)
    )


def _day(
    row: DayRow, as_of: datetime, today: date, quiet: str, base: str, *, has_texts: bool
) -> SafeString:
    if not row.lines:
        words = _("Today") if row.first == row.last == today else times.days(row.first, row.last)
        return format_html('<li><h3>{}</h3><p class="quiet">{}</p></li>', words, quiet)
    return format_html(
        '<li id="d{}"><h3><time datetime="{}">{}</time></h3><div class="events">{}</div></li>',
        row.first.isoformat(),
        row.first.isoformat(),
        _("Today") if row.first == today else times.week_day(row.first),
        format_html_join(
            "", "{}", ((_event(line, as_of, base, has_text=has_texts),) for line in row.lines)
        ),
    )


def _event(line: EventLine, as_of: datetime, base: str, *, has_text: bool) -> SafeString:
    path = f"{base}{line.path}"
    words = event_wording.excerpt(line.html) if has_text and not line.is_open else ""
    return format_html(
        '<article class="event"><header><h4 dir="auto"><a href="{}">{}</a></h4>'
        '<div class="meta">{}{}{}</div></header>{}{}</article>',
        path,
        line.title,
        event_state(line.state, line.worst),
        _impact(line),
        _took(line, as_of),
        format_html('<p class="body small muted" dir="auto">{}</p>', words) if words else "",
        format_html(
            '<p class="small"><a href="{}/postmortem">{}</a></p>',
            path,
            _("Read the postmortem"),
        )
        if line.has_postmortem
        else "",
    )


def _impact(line: EventLine) -> SafeString:
    """What it did, or that it was planned."""
    if line.kind is Kind.MAINTENANCE:
        return status_tags.state(Status.UNDER_MAINTENANCE, _("Maintenance"))
    if line.worst == Status.OPERATIONAL:
        return SafeString()
    return status_tags.state(line.worst)


def _took(line: EventLine, as_of: datetime) -> SafeString:
    if line.state == windows.State.SCHEDULED and line.planned_end:
        return plan_line(line.starts_at, line.planned_end, as_of)
    words = event_wording.took(line, now=as_of)
    return format_html("<span>{}</span>", words) if words else SafeString()


@register.simple_tag
def operator_link(kind: str, ident: str) -> SafeString:
    """The way to the composer: asleep in a comment that the front wakes for operators (I12)."""
    link = format_html(
        '<p class="small"><a href="/admin/{}/{}/update/">{}</a></p>',
        kind,
        ident,
        _("Post an update"),
    ).replace("--", "–")  # would end the comment
    return mark_safe(f"<!--operator {link}-->")  # noqa: S308 - made by format_html


@register.simple_tag
def calendar_cell(
    day: "date | None", marks: Sequence[tuple[str, str, str]], today: date
) -> SafeString:
    """A day of a calendar; `marks` are address, state code and words of what is on it, the first drawn."""
    if day is None:
        return mark_safe("<td></td>")
    kind = " ".join(
        name for name, holds in (("today", day == today), ("later", day > today)) if holds
    )
    if not marks:
        attribute = format_html(' class="{}"', kind) if kind else ""
        return format_html("<td><span{}>{}</span></td>", attribute, day.day)
    path, code, words = marks[0]
    return format_html(
        '<td><a href="{}" data-s="{}"{}>{}{}<span class="vh"> {}</span></a></td>',
        path,
        code,
        mark_safe(' class="today"' if day == today else ""),  # noqa: S308 - one of two words
        day.day,
        _icon(code, code),
        words,
    )
