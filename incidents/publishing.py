"""Incidents as operators publish them: open, draft, update, record a past one, revise, delete.

The one write path of the console, the API and the monitors. Each operation is one transaction that
validates first; `notify` only marks the update, subscribers are told by whoever drains the marks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common import auditing
from components import catalogue
from components.models import Page
from components.status import Status
from incidents import (
    affecting,
    declaring,
    holding,
    lifecycle,
    public_ids,
    shown_on,
    telling,
    texts,
    timeline,
    withdrawing,
)
from incidents.lifecycle import Impact, State, TransitionNotAllowed
from incidents.models import Incident, IncidentUpdate, WithdrawnEvent
from incidents.models.incidents import author_fields, touched


class SomebodyPosted(Exception):
    """Another update came between reading and posting; nothing was saved."""

    def __init__(self, update: IncidentUpdate) -> None:
        super().__init__(_("Somebody posted meanwhile. Read their update, then post yours."))
        self.update = update


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a person says of an incident in the composer.

    `components`: the affected ones by id; None follows the impact, a status is the person's choice.
    `started_at` is aware; None means at once.
    """

    title: str
    text: str = ""
    state: State = State.INVESTIGATING
    impact: Impact = Impact.NONE
    components: Mapping[int, Status | None] = field(default_factory=dict)
    started_at: datetime | None = None
    next_update_by: datetime | None = None


def open_incident(
    *,
    report: Report,
    notify: bool,
    now: datetime,
    author: User | None = None,
    author_name: str = "",
    origin: str = "operator",
    public_id: str = "",
) -> Incident:
    """Publish a new incident: it is on the page at once, with its first message as first entry.

    `public_id` and errors are those of `save_draft` and `publish_draft`; nothing is saved then.
    """
    with transaction.atomic():
        incident = save_draft(
            report=report,
            notify=notify,
            now=now,
            author=author,
            author_name=author_name,
            origin=origin,
            public_id=public_id,
        )
        return publish_draft(incident=incident, now=now, author=author, author_name=author_name)


def save_draft(
    *,
    report: Report,
    notify: bool,
    now: datetime,
    public_id: str = "",
    author: User | None = None,
    author_name: str = "",
    origin: str = "operator",
) -> Incident:
    """Keep what was written so far, for operators only; no title and no sensible time are needed yet.

    `public_id` names the draft: saving under one that exists replaces what it says, so that saving
    twice is saving once. Raises ValidationError by field for texts that cannot be stored,
    TransitionNotAllowed, and IncidentGone when the draft was published or discarded meanwhile.
    """
    _check_state(report.state)
    columns = {
        "title": texts.title(report.title, is_required=False),
        "draft_text": texts.body(report.text),
        "draft_notifies": notify,
        "state": report.state,
        "impact": report.impact,
        "started_at": report.started_at or now,
        "next_update_by": report.next_update_by,
        "changed_at": now,
    }
    with transaction.atomic():
        row = holding.draft(public_id)
        is_new = False
        if row is None:
            row, is_new = Incident.objects.get_or_create(
                public_id=public_id or public_ids.make(),
                defaults={"created_at": now, "origin": origin}
                | author_fields(author, author_name)
                | columns,
            )
            if not is_new:  # saved under this name at the same moment, as by a double click
                row = holding.locked(row, is_draft=True)
        if not is_new:
            for name, value in columns.items():
                setattr(row, name, value)
            row.save(update_fields=columns.keys())
        affecting.choose(incident=row, chosen=report.components)
    return row


def publish_draft(
    *, incident: Incident, now: datetime, author: User | None = None, author_name: str = ""
) -> Incident:
    """Put a draft on the page as it was saved.

    Raises ValidationError by field for what a draft may lack and the page may not, and IncidentGone,
    also when it is public already.
    """
    with transaction.atomic():
        row = holding.locked(incident, is_draft=True)
        texts.title(row.title)
        _check_times(row.started_at, row.next_update_by, now=now)
        text, row.draft_text = row.draft_text, ""
        row.published_at = now
        timeline.append(
            incident=row,
            previous=None,
            text=text,
            at=now,
            claims_from=row.started_at,
            notifies=row.draft_notifies,
            author=author,
            author_name=author_name,
            now=now,
        )
        _touch(row, now)
        row.save(update_fields=["published_at", "draft_text", "changed_at", "page_revision"])
    return row


def discard_draft(*, incident: Incident) -> None:
    """Throw a draft away; it never was public, so nothing is left. Raises IncidentGone."""
    with transaction.atomic():
        holding.locked(incident, is_draft=True).delete()


def post_update(
    *,
    incident: Incident,
    state: State,
    text: str,
    notify: bool,
    now: datetime,
    impact: Impact | None = None,
    components: Mapping[int, Status | None] | None = None,
    next_update_by: datetime | None = None,
    audience: Page | None = None,
    author: User | None = None,
    author_name: str = "",
    seen_update_id: int | None = None,
) -> IncidentUpdate:
    """Append an update; posting "resolved" ends the incident, an earlier state re-opens it (AMB-17).

    `impact` and `components` stay as they are when None; a new impact applies to components that
    no person chose a status for. `seen_update_id` is the newest update the author knew. With an
    `audience` it is on that page alone and told to its subscribers alone: state, impact, components
    and the promised time have to stay as they are.

    Raises ValidationError by field, TransitionNotAllowed, SomebodyPosted, IncidentGone; nothing is
    saved then.
    """
    clean = texts.body(text, is_required=True)
    _check_promise(next_update_by, now=now)
    with transaction.atomic():
        row = holding.locked(incident, is_draft=False)
        _check_seen(row, seen_update_id)
        previous = row.state_value
        lifecycle.check_transition(previous, state)
        if audience is not None:
            shown_on.check_audience(
                incident=row, audience=audience, state=state, impact=impact, components=components
            )
            next_update_by, impact, components = row.next_update_by, None, None
        row.state = state
        row.resolved_at = None if state.is_open else (row.resolved_at or now)
        row.next_update_by = next_update_by if state.is_open else None
        _change_effects(row, impact=impact, components=components)
        update = timeline.append(
            incident=row,
            previous=previous,
            text=clean,
            at=now,
            claims_from=now,
            notifies=notify,
            audience=audience,
            author=author,
            author_name=author_name,
            now=now,
        )
        _touch(row, now)
        row.save(
            update_fields=[
                "state",
                "impact",
                "resolved_at",
                "next_update_by",
                "changed_at",
                "page_revision",
            ]
        )
    return update


def record_past(
    *,
    report: Report,
    resolved_at: datetime,
    now: datetime,
    notify: bool = False,
    author: User | None = None,
    author_name: str = "",
    origin: str = "operator",
) -> Incident:
    """Record an incident that is over (I15, AMB-9): straight to the history, never active.

    It touches no present status; what it says of components counts in uptime for its own period.
    Raises ValidationError by field; nothing is saved then.
    """
    started_at = report.started_at
    if started_at is None:
        raise ValidationError({"started_at": _("Say when it started.")})
    if started_at >= resolved_at:
        raise ValidationError({"resolved_at": _("The end is not after the start.")})
    if resolved_at > now:
        raise ValidationError({"resolved_at": _("The end lies in the future: report it as open.")})
    with transaction.atomic():
        row = Incident(
            title=texts.title(report.title),
            state=State.RESOLVED,
            impact=report.impact,
            started_at=started_at,
            resolved_at=resolved_at,
            is_retroactive=True,
            published_at=now,
            created_at=now,
            origin=origin,
            **author_fields(author, author_name),
        )
        _touch(row, now)
        row.save()
        affecting.choose(incident=row, chosen=report.components)
        declaring.declare(row)
        timeline.append(
            incident=row,
            previous=None,
            text=texts.body(report.text, is_required=True),
            at=resolved_at,
            claims_from=now,
            notifies=notify,
            author=author,
            author_name=author_name,
            now=now,
        )
    return row


def revise(*, incident: Incident, title: str, started_at: datetime, now: datetime) -> Incident:
    """Correct the title or the start of a public incident; nobody is notified.

    Raises ValidationError by field, IncidentGone.
    """
    clean = texts.title(title)
    with transaction.atomic():
        row = holding.locked(incident, is_draft=False)
        if started_at > now:
            raise ValidationError({"started_at": _("The start lies in the future.")})
        if row.resolved_at is not None and started_at >= row.resolved_at:
            raise ValidationError({"started_at": _("The start is not before the end.")})
        row.title, row.started_at = clean, started_at
        _touch(row, now)
        row.save(update_fields=["title", "started_at", "changed_at", "page_revision"])
        declaring.move(row)
    return row


def delete_incident(*, incident: Incident, now: datetime) -> WithdrawnEvent:
    """Delete an incident with all it said, for good (I16, AMB-18); its claims go as on resolve.

    What is left is the mark that its address was in use, and who did what when in the audit log,
    without any text. Raises IncidentGone.
    """
    with transaction.atomic():
        row = holding.locked(incident, is_draft=False)
        written = withdrawing.written(row)
        withdrawing.take_back_claims(row, now=now)
        mark = WithdrawnEvent.objects.create(
            public_id=row.public_id,
            kind="incident",
            withdrawn_at=now,
            page_revision=catalogue.next_revision(),
        )
        telling.fall_silent(row, now=now)
        row.delete()
        auditing.redact(objects=written, now=now)  # with the entries of the deletion itself
    return mark


def _check_state(state: State) -> None:
    lifecycle.check_transition(None, state)
    if not state.is_open:
        raise TransitionNotAllowed(
            _("An incident that is over is recorded as a past one: give its start and its end.")
        )


def _check_times(started_at: datetime, next_update_by: datetime | None, *, now: datetime) -> None:
    if started_at > now:
        raise ValidationError(
            {"started_at": _("The start lies in the future: plan a maintenance.")}
        )
    _check_promise(next_update_by, now=now)


def _check_promise(next_update_by: datetime | None, *, now: datetime) -> None:
    if next_update_by is not None and next_update_by <= now:
        raise ValidationError({"next_update_by": _("This time has passed: promise a later one.")})


def _check_seen(row: Incident, seen_update_id: int | None) -> None:
    if seen_update_id is None:
        return
    newest = row.updates.order_by("-id").first()
    if newest is not None and newest.pk != seen_update_id:
        raise SomebodyPosted(newest)


def _change_effects(
    row: Incident, *, impact: Impact | None, components: Mapping[int, Status | None] | None
) -> None:
    if impact is not None:
        row.impact = impact
    if components is not None:
        affecting.choose(incident=row, chosen=components)
    elif impact is not None:
        affecting.follow_impact(incident=row)


def _touch(row: Incident, now: datetime) -> None:
    for name, value in touched(now, catalogue.next_revision()).items():
        setattr(row, name, value)
