"""Postmortems: written as a draft, published, unpublished, deleted (M1-M9).

Nobody is notified but, when it is published, those who asked for postmortems. A draft is on no public
surface; what is published is changed in place. Every operation is one transaction that validates first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from components import catalogue
from components.models import Component, StatusChange
from components.status import Status
from incidents import holding, lifecycle, telling, texts, timeline
from incidents.lifecycle import State, TransitionNotAllowed
from incidents.models import CorrectiveAction, Incident, Postmortem, PostmortemEntry
from incidents.models.incidents import author_fields, touched

LINE_LIMIT = 500
ROWS_AT_MOST = 200


class NoPostmortem(Exception):
    """There is no postmortem of this incident (any more)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the report's timeline; `at` is aware."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that is changed so that it does not happen again."""

    text: str
    owner: str = ""
    due_on: date | None = None
    is_done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """The whole report as a person wrote it. The three long texts are Markdown."""

    title: str
    summary: str = ""
    impact_description: str = ""
    root_cause: str = ""
    entries: Sequence[Entry] = field(default=())
    actions: Sequence[Action] = field(default=())


def prefilled(*, incident: Incident) -> Writing:
    """What the editor starts with: the incident's title, and its updates and changes as timeline."""
    return Writing(title=incident.title, entries=suggested_entries(incident=incident))


def suggested_entries(*, incident: Incident) -> list[Entry]:
    """What everybody was told, and what visitors saw of the affected components, oldest first.

    The report is on every page that shows the incident: what is for some pages only is left out.
    """
    said = [
        Entry(at=update.at, text=_told(update.state_value, update.text))
        for update in incident.updates.filter(audience=None).exclude(state=State.POSTMORTEM)
    ]
    general = Component.objects.visible().filter(
        only_where_chosen=False, id__in=incident.affected.values("component")
    )
    changes = StatusChange.objects.filter(
        component__in=general, at__gte=incident.started_at
    ).exclude(previous="")
    if incident.resolved_at is not None:
        changes = changes.filter(at__lte=incident.resolved_at)
    seen = [
        Entry(
            at=change.at,
            text=_("%(component)s: %(before)s → %(after)s")
            % {
                "component": change.component.name,
                "before": _(Status(change.previous).label),
                "after": _(Status(change.status).label),
            },
        )
        for change in changes.select_related("component").order_by("at", "id")[:ROWS_AT_MOST]
    ]
    return sorted([*said, *seen], key=lambda entry: entry.at)[:ROWS_AT_MOST]


def save_draft(
    *,
    incident: Incident,
    writing: Writing,
    now: datetime,
    author: User | None = None,
    author_name: str = "",
) -> Postmortem:
    """Save the report; a new one is a draft, a published one changes on the page at once.

    Entries and actions are replaced as whole lists. Raises ValidationError by field (entries and
    actions as a whole), IncidentGone, and TransitionNotAllowed for a first draft of an incident
    that is not resolved.
    """
    columns = _clean(writing)
    with transaction.atomic():
        row = holding.locked(incident, is_draft=False)
        report = Postmortem.objects.filter(incident=row).first()
        if report is None:
            if row.is_open:
                raise TransitionNotAllowed(
                    _("Resolve the incident before you write its postmortem.")
                )
            report = Postmortem.objects.create(
                incident=row,
                created_at=now,
                changed_at=now,
                **columns,
                **author_fields(author, author_name),
            )
        else:
            for name, value in (columns | {"changed_at": now}).items():
                setattr(report, name, value)
            report.save(update_fields=[*columns, "changed_at"])
        _replace_lists(report, writing)
        if report.is_published:
            _check_complete(report)
            _touch(row, now)
    return report


def publish(
    *, incident: Incident, now: datetime, author: User | None = None, author_name: str = ""
) -> Postmortem:
    """Make the report public; the incident's state becomes "Postmortem".

    Only those are told who asked for postmortems.

    Raises ValidationError by field for what is still missing, TransitionNotAllowed, IncidentGone,
    NoPostmortem.
    """
    with transaction.atomic():
        row, report = _held(incident)
        _check_complete(report)
        previous = row.state_value
        row.state = lifecycle.check_postmortem(previous, is_published=True)
        report.published_at = now
        report.save(update_fields=["published_at"])
        update = timeline.append(
            incident=row,
            previous=previous,
            text=_("The postmortem is published: what happened, and what we are changing."),
            at=now,
            claims_from=now,
            notifies=False,
            author=author,
            author_name=author_name,
            now=now,
        )
        row.save(update_fields=["state"])
        _touch(row, now)
        # Those who asked for postmortems, by the chart; nobody else (M9, decision 10).
        telling.tell_incident(incident=row, update=update, now=now)
    return report


def unpublish(*, incident: Incident, now: datetime) -> Postmortem:
    """Take the report off every public surface; it is a draft again, the incident is "Resolved".

    Raises TransitionNotAllowed, IncidentGone, NoPostmortem.
    """
    with transaction.atomic():
        row, report = _held(incident)
        row.state = lifecycle.check_postmortem(row.state_value, is_published=False)
        row.updates.filter(state=State.POSTMORTEM).delete()
        report.published_at = None
        report.save(update_fields=["published_at"])
        row.save(update_fields=["state"])
        _touch(row, now)
    return report


def delete(*, incident: Incident, now: datetime) -> None:
    """Delete the report for good; a published one is taken off the page first.

    Raises IncidentGone, NoPostmortem.
    """
    with transaction.atomic():
        _row, report = _held(incident)
        if report.is_published:
            unpublish(incident=incident, now=now)
        report.delete()


def _held(incident: Incident) -> tuple[Incident, Postmortem]:
    row = holding.locked(incident, is_draft=False)
    report = Postmortem.objects.filter(incident=row).first()
    if report is None:
        raise NoPostmortem(_("This incident has no postmortem."))
    return row, report


def _clean(writing: Writing) -> dict[str, Any]:
    return {"title": texts.title(writing.title)} | {
        name: texts.body(getattr(writing, name), field=name)
        for name in ("summary", "impact_description", "root_cause")
    }


def _replace_lists(report: Postmortem, writing: Writing) -> None:
    for name in ("entries", "actions"):
        if len(getattr(writing, name)) > ROWS_AT_MOST:
            raise ValidationError({name: _("At most 200 lines can be kept.")})
    report.entries.all().delete()
    report.actions.all().delete()
    PostmortemEntry.objects.bulk_create(
        PostmortemEntry(postmortem=report, at=entry.at, text=_line(entry.text, "entries"))
        for entry in sorted(writing.entries, key=lambda entry: entry.at)
    )
    CorrectiveAction.objects.bulk_create(
        CorrectiveAction(
            postmortem=report,
            position=position,
            text=_line(action.text, "actions"),
            owner=texts.line(action.owner, field="actions", limit=100, is_required=False),
            due_on=action.due_on,
            is_done=action.is_done,
        )
        for position, action in enumerate(writing.actions)
    )


def _line(text: str, field_name: str) -> str:
    return texts.line(text, field=field_name, limit=LINE_LIMIT)


def _check_complete(report: Postmortem) -> None:
    if not report.summary:
        raise ValidationError({"summary": _("Write a summary: visitors read it first.")})


def _told(state: State, text: str) -> str:
    """An update as one line, without what Markdown needs."""
    line = " ".join(text.split())
    told = f"{_(state.label)}: {line}" if line else _(state.label)
    return told if len(told) <= LINE_LIMIT else told[: LINE_LIMIT - 1] + "…"


def _touch(row: Incident, now: datetime) -> None:
    Incident.objects.filter(pk=row.pk).update(**touched(now, catalogue.next_revision()))
