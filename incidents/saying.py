"""What an entry says to those who asked: its words, from a row that is told or from what is typed.

One place for both, so that the sample that an author sees is what is sent.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from common import markdown
from components import catalogue
from components.models import Page, StatusChange
from components.status import Status
from incidents import windows
from incidents.lifecycle import State
from incidents.windows import Kind
from notifications.messages import Tone
from subscribers import told_pages
from subscribers.chart import Stage
from subscribers.content import Content, Touched, iso

_Entries = Sequence[Mapping[str, Any]]
# The words of impacts for what a person says of one component.
_INDICATORS = {
    Status.DEGRADED_PERFORMANCE: "minor",
    Status.PARTIAL_OUTAGE: "major",
    Status.MAJOR_OUTAGE: "critical",
}


def in_every_voice(make: Callable[..., Content]) -> Content:
    """What `make(page=…)` says, in the main page's words and in those of every other page.

    Made once for each language and time zone that some page has, whatever their number.
    """
    main = catalogue.page()
    with translation.override(main.language):
        content = make(page=main)
    others = Page.objects.live().exclude(language=main.language, time_zone=main.time_zone)
    for language, time_zone in others.order_by().values_list("language", "time_zone").distinct():
        with translation.override(language):
            other = make(page=Page(name=main.name, uuid=main.uuid, time_zone=time_zone))
        voice = told_pages.voice_of(language=language, time_zone=time_zone)
        content = content.said_as(voice, other)
    return content


def of_incident(
    *,
    public_id: str,
    path: str,
    update_id: str,
    title: str,
    text: str,
    state: State,
    stage: Stage,
    impact: str,
    started_at: datetime,
    resolved_at: datetime | None,
    next_update_by: datetime | None,
    at: datetime,
    touched: Sequence[Touched],
    entries: _Entries = (),
    page: Page | None = None,
) -> Content:
    """What an update of an incident says; `path` is its public address, times are aware.

    In the name and the time zone of `page`, the main one unless told otherwise.
    """
    page = page or catalogue.page()
    zone = ZoneInfo(page.time_zone)
    promise, took = "", ""
    if state.is_open and next_update_by is not None:
        promise = _("Next update by %(time)s.") % {"time": _clock(next_update_by, zone)}
    if not state.is_open:
        took = lasting(started_at, resolved_at or at)
    word = _(state.label)
    return Content(
        kind="incident",
        public_id=public_id,
        update_id=update_id,
        page_name=page.name,
        page_id=str(page.uuid),
        title=title,
        word=word,
        state=state.value,
        stage=stage.value,
        path=path,
        at=at.isoformat(),
        when=f"{_moment(at, zone)}.",
        text=text,
        html=markdown.render(text),
        impact=impact,
        started=_("Started %(time)s.") % {"time": _clock(started_at, zone)},
        promise=promise,
        brief=_("%(state)s after %(time)s") % {"state": word, "time": took} if took else "",
        subject=f"{word}: {title} ({took})" if state == State.RESOLVED else "",
        tone=(Tone.PROBLEM if state.is_open else Tone.RECOVERY).value,
        touched=touched,
        facts={
            "started_at": iso(started_at),
            "resolved_at": iso(resolved_at),
            "next_update_by": iso(next_update_by),
        },
        entries=entries,
    )


def of_maintenance(
    *,
    public_id: str,
    path: str,
    update_id: str,
    title: str,
    text: str,
    kind: Kind,
    state: windows.State,
    stage: Stage,
    starts_at: datetime,
    ends_at: datetime,
    at: datetime,
    touched: Sequence[Touched],
    entries: _Entries = (),
    page: Page | None = None,
) -> Content:
    """What an entry of a maintenance says; `path` is its public address, times are aware.

    In the name and the time zone of `page`, the main one unless told otherwise.
    """
    page = page or catalogue.page()
    zone = ZoneInfo(page.time_zone)
    window = _("Planned from %(start)s to %(end)s.") % {
        "start": _moment(starts_at, zone),
        "end": _moment(ends_at, zone),
    }
    is_over = state == windows.State.COMPLETED
    is_plan = kind in {Kind.SCHEDULED, Kind.RESCHEDULED}
    word = _word(kind)
    return Content(
        kind="maintenance",
        public_id=public_id,
        update_id=update_id,
        page_name=page.name,
        page_id=str(page.uuid),
        title=title,
        word=word,
        state=state.value,
        stage=stage.value,
        path=path,
        at=at.isoformat(),
        when=f"{_moment(at, zone)}.",
        text=text,
        html=markdown.render(text),
        started=window,
        brief=f"{word} {_window(starts_at, ends_at, zone)}" if is_plan else word,
        subject=_subject(kind, title, starts_at.astimezone(zone)),
        tone=(Tone.RECOVERY if is_over else Tone.NOTICE).value,
        touched=touched,
        facts={"starts_at": iso(starts_at), "ends_at": iso(ends_at)},
        entries=entries,
    )


def of_status(*, change: StatusChange, page: Page, stage: Stage) -> Content:
    """What is said of a status that was set by hand: no more than what visitors see."""
    component, status = change.component, Status(change.status)
    tone = Tone.PROBLEM if status in _INDICATORS else Tone.NOTICE
    return Content(
        kind="component",
        public_id=str(component.uuid),
        update_id=str(change.pk),
        page_name=page.name,
        page_id=str(page.uuid),
        title=component.name,
        word=_(status.label),
        state=status.value,
        stage=stage.value,
        path=f"/components/{component.slug}",
        at=change.recorded_at.isoformat(),
        when=f"{_moment(change.recorded_at, ZoneInfo(page.time_zone))}.",
        impact=_INDICATORS.get(status, "none"),
        tone=(Tone.RECOVERY if status == Status.OPERATIONAL else tone).value,
        touched=[
            Touched(
                name=component.name,
                status=status.value,
                id=str(component.uuid),
                public_id=component.public_id,
                is_dedicated=component.only_where_chosen,
            )
        ],
        facts={
            "old_status": change.previous,
            "new_status": change.status,
            "created_at": component.created_at.isoformat(),
            "position": component.position,
            "description": component.description,
            "group_id": component.group.public_id if component.group else None,
        },
    )


def lasting(start: datetime, end: datetime) -> str:
    """How long something took: "42 min", "1 h 19 min"."""
    hours, minutes = divmod(max(0, int((end - start).total_seconds())) // 60, 60)
    if hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    return _("%(count)d min") % {"count": minutes}


def _word(kind: Kind) -> str:
    words = {
        Kind.SCHEDULED: _("Maintenance scheduled"),
        Kind.RESCHEDULED: _("Maintenance moved"),
        Kind.REMINDER: _("Maintenance reminder"),
        Kind.STARTED: _("Maintenance in progress"),
        Kind.EXTENDED: _("Maintenance extended"),
        Kind.NOTE: _("Maintenance update"),
        Kind.VERIFICATION: _("Maintenance in verification"),
        Kind.COMPLETED: _("Maintenance completed"),
        Kind.CANCELLED: _("Maintenance cancelled"),
    }
    return words[kind]


def _subject(kind: Kind, title: str, start: datetime) -> str:
    """The subject of a mail (DESIGN 6): a plan has its start in it."""
    names = {"title": title, "start": f"{date_format(start, 'D j M')} {start:%H:%M %Z}"}
    subjects = {
        Kind.SCHEDULED: _("Scheduled: %(title)s, %(start)s"),
        Kind.RESCHEDULED: _("Moved: %(title)s, %(start)s"),
        Kind.REMINDER: _("Reminder: %(title)s, %(start)s"),
        Kind.STARTED: _("Starting now: %(title)s"),
        Kind.COMPLETED: _("Completed: %(title)s"),
        Kind.CANCELLED: _("Cancelled: %(title)s"),
    }
    return subjects[kind] % names if kind in subjects else ""


def _window(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """A window in few letters: "Sat 21 Nov 22:00-23:30 UTC"."""
    start, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    is_short = ends_at - starts_at < timedelta(days=1)
    until = f"{end:%H:%M}" if is_short else f" {date_format(end, 'D j M')} {end:%H:%M}"
    return f"{date_format(start, 'D j M')} {start:%H:%M}-{until} {end:%Z}"


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M %Z}"


def _moment(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{date_format(local, 'j M Y, H:i')} {local:%Z}"
