"""Maintenance: list, plan windows and series, change, extend, take steps, cancel, delete."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from ninja import Query, Router, Schema

from components.models import Component
from incidents import maintenance as work
from incidents import maintenance_changes, maintenance_reading, maintenance_series, templating
from incidents import maintenance_plans as plans
from incidents.maintenance_plans import Plan
from incidents.models import AffectedService, Maintenance
from incidents.models.templates import Kind as TemplateKind
from incidents.windows import State
from management_api import etags, operations, paging, touched
from management_api import maintenance_shapes as shapes
from management_api.guard import ApiRequest
from management_api.incidents import template_of
from management_api.maintenance_shapes import (
    CancelIn,
    CancelledOut,
    ExtendIn,
    MaintenanceChange,
    MaintenanceIn,
    MaintenanceOut,
    MaintenanceState,
    Reach,
)
from management_api.paging import Paging
from management_api.problems import conflict, not_found
from management_api.schemas import Listed, Moment, PublicId, RowId
from management_api.touched import ComponentRef

router = Router(tags=["maintenances"])
_SEEN: Any = {"scope": "maintenances:read", "permission": "incidents.view_maintenance"}
_CHANGED: Any = {"scope": "maintenances:write", "permission": "incidents.change_maintenance"}
_WRITTEN = "maintenances:write"
_ONE = "/maintenances/{maintenance_id}"


class MaintenancesWanted(Schema):
    """What the list is narrowed to: windows that meet the time from `since` to before `until`."""

    state: MaintenanceState | None = None
    component_id: ComponentRef | None = None
    series_id: RowId | None = None
    since: Moment | None = None
    until: Moment | None = None


@operations.reads(router, "/maintenances", gives=Listed[MaintenanceOut], **_SEEN)
def list_maintenances(
    request: ApiRequest, paging_: Query[Paging], wanted: Query[MaintenancesWanted]
) -> Listed[MaintenanceOut]:
    """List maintenance, the latest start first."""
    del request
    rows = shapes.rows().filter(_narrowed(wanted))
    return paging.page(rows, paging_, by=["-starts_at", "-id"], show=shapes.shown)


@operations.creates(
    router,
    "/maintenances",
    scope=_WRITTEN,
    permission="incidents.add_maintenance",
    gives=MaintenanceOut,
    at=lambda out: f"/maintenances/{out.id}",
)
def plan_maintenance(request: ApiRequest, body: MaintenanceIn) -> MaintenanceOut:
    """Plan a window or a series, or begin work at once; the first window of a series is answered."""
    plan = _plan(request, body)
    said: dict[str, Any] = {
        "plan": plan,
        "notify": body.notify,
        "now": request.now,
        "author": request.auth.user,
    }
    if body.rule is not None:
        if body.starts_at is None:
            raise ValidationError({"starts_at": "A series needs its first start."})
        series = maintenance_series.schedule(rule=body.rule, **said)
        return shapes.shown(shapes.rows().filter(series=series).order_by("starts_at", "id")[0])
    if body.starts_at is None:
        return _shown(work.begin(origin="api", **said))
    return _shown(work.schedule(origin="api", **said))


@operations.reads(router, _ONE, gives=MaintenanceOut, **_SEEN)
def get_maintenance(request: ApiRequest, maintenance_id: PublicId) -> MaintenanceOut:
    """Show a maintenance."""
    del request
    return shapes.shown(maintenance_of(maintenance_id))


@operations.reads(router, f"{_ONE}/overlaps", gives=Listed[MaintenanceOut], **_SEEN)
def list_overlaps(request: ApiRequest, maintenance_id: PublicId) -> Listed[MaintenanceOut]:
    """List the first other windows that this one meets; worth a look, never an error."""
    del request
    row = maintenance_of(maintenance_id)
    met = maintenance_reading.overlapping(
        starts_at=row.starts_at, duration=row.ends_at - row.starts_at, without=row
    )
    found = shapes.rows().in_bulk([one.pk for one in met])
    return Listed(data=[shapes.shown(found[one.pk]) for one in met])


@operations.changes(router, _ONE, gives=MaintenanceOut, **_CHANGED)
def change_maintenance(
    request: ApiRequest, maintenance_id: PublicId, body: MaintenanceChange
) -> MaintenanceOut:
    """Change a window, or with `applies_to` following its series from this window on.

    The start of a window that has begun stays; of one that is over only the words can change.
    """
    row = maintenance_of(maintenance_id, is_held=True)
    etags.check(request, shapes.shown(row))
    fields = body.given()
    said: dict[str, Any] = {
        "plan": _changed(row, fields),
        "notify": body.notify,
        "now": request.now,
        "author": request.auth.user,
    }
    if body.applies_to is Reach.FOLLOWING:
        if row.series is None:
            conflict("This maintenance belongs to no series.")
        rule = fields.get("rule", row.series.rule)
        maintenance_series.change_from_here(occurrence=row, rule=rule, **said)
    elif "rule" in fields:
        raise ValidationError({"rule": "A rule goes with applies_to following, of a series."})
    else:
        maintenance_changes.change(maintenance=row, **said)
    return _shown(row)


@operations.acts(router, f"{_ONE}/extend", gives=MaintenanceOut, **_CHANGED)
def extend_maintenance(
    request: ApiRequest, maintenance_id: PublicId, body: ExtendIn
) -> MaintenanceOut:
    """Put off the planned end of a window that is running."""
    row = maintenance_of(maintenance_id, is_held=True)
    etags.check(request, shapes.shown(row))
    maintenance_changes.extend(
        maintenance=row,
        by=timedelta(minutes=body.minutes),
        notify=row.notifies if body.notify is None else body.notify,
        now=request.now,
        author=request.auth.user,
    )
    return _shown(row)


@operations.acts(router, f"{_ONE}/cancel", gives=CancelledOut, **_CHANGED)
def cancel_maintenance(
    request: ApiRequest, maintenance_id: PublicId, body: CancelIn
) -> CancelledOut:
    """Cancel a window, or with `applies_to` following it and all that follow; the series ends then."""
    row = maintenance_of(maintenance_id, is_held=True)
    etags.check(request, shapes.shown(row))
    said: dict[str, Any] = {
        "text": body.text,
        "notify": body.notify,
        "now": request.now,
        "author": request.auth.user,
    }
    if body.applies_to is Reach.FOLLOWING:
        gone = maintenance_series.cancel_from_here(occurrence=row, **said)
        return CancelledOut(cancelled=[one.public_id for one in gone])
    work.post_update(maintenance=row, state=State.CANCELLED, **said)
    return CancelledOut(cancelled=[row.public_id])


@operations.removes(router, _ONE, scope=_WRITTEN, permission="incidents.delete_maintenance")
def delete_maintenance(request: ApiRequest, maintenance_id: PublicId) -> None:
    """Delete a maintenance for good with all that was said; nobody is told.

    Its address answers that it was withdrawn. To tell people that it does not take place, cancel it.
    """
    row = maintenance_of(maintenance_id, is_held=True)
    etags.check(request, shapes.shown(row))
    work.delete(maintenance=row, now=request.now)


def maintenance_of(public_id: str, *, is_held: bool = False) -> Maintenance:
    """The maintenance with this id; `is_held` locks it to the end of the transaction."""
    rows = shapes.rows()
    if is_held:
        rows = rows.select_for_update(of=("self",))
    return rows.filter(public_id=public_id).first() or not_found("maintenance")


def _shown(row: Maintenance) -> MaintenanceOut:
    return shapes.shown(maintenance_of(row.public_id))


def _narrowed(wanted: MaintenancesWanted) -> Q:
    found = Q()
    if wanted.state:
        found &= Q(state=wanted.state)
    if wanted.component_id:
        meant = Component.objects.filter(touched.named(wanted.component_id))
        touching = AffectedService.objects.filter(component__in=meant)
        found &= Q(pk__in=touching.values("maintenance"))
    if wanted.series_id:
        found &= Q(series=wanted.series_id)
    if wanted.since:
        found &= Q(ends_at__gt=wanted.since)
    if wanted.until:
        found &= Q(starts_at__lt=wanted.until)
    return found


def _plan(request: ApiRequest, body: MaintenanceIn) -> Plan:
    """What a body says; its template fills what it leaves out."""
    starts_at = shapes.to_the_minute(body.starts_at or request.now)
    # What begins at once is put on the clock by the operation.
    wall_zone = body.zone if body.starts_at else "UTC"
    picked = shapes.chosen(body.components or [])
    plan = Plan(
        title=body.title,
        text=body.text,
        wall_start=shapes.clock(starts_at, zone=wall_zone),
        duration=shapes.to_the_minute(body.ends_at) - starts_at,
        zone=body.zone,
        components=picked,
        auto_start=body.auto_start,
        auto_finish=body.auto_finish,
        mutes_alerts=body.mutes_alerts,
        lead_minutes=body.lead_minutes,
    )
    if body.template_id is None:
        return plan
    template = template_of(body.template_id, kind=TemplateKind.MAINTENANCE)
    filled = templating.use(template=template, component_ids=picked.keys(), now=request.now)
    return replace(
        plan,
        title=body.title or filled.title,
        text=body.text or filled.text,
        components=picked or plans.under_maintenance(filled.component_ids),
    )


def _changed(row: Maintenance, fields: dict[str, Any]) -> Plan:
    """The plan of a window with these fields different."""
    plan = plans.of(row)
    same = {"title", "text", "auto_start", "auto_finish", "mutes_alerts", "lead_minutes"}
    plan = replace(plan, **{name: fields[name] for name in same & fields.keys()})
    if "components" in fields:
        plan = replace(plan, components=shapes.chosen(fields["components"]))
    zone = fields.get("zone", row.zone)
    starts_at, ends_at = row.starts_at, row.ends_at
    if "starts_at" in fields and shapes.to_the_minute(fields["starts_at"]) != shapes.to_the_minute(
        row.starts_at
    ):
        starts_at = shapes.to_the_minute(fields["starts_at"])
    if "ends_at" in fields:
        ends_at = shapes.to_the_minute(fields["ends_at"])
    if zone != row.zone or starts_at != row.starts_at:
        at = shapes.to_the_minute(starts_at)
        plan = replace(plan, zone=zone, wall_start=shapes.clock(at, zone=zone))
    return replace(plan, duration=ends_at - starts_at)
