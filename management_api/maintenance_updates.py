"""The timeline of a maintenance: what was said, steps and notes, corrections."""

from typing import Any

from ninja import Query, Router

from incidents import maintenance as work
from incidents import maintenance_entries
from incidents.models import Maintenance, MaintenanceUpdate
from management_api import etags, operations, paging
from management_api import maintenance_shapes as shapes
from management_api.guard import ApiRequest
from management_api.incident_shapes import CorrectionIn
from management_api.maintenance_shapes import MaintenanceUpdateIn, MaintenanceUpdateOut
from management_api.maintenances import maintenance_of
from management_api.paging import Paging
from management_api.problems import not_found
from management_api.schemas import Listed, PublicId

router = Router(tags=["maintenances"])
_SEEN: Any = {"scope": "maintenances:read", "permission": "incidents.view_maintenance"}
_CHANGED: Any = {"scope": "maintenances:write", "permission": "incidents.change_maintenance"}
_ALL = "/maintenances/{maintenance_id}/updates"
_ONE = f"{_ALL}/{{update_id}}"


@operations.reads(router, _ALL, gives=Listed[MaintenanceUpdateOut], **_SEEN)
def list_maintenance_updates(
    request: ApiRequest, maintenance_id: PublicId, paging_: Query[Paging]
) -> Listed[MaintenanceUpdateOut]:
    """List what was said of a maintenance, newest first; reminders, which no page shows, among it."""
    del request
    rows = shapes.update_rows(maintenance_of(maintenance_id))
    return paging.page(rows, paging_, by=["-at", "-id"], show=shapes.shown_update)


@operations.creates(
    router,
    _ALL,
    scope=_CHANGED["scope"],
    permission=_CHANGED["permission"],
    gives=MaintenanceUpdateOut,
)
def post_maintenance_update(
    request: ApiRequest, maintenance_id: PublicId, body: MaintenanceUpdateIn
) -> MaintenanceUpdateOut:
    """Take a step (begin, verify, complete, cancel), or add a note. 409 when the step cannot follow."""
    row = maintenance_of(maintenance_id, is_held=True)
    update = work.post_update(
        maintenance=row,
        state=body.state or row.state_value,
        text=body.text,
        notify=row.notifies if body.notify is None else body.notify,
        now=request.now,
        author=request.auth.user,
    )
    return _shown(row, update.public_id)


@operations.reads(router, _ONE, gives=MaintenanceUpdateOut, **_SEEN)
def get_maintenance_update(
    request: ApiRequest, maintenance_id: PublicId, update_id: PublicId
) -> MaintenanceUpdateOut:
    """Show one entry of the timeline."""
    del request
    return _shown(maintenance_of(maintenance_id), update_id)


@operations.changes(router, _ONE, gives=MaintenanceUpdateOut, **_CHANGED)
def correct_maintenance_update(
    request: ApiRequest, maintenance_id: PublicId, update_id: PublicId, body: CorrectionIn
) -> MaintenanceUpdateOut:
    """Correct the text of an entry. Pages mark it as corrected, and nobody is told again."""
    row = maintenance_of(maintenance_id, is_held=True)
    update = _update_of(row, update_id, is_held=True)
    etags.check(request, shapes.shown_update(update))
    maintenance_entries.correct(update=update, text=body.text, now=request.now)
    return _shown(row, update_id)


def _update_of(row: Maintenance, public_id: str, *, is_held: bool = False) -> MaintenanceUpdate:
    rows = shapes.update_rows(row)
    if is_held:
        rows = rows.select_for_update(of=("self",))
    return rows.filter(public_id=public_id).first() or not_found("update")


def _shown(row: Maintenance, public_id: str) -> MaintenanceUpdateOut:
    return shapes.shown_update(_update_of(row, public_id))
