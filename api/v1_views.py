"""Statuspage's manage API: pages, components, groups, incidents with maintenance, subscribers."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from accounts import roles
from api import v1_bodies, v1_reading, v1_shapes, v1_writing
from api.v1_door import Door, Need, Refused, error, not_found
from api.v1_reading import Event, Filter, Wanted
from components import catalogue, v2_rows
from components.models import Component, ComponentGroup, Page
from incidents import maintenance_entries, status_telling, timeline
from incidents.models import Incident, IncidentUpdate, Maintenance, MaintenanceUpdate
from monitoring import services
from subscribers.models import State, Subscriber

MOST = 100
_FARTHEST = 1_000  # pages of a list
SEES_PAGES = Need("page:read", "components.view_page")
SEES_COMPONENTS = Need("components:read", "components.view_component")
SEES_GROUPS = Need("groups:read", "components.view_componentgroup")
SEES_PEOPLE = Need("subscribers:read", "subscribers.view_subscriber")
ADDS_COMPONENT = Need("components:write", "components.add_component")
SETS_STATUS = Need("components:write", roles.STATUS)
CHANGES_COMPONENT = Need("components:write", "components.change_component")
REMOVES_COMPONENT = Need("components:write", "components.delete_component")
_OF_KINDS: Mapping[type[Event], str] = {Incident: "incident", Maintenance: "maintenance"}


def of_events(verb: str) -> list[Need]:
    """What "view", "add", "change" and "delete" want of incidents, and of maintenance."""
    word = "read" if verb == "view" else "write"
    return [Need(f"{name}s:{word}", f"incidents.{verb}_{name}") for name in _OF_KINDS.values()]


@csrf_exempt  # it does nothing
def nothing(_request: HttpRequest, rest: str) -> HttpResponse:
    """What they have and we have not."""
    del rest
    return error("There is no such address.", 404)


# ---- pages and components ------------------------------------------------------------------------


def list_pages(door: Door) -> HttpResponse:
    return _json([v1_shapes.page(row) for row in door.pages()])


def read_page(door: Door, page_id: str) -> HttpResponse:
    return _json(v1_shapes.page(door.page(page_id)))


def list_components(door: Door, page_id: str) -> HttpResponse:
    offset, limit = _slice(door)
    rows = list(_rows(door.page(page_id)).values())
    return _json(rows[offset : offset + limit])


def add_component(door: Door, page_id: str) -> HttpResponse:
    """Add a component to the main page; other pages choose theirs."""
    page = door.page(page_id)
    if not page.is_main:
        raise Refused("Components are added to the main page; other pages choose among them.")
    fields = v1_bodies.own(door.body, "component")
    with transaction.atomic():
        row = services.add_service(
            name=v1_bodies.text(fields, "name") or "",
            description=v1_bodies.text(fields, "description") or "",
            group=_group(fields),
            now=door.now,
        )
        _hold(door, row, fields)
    return _json(_rows(page)[row.pk], 201)


def read_component(door: Door, page_id: str, component_id: str) -> HttpResponse:
    page = door.page(page_id)
    return _json(_rows(page)[_component(page, component_id).pk])


def change_component(door: Door, page_id: str, component_id: str) -> HttpResponse:
    """Hold a component in a status, change its name, description or group; the rest is left aside."""
    page = door.page(page_id)
    row = _component(page, component_id)
    fields = v1_bodies.own(door.body, "component")
    changes: dict[str, Any] = {}
    for name in ("name", "description"):
        value = v1_bodies.text(fields, name)
        if value is not None and value != getattr(row, name):
            changes[name] = value
    if "group_id" in fields and _group(fields) != row.group:
        changes["group"] = _group(fields)
    with transaction.atomic():
        if changes:
            door.check(CHANGES_COMPONENT)
            services.change_service(component=row, **changes)
        _hold(door, row, fields)
    return _json(_rows(page)[row.pk])


def remove_component(door: Door, page_id: str, component_id: str) -> HttpResponse:
    catalogue.remove_component(component=_component(door.page(page_id), component_id))
    return HttpResponse(status=204)


def list_groups(door: Door, page_id: str) -> HttpResponse:
    offset, limit = _slice(door)
    return _json(_groups(door.page(page_id))[offset : offset + limit])


def read_group(door: Door, page_id: str, ident: str) -> HttpResponse:
    for found in _groups(door.page(page_id)):
        if found["id"] == ident:
            return _json(found)
    raise not_found("component group")


# ---- incidents -----------------------------------------------------------------------------------


def list_incidents(door: Door, page_id: str, chosen: str = Filter.ALL) -> HttpResponse:
    page = door.page(page_id)
    offset, limit = _slice(door)
    readable = [
        kind for kind, need in zip(_OF_KINDS, of_events("view"), strict=True) if door.can(need)
    ]
    wanted = Wanted(
        filter=Filter(chosen),
        kinds=readable,
        text=door.request.GET.get("q", "")[:200].replace("\0", ""),
        offset=offset,
        limit=limit,
    )
    rows = _rows(page)
    return _json([v1_shapes.event(row, page, rows) for row in v1_reading.events(page, wanted)])


def add_incident(door: Door, page_id: str) -> HttpResponse:
    page = door.page(page_id)
    said = v1_bodies.incident(v1_bodies.own(door.body, "incident"), _known(page))
    door.check(_need("add", Maintenance if said.is_work else Incident))
    row = v1_writing.create(said=said, author=door.caller.user, now=door.now)
    return _shown(page, row.public_id, 201)


def read_incident(door: Door, page_id: str, public_id: str) -> HttpResponse:
    page = door.page(page_id)
    _event(door, page, public_id, "view")
    return _shown(page, public_id)


def change_incident(door: Door, page_id: str, public_id: str) -> HttpResponse:
    """Post what was said as an update; a title is corrected."""
    page = door.page(page_id)
    row = _event(door, page, public_id, "change")
    said = v1_bodies.incident(v1_bodies.own(door.body, "incident"), _known(page))
    author = door.caller.user
    if isinstance(row, Incident):
        v1_writing.change_incident(row=row, said=said, author=author, now=door.now)
    else:
        v1_writing.change_work(row=row, said=said, author=author, now=door.now)
    return _shown(page, public_id)


def remove_incident(door: Door, page_id: str, public_id: str) -> HttpResponse:
    """Delete it for good; the answer is what it was."""
    page = door.page(page_id)
    row = _event(door, page, public_id, "delete")
    answer = _json(v1_shapes.event(row, page, _rows(page)))
    v1_writing.remove(row=row, now=door.now)
    return answer


def change_update(door: Door, page_id: str, public_id: str, update_id: str) -> HttpResponse:
    """Correct the text of an update; nobody is told again."""
    page = door.page(page_id)
    event = _event(door, page, public_id, "change")
    found = next((one for one in event.updates.all() if one.public_id == update_id), None)
    if found is None:
        raise not_found("incident update")
    fields = v1_bodies.own(door.body, "incident_update")
    if v1_bodies.moment(fields, "display_at") not in {None, found.at}:
        raise Refused("The time of an update stays as it is.")
    text = v1_bodies.text(fields, "body")
    if text is not None:
        _correct(found, text, door)
    return _json(v1_shapes.update(_fresh(found), public_id, _rows(page)))


# ---- subscribers ---------------------------------------------------------------------------------


def list_subscribers(door: Door, page_id: str) -> HttpResponse:
    """Those of a page; here the first page of the list is 0, as there."""
    page = door.page(page_id)
    offset, limit = _slice(door, first=0)
    rows = Subscriber.objects.filter(page=page).exclude(state=State.ENDED)
    channels = {"email": "email", "sms": "sms", "webhook": "webhook", "slack": "slack"}
    states = {"active": State.ACTIVE, "unconfirmed": State.WAITING, "quarantined": State.PAUSED}
    asked = door.request.GET
    if channel := channels.get(asked.get("type", "")):
        rows = rows.filter(channel=channel)
    if state := states.get(asked.get("state", "")):
        rows = rows.filter(state=state)
    if text := asked.get("q", "")[:320].replace("\0", ""):
        rows = rows.filter(address__icontains=text)
    newest = rows.order_by("-created_at", "-id").prefetch_related("chosen__component")
    return _json([v1_shapes.subscriber(row, page) for row in newest[offset : offset + limit]])


# ---- pieces --------------------------------------------------------------------------------------


def _json(document: object, status: int = 200) -> HttpResponse:
    return JsonResponse(document, safe=False, status=status)


def _shown(page: Page, ident: str, status: int = 200) -> HttpResponse:
    row = v1_reading.event(page, ident)
    if row is None:
        raise not_found("incident")
    return _json(v1_shapes.event(row, page, _rows(page)), status)


def _event(door: Door, page: Page, ident: str, verb: str) -> Event:
    """The incident of a page that the token may do this to. Raises Refused and NotAllowed."""
    row = v1_reading.event(page, ident)
    if row is None:
        raise not_found("incident")
    door.check(_need(verb, type(row)))
    return row


def _need(verb: str, kind: type[Event]) -> Need:
    return of_events(verb)[list(_OF_KINDS).index(kind)]


def _rows(page: Page) -> v1_shapes.Rows:
    return v2_rows.rows(page, v1_reading.components(page))


def _known(page: Page) -> dict[str, int]:
    return {row.public_id: row.pk for row in v1_reading.components(page)}


def _component(page: Page, ident: str) -> Component:
    for row in v1_reading.components(page):
        if row.public_id == ident:
            return row
    raise not_found("component")


def _groups(page: Page) -> list[dict[str, Any]]:
    members: dict[ComponentGroup, list[Component]] = {}
    for row in v1_reading.components(page):
        if row.group is not None:
            members.setdefault(row.group, []).append(row)
    return [
        v1_shapes.group(group, rows, page, place)
        for place, (group, rows) in enumerate(members.items(), start=1)
    ]


def _group(fields: Mapping[str, Any]) -> ComponentGroup | None:
    ident = v1_bodies.text(fields, "group_id")
    if not ident:
        return None
    found = ComponentGroup.objects.filter(public_id=ident).first()
    if found is None:
        raise Refused(f"There is no component group with the id “{ident[:20]}”.")
    return found


def _hold(door: Door, row: Component, fields: Mapping[str, Any]) -> None:
    """Hold a component in the status that was sent, as on the dashboard."""
    held = v1_bodies.status(fields)
    if held is not None:
        door.check(SETS_STATUS)
        status_telling.choose(choices={row.pk: held}, now=door.now, by=door.caller.name)


def _correct(row: IncidentUpdate | MaintenanceUpdate, text: str, door: Door) -> None:
    if isinstance(row, IncidentUpdate):
        timeline.correct(update=row, text=text, author=door.caller.user, now=door.now)
    else:
        maintenance_entries.correct(update=row, text=text, now=door.now)


def _fresh(row: IncidentUpdate | MaintenanceUpdate) -> IncidentUpdate | MaintenanceUpdate:
    rows = type(row)._default_manager.prefetch_related("components__component__group")
    found: IncidentUpdate | MaintenanceUpdate = rows.get(pk=row.pk)
    return found


def _slice(door: Door, *, first: int = 1) -> tuple[int, int]:
    """Where a list begins, and how many rows at most: `page`, and `per_page` or `limit`."""
    asked = door.request.GET
    limit = _number(asked.get("per_page") or asked.get("limit") or str(MOST), "per_page", MOST)
    page = _number(asked.get("page") or str(first), "page", _FARTHEST)
    return max(0, page - first) * limit, limit


def _number(text: str, name: str, most: int) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise Refused(f"{name} has to be a number.")
    return min(int(text), most)
