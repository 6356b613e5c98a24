"""The timeline of an incident: what was said, the next update, corrections."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from ninja import Query, Router

from components.models import Page
from incidents import publishing, reading, timeline
from incidents.models import Incident, IncidentUpdate
from management_api import etags, operations, paging
from management_api import incident_shapes as shapes
from management_api.guard import ApiRequest
from management_api.incident_shapes import CorrectionIn, IncidentUpdateIn, IncidentUpdateOut
from management_api.incidents import incident_of
from management_api.paging import Paging
from management_api.problems import conflict, not_found
from management_api.schemas import Listed, PublicId

router = Router(tags=["incidents"])
_SEEN: Any = {"scope": "incidents:read", "permission": "incidents.view_incident"}
_CHANGED: Any = {"scope": "incidents:write", "permission": "incidents.change_incident"}
_ALL = "/incidents/{incident_id}/updates"
_ONE = f"{_ALL}/{{update_id}}"


@operations.reads(router, _ALL, gives=Listed[IncidentUpdateOut], **_SEEN)
def list_incident_updates(
    request: ApiRequest, incident_id: PublicId, paging_: Query[Paging]
) -> Listed[IncidentUpdateOut]:
    """List what was said of an incident, newest first."""
    return paging.page(
        shapes.update_rows(incident_of(incident_id)),
        paging_,
        by=["-at", "-id"],
        show=lambda row: shapes.shown_update(request, row),
    )


@operations.creates(
    router,
    _ALL,
    scope=_CHANGED["scope"],
    permission=_CHANGED["permission"],
    gives=IncidentUpdateOut,
)
def post_incident_update(
    request: ApiRequest, incident_id: PublicId, body: IncidentUpdateIn
) -> IncidentUpdateOut:
    """Post an update. An open state after resolved opens the incident again.

    409 when the state cannot follow, when somebody posted since `seen_update_id`, and when probes still
    find trouble with what would be resolved (`is_sure`).
    """
    row = incident_of(incident_id, is_held=True)
    state = body.state or row.state_value
    components = None if body.components is None else shapes.chosen(body.components)
    names = reading.doubts(incident=row, state=state, component_ids=(components or {}).keys())
    if names and not body.is_sure:
        _doubted(names)
    update = publishing.post_update(
        incident=row,
        state=state,
        text=body.text,
        impact=body.impact,
        components=components,
        notify=body.notify,
        next_update_by=body.next_update_by,
        audience=_page_of(body.audience),
        seen_update_id=_seen(row, body.seen_update_id),
        now=request.now,
        author=request.auth.user,
    )
    return _shown(request, row, update.public_id)


@operations.reads(router, _ONE, gives=IncidentUpdateOut, **_SEEN)
def get_incident_update(
    request: ApiRequest, incident_id: PublicId, update_id: PublicId
) -> IncidentUpdateOut:
    """Show one entry of the timeline."""
    return _shown(request, incident_of(incident_id), update_id)


@operations.changes(router, _ONE, gives=IncidentUpdateOut, **_CHANGED)
def correct_incident_update(
    request: ApiRequest, incident_id: PublicId, update_id: PublicId, body: CorrectionIn
) -> IncidentUpdateOut:
    """Correct the text of an entry. Pages mark it as corrected, and nobody is told again."""
    row = incident_of(incident_id, is_held=True)
    update = _update_of(row, update_id, is_held=True)
    etags.check(request, shapes.shown_update(request, update))
    timeline.correct(update=update, text=body.text, author=request.auth.user, now=request.now)
    return _shown(request, row, update_id)


def _update_of(row: Incident, public_id: str, *, is_held: bool = False) -> IncidentUpdate:
    rows = shapes.update_rows(row)
    if is_held:
        rows = rows.select_for_update(of=("self",))
    return rows.filter(public_id=public_id).first() or not_found("update")


def _shown(request: ApiRequest, row: Incident, public_id: str) -> IncidentUpdateOut:
    return shapes.shown_update(request, _update_of(row, public_id))


def _doubted(names: Sequence[str]) -> None:
    conflict(
        f"Probes still find trouble with {', '.join(names)}: visitors will see what they find. "
        "Send is_sure to resolve it all the same."
    )


def _page_of(public_id: str | None) -> Page | None:
    if public_id is None:
        return None
    found = Page.objects.live().filter(public_id=public_id).first()
    if found is None:
        raise ValidationError({"audience": "There is no such page."})
    return found


def _seen(row: Incident, public_id: str | None) -> int | None:
    if public_id is None:
        return None
    found = row.updates.filter(public_id=public_id).first()
    if found is None:
        raise ValidationError({"seen_update_id": "This incident has no such update."})
    return found.pk
