"""Write incidents of a plan: the past as it was said, what goes on as it stands.

As rows where the operations speak about the present; what is going on speaks through the operations'
own parts, and no entry carries the mark for being told.
"""

from functools import partial

from django.core.exceptions import ValidationError

from common import markdown
from components import catalogue
from components.status import Status
from importing import chips, history, plans
from importing.run import Run, public_id
from incidents import affecting, declaring, dedicated, lifecycle, texts
from incidents.lifecycle import Impact, State
from incidents.models import (
    AffectedComponent,
    Incident,
    IncidentUpdate,
    Postmortem,
    UpdateComponent,
)


def write_incidents(run: Run) -> None:
    """Write the incidents, oldest first, so that their numbers follow their times."""
    for incident in sorted(run.plan.incidents, key=lambda one: one.started_at):
        run.take(
            kind="incident",
            key=incident.key,
            name=incident.title,
            thing=incident,
            write=partial(_write_incident, run, incident),
        )


def _write_incident(run: Run, said: plans.Incident) -> Incident:
    updates = sorted(said.updates, key=lambda one: one.at)
    over_at = None if said.is_draft else history.ends_at(said)
    state = State(updates[-1].state) if updates else State.INVESTIGATING
    if over_at is not None and state.is_open:
        state = State.RESOLVED
    first_at = min([said.started_at, *(one.at for one in updates)])
    if over_at is not None and over_at < said.started_at:
        raise ValidationError("It ends before it starts.")
    row = Incident(
        public_id=public_id(Incident, said.public_id),
        title=texts.title(run.short(said.title, texts.TITLE_LIMIT, what=f"Title of {said.title}")),
        state=state,
        impact=Impact(said.impact),
        started_at=said.started_at,
        resolved_at=over_at,
        published_at=None if said.is_draft else first_at,
        created_at=first_at,
        changed_at=run.now,
        page_revision=catalogue.next_revision(),
        origin="import",
        draft_text=_text(run, said, updates[0]) if said.is_draft and updates else "",
        draft_notifies=False,
    )
    row.save()
    _affect(run, row, said)
    if not said.is_draft:
        _write_updates(run, row, said, updates)
        _write_postmortem(run, row, said)
    _speak(run, row, said)
    return row


def _affect(run: Run, row: Incident, said: plans.Incident) -> None:
    """List the components that it touched, with what it says of each now, or said at worst."""
    shown: dict[str, list[Status]] = {}
    for update in sorted(said.updates, key=lambda one: one.at):
        for key, (_before, after) in update.components.items():
            shown.setdefault(key, []).append(after)
    by_impact = lifecycle.claimed_status(row.impact_value)
    rows = []
    for key, component in run.components(history.touched(said)).items():
        picked = _picked(shown.get(key, []), is_open=row.is_open)
        rows.append(
            AffectedComponent(
                incident=row,
                component=component,
                status=picked or by_impact or "",
                is_overridden=picked is not None,
            )
        )
    AffectedComponent.objects.bulk_create(rows)
    dedicated.keep(row)


def _picked(said: list[Status], *, is_open: bool) -> Status | None:
    if not said:
        return None
    worst = max(said, key=lambda one: one.rank)
    picked = said[-1] if is_open else worst
    return picked if picked in lifecycle.DECLARABLE else Status.OPERATIONAL


def _write_updates(
    run: Run, row: Incident, said: plans.Incident, updates: list[plans.Update]
) -> None:
    previous = ""
    for one in updates:
        text = _text(run, said, one)
        update = IncidentUpdate.objects.create(
            public_id=public_id(IncidentUpdate, one.public_id),
            incident=row,
            previous_state=previous,
            state=State(one.state),
            text=text,
            html=markdown.render(text),
            at=one.at,
            created_at=one.at,
            notifies=False,
        )
        chips.write(run, UpdateComponent, update, one)
        previous = one.state


def _text(run: Run, said: plans.Incident, update: plans.Update) -> str:
    return texts.body(run.fitting(update.text, texts.TEXT_LIMIT, what=f"An update of {said.title}"))


def _write_postmortem(run: Run, row: Incident, said: plans.Incident) -> None:
    """Write the report, published when the incident has come so far; nobody is told of it."""
    if not said.postmortem.strip():
        return
    if row.is_open:
        run.lose(f"Postmortem of {said.title}", "The incident is not resolved.")
        return
    entry = row.updates.filter(state=State.POSTMORTEM).order_by("at").first()
    at = entry.at if entry is not None else row.resolved_at or run.now
    Postmortem.objects.create(
        incident=row,
        title=row.title,
        summary=texts.body(
            run.fitting(said.postmortem, texts.TEXT_LIMIT, what=f"Postmortem of {said.title}")
        ),
        published_at=at,
        created_at=at,
        changed_at=at,
    )
    if entry is None:
        IncidentUpdate.objects.create(
            incident=row,
            previous_state=row.state,
            state=State.POSTMORTEM,
            at=at,
            created_at=at,
        )
    Incident.objects.filter(pk=row.pk).update(state=State.POSTMORTEM)
    row.state = State.POSTMORTEM


def _speak(run: Run, row: Incident, said: plans.Incident) -> None:
    """Let one that goes on claim its components; let one that came later than their past count there."""
    if row.is_open:
        affecting.speak(incident=row, at=run.now, now=run.now)
        return
    if row.is_draft or row.resolved_at is None or row.resolved_at <= row.started_at:
        return
    late = [
        key
        for key in run.components(history.touched(said))
        if (came_at := run.came_at(key)) is not None and came_at <= row.started_at
    ]
    if late:
        declaring.declare(row)
