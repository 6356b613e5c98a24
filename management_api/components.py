"""Components and the groups that hold them on pages."""

from datetime import datetime
from typing import Any

from django.db.models import Q
from ninja import Query, Router
from pydantic import Field

from components import catalogue
from components.by_hand import CHOICES
from components.models import Component, ComponentGroup
from components.status import Status
from incidents import status_telling
from management_api import etags, operations, paging
from management_api.guard import ApiRequest
from management_api.paging import Paging
from management_api.problems import not_found
from management_api.schemas import In, Listed, Out, PublicId, Words, left_out
from monitoring import services

router = Router(tags=["components"])
_SEEN = {"scope": "components:read", "permission": "components.view_component"}
_WRITTEN = "components:write"


class ComponentOut(Out):
    """A component. `status` is what visitors see; `is_held` while a person holds it there."""

    id: str
    name: str
    slug: str
    description: str
    group_id: str | None
    position: int
    status: Status
    status_since: datetime | None
    is_held: bool
    is_visible: bool
    only_where_chosen: bool
    shows_addresses: bool
    created_at: datetime


class ComponentIn(In):
    """A new component; without a slug it gets one from its name."""

    name: str = Field(min_length=1, max_length=100)
    slug: str = Field("", max_length=100)
    description: str = Field("", max_length=500)
    group_id: str | None = None


class ComponentChange(In):
    """What is to be different; what is left out stays."""

    name: str = left_out(max_length=100)
    slug: str = left_out(max_length=100)
    description: str = left_out(max_length=500)
    group_id: str | None = None
    position: int = left_out(int, ge=0, le=2**31 - 1)
    is_visible: bool = left_out(bool)
    only_where_chosen: bool = left_out(bool)
    shows_addresses: bool = left_out(bool)


class StatusIn(In):
    """A status to hold the component in; null: what monitors and events say counts again."""

    status: Status | None = Field(json_schema_extra={"enum": [*CHOICES, None]})


class ComponentFilter(Paging):
    """Which components: those of a group, those that visitors see in a status, those named so."""

    group_id: Words = ""
    status: Status | None = None
    q: Words = Field("", description="Part of the name or the slug.")


@operations.reads(router, "/components", gives=Listed[ComponentOut], **_SEEN)
def list_components(request: ApiRequest, wanted: Query[ComponentFilter]) -> Listed[ComponentOut]:
    """List components, in the order of their making."""
    del request
    rows = Component.objects.select_related("group")
    if wanted.group_id:
        rows = rows.filter(group__public_id=wanted.group_id)
    if wanted.status is not None:
        rows = rows.filter(status=wanted.status)
    if wanted.q:
        rows = rows.filter(Q(name__icontains=wanted.q) | Q(slug__icontains=wanted.q))
    return paging.page(rows, wanted, by=["id"], show=_shown)


@operations.creates(
    router,
    "/components",
    scope=_WRITTEN,
    permission="components.add_component",
    gives=ComponentOut,
    at=lambda out: f"/components/{out.id}",
)
def create_component(request: ApiRequest, body: ComponentIn) -> ComponentOut:
    """Add a component; it is operational until something else is known."""
    row = services.add_service(
        name=body.name,
        slug=body.slug,
        description=body.description,
        group=group_of(body.group_id),
        now=request.now,
    )
    return _shown(row)


@operations.reads(router, "/components/{component_id}", gives=ComponentOut, **_SEEN)
def get_component(request: ApiRequest, component_id: PublicId) -> ComponentOut:
    """Show a component."""
    del request
    return _shown(component_of(component_id))


@operations.changes(
    router,
    "/components/{component_id}",
    scope=_WRITTEN,
    permission="components.change_component",
    gives=ComponentOut,
)
def change_component(
    request: ApiRequest, component_id: PublicId, body: ComponentChange
) -> ComponentOut:
    """Change a component."""
    row = component_of(component_id, is_held=True)
    etags.check(request, _shown(row))
    fields: dict[str, Any] = body.given()
    if "group_id" in fields:
        fields["group"] = group_of(fields.pop("group_id"))
    return _shown(services.change_service(component=row, **fields))


@operations.removes(
    router,
    "/components/{component_id}",
    scope=_WRITTEN,
    permission="components.delete_component",
)
def delete_component(request: ApiRequest, component_id: PublicId) -> None:
    """Remove a component with its history and all that was measured of it."""
    row = component_of(component_id, is_held=True)
    etags.check(request, _shown(row))
    catalogue.remove_component(component=row)


@operations.acts(
    router,
    "/components/{component_id}/status",
    scope=_WRITTEN,
    permission="components.set_status",
    gives=ComponentOut,
    method="PUT",
)
def set_component_status(
    request: ApiRequest, component_id: PublicId, body: StatusIn
) -> ComponentOut:
    """Hold a component in a status, or let it follow its monitors again.

    As on the dashboard: programs that subscribed hear of it, people where the page says so.
    """
    row = component_of(component_id, is_held=True)
    etags.check(request, _shown(row))
    status_telling.choose(choices={row.pk: body.status}, now=request.now, by=request.auth.name)
    return _shown(component_of(component_id))


def component_of(public_id: str, *, is_held: bool = False) -> Component:
    """The component with this id, or this slug; `is_held` locks it to the end of the transaction."""
    rows = Component.objects.select_related("group")
    if is_held:
        rows = rows.select_for_update(of=("self",))
    found = rows.filter(public_id=public_id).first() or rows.filter(slug=public_id).first()
    return found or not_found("component")


def group_of(public_id: str | None) -> ComponentGroup | None:
    """The group with this id; None for none."""
    if public_id is None:
        return None
    found = ComponentGroup.objects.filter(public_id=public_id).first()
    return found or not_found("group")


def _shown(row: Component) -> ComponentOut:
    return ComponentOut(
        id=row.public_id,
        name=row.name,
        slug=row.slug,
        description=row.description,
        group_id=row.group.public_id if row.group else None,
        position=row.position,
        status=row.shown_status,
        status_since=row.status_since,
        is_held=row.is_manual,
        is_visible=row.is_visible,
        only_where_chosen=row.only_where_chosen,
        shows_addresses=row.shows_addresses,
        created_at=row.created_at,
    )
