"""Incidents: list, report, record, revise, publish and discard drafts, delete."""

from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from ninja import Query, Router, Schema
from pydantic import Field

from components.models import Component
from incidents import publishing, templating
from incidents.lifecycle import Impact, State
from incidents.models import AffectedComponent, EventTemplate, Incident
from incidents.models.templates import Kind
from incidents.publishing import Report
from management_api import etags, operations, paging, touched
from management_api import incident_shapes as shapes
from management_api.guard import ApiRequest
from management_api.incident_shapes import IncidentChange, IncidentIn, IncidentOut, Phase
from management_api.paging import Paging
from management_api.problems import not_found
from management_api.schemas import Listed, Moment, PublicId
from management_api.touched import ComponentRef

router = Router(tags=["incidents"])
_SEEN: Any = {"scope": "incidents:read", "permission": "incidents.view_incident"}
_CHANGED: Any = {"scope": "incidents:write", "permission": "incidents.change_incident"}
_WRITTEN = "incidents:write"
# What a public incident says is changed by posting an update.
_REVISED = {"title", "started_at"}


class IncidentsWanted(Schema):
    """What the list is narrowed to. `since` and `until` are about the start, `until` left out of it."""

    phase: Phase | None = None
    impact: Impact | None = None
    component_id: ComponentRef | None = None
    since: Moment | None = None
    until: Moment | None = None
    q: str = Field("", max_length=200, pattern=r"^[^\x00]*$", description="Part of the title.")


@operations.reads(router, "/incidents", gives=Listed[IncidentOut], **_SEEN)
def list_incidents(
    request: ApiRequest, paging_: Query[Paging], wanted: Query[IncidentsWanted]
) -> Listed[IncidentOut]:
    """List incidents, drafts among them, the latest start first."""
    del request
    rows = shapes.rows().filter(_narrowed(wanted))
    return paging.page(rows, paging_, by=["-started_at", "-id"], show=shapes.shown)


@operations.creates(
    router,
    "/incidents",
    scope=_WRITTEN,
    permission="incidents.add_incident",
    gives=IncidentOut,
    at=lambda out: f"/incidents/{out.id}",
)
def create_incident(request: ApiRequest, body: IncidentIn) -> IncidentOut:
    """Report an incident, keep the draft of one, or record one that is over."""
    report = _report(request, body)
    said: dict[str, Any] = {"now": request.now, "author": request.auth.user, "origin": "api"}
    is_told = body.notify if body.notify is not None else body.resolved_at is None
    if body.resolved_at is not None:
        _check_past(body)
        row = publishing.record_past(
            report=report, resolved_at=body.resolved_at, notify=is_told, **said
        )
    elif body.is_draft:
        row = publishing.save_draft(report=report, notify=is_told, **said)
    else:
        row = publishing.open_incident(report=report, notify=is_told, **said)
    return _shown(row)


@operations.reads(router, "/incidents/{incident_id}", gives=IncidentOut, **_SEEN)
def get_incident(request: ApiRequest, incident_id: PublicId) -> IncidentOut:
    """Show an incident."""
    del request
    return shapes.shown(incident_of(incident_id))


@operations.changes(router, "/incidents/{incident_id}", gives=IncidentOut, **_CHANGED)
def change_incident(
    request: ApiRequest, incident_id: PublicId, body: IncidentChange
) -> IncidentOut:
    """Change a draft, or correct the title and the start of a public incident; nobody is told."""
    row = incident_of(incident_id, is_held=True)
    etags.check(request, shapes.shown(row))
    fields = body.given()
    if row.is_draft:
        return _shown(_redrafted(request, row, fields))
    if wrong := sorted(fields.keys() - _REVISED):
        said = "What a public incident says is changed by an update: POST …/updates."
        raise ValidationError(dict.fromkeys(wrong, said))
    publishing.revise(
        incident=row,
        title=fields.get("title", row.title),
        started_at=fields.get("started_at", row.started_at),
        now=request.now,
    )
    return _shown(row)


@operations.acts(router, "/incidents/{incident_id}/publish", gives=IncidentOut, **_CHANGED)
def publish_incident(request: ApiRequest, incident_id: PublicId) -> IncidentOut:
    """Put a draft on the page as it was saved; subscribers are told as the draft says."""
    row = incident_of(incident_id, is_held=True)
    etags.check(request, shapes.shown(row))
    publishing.publish_draft(incident=row, now=request.now, author=request.auth.user)
    return _shown(row)


@operations.removes(
    router, "/incidents/{incident_id}", scope=_WRITTEN, permission="incidents.delete_incident"
)
def delete_incident(request: ApiRequest, incident_id: PublicId) -> None:
    """Delete an incident for good with all that was said, or discard a draft; nobody is told.

    The address of what was public answers that it was withdrawn.
    """
    row = incident_of(incident_id, is_held=True)
    etags.check(request, shapes.shown(row))
    if row.is_draft:
        publishing.discard_draft(incident=row)
    else:
        publishing.delete_incident(incident=row, now=request.now)


def incident_of(public_id: str, *, is_held: bool = False) -> Incident:
    """The incident with this id, as answers tell it; `is_held` locks it to the end of the transaction."""
    rows = shapes.rows()
    if is_held:
        rows = rows.select_for_update(of=("self",))
    return rows.filter(public_id=public_id).first() or not_found("incident")


def _shown(row: Incident) -> IncidentOut:
    return shapes.shown(incident_of(row.public_id))


def _narrowed(wanted: IncidentsWanted) -> Q:
    found = _in_phase(wanted.phase)
    if wanted.impact:
        found &= Q(impact=wanted.impact)
    if wanted.component_id:
        meant = Component.objects.filter(touched.named(wanted.component_id))
        touching = AffectedComponent.objects.filter(component__in=meant)
        found &= Q(pk__in=touching.values("incident"))
    if wanted.since:
        found &= Q(started_at__gte=wanted.since)
    if wanted.until:
        found &= Q(started_at__lt=wanted.until)
    if wanted.q.strip():
        found &= Q(title__icontains=wanted.q.strip())
    return found


def _in_phase(phase: Phase | None) -> Q:
    every = Incident.objects
    found: dict[Phase, QuerySet[Incident]] = {
        Phase.DRAFT: every.drafts(),
        Phase.OPEN: every.open(),
        Phase.PAST: every.past(),
    }
    return Q(pk__in=found[phase].order_by().values("pk")) if phase else Q()


def _report(request: ApiRequest, body: IncidentIn) -> Report:
    """What a body says; its template fills what it leaves out."""
    picked = shapes.chosen(body.components or [])
    said = Report(
        title=body.title,
        text=body.text,
        state=body.state or State.INVESTIGATING,
        impact=body.impact or Impact.NONE,
        components=picked,
        started_at=body.started_at,
        next_update_by=body.next_update_by,
    )
    if body.template_id is None:
        return said
    template = template_of(body.template_id, kind=Kind.INCIDENT)
    filled = templating.use(template=template, component_ids=picked.keys(), now=request.now)
    return replace(
        said,
        title=body.title or filled.title,
        text=body.text or filled.text,
        impact=body.impact or filled.impact,
        components=picked if body.components is not None else dict.fromkeys(filled.component_ids),
    )


def template_of(template_id: int, *, kind: Kind) -> EventTemplate:
    """The template that a body names. Raises ValidationError for `template_id`."""
    found = EventTemplate.objects.filter(pk=template_id, kind=kind).first()
    if found is None:
        raise ValidationError({"template_id": f"There is no such template for {kind.value}s."})
    return found


def _check_past(body: IncidentIn) -> None:
    if body.is_draft:
        raise ValidationError({"is_draft": "What is over is recorded at once: it has no draft."})
    if body.next_update_by is not None:
        raise ValidationError({"next_update_by": "It is over: nothing more is promised."})
    if body.state not in {None, State.RESOLVED}:
        raise ValidationError({"state": "It is over: leave the state out."})


def _redrafted(request: ApiRequest, row: Incident, fields: dict[str, Any]) -> Incident:
    kept = {
        one.component_id: one.claimed if one.is_overridden else None for one in row.affected.all()
    }
    is_listed = "components" in fields
    return publishing.save_draft(
        report=Report(
            title=fields.get("title", row.title),
            text=fields.get("text", row.draft_text),
            state=fields.get("state", row.state_value),
            impact=fields.get("impact", row.impact_value),
            components=shapes.chosen(fields["components"]) if is_listed else kept,
            started_at=fields.get("started_at", row.started_at),
            next_update_by=fields.get("next_update_by", row.next_update_by),
        ),
        notify=fields.get("notify", row.draft_notifies),
        public_id=row.public_id,
        now=request.now,
    )
