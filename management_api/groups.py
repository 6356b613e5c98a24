"""Groups: the headings that components stand under."""

from collections.abc import Sequence
from typing import Any

from ninja import Query, Router
from pydantic import Field

from components import catalogue, ordering
from components.models import Component, ComponentGroup
from management_api import etags, naming, operations, paging
from management_api.guard import ApiRequest
from management_api.paging import Paging
from management_api.problems import not_found
from management_api.schemas import In, Listed, Name, Out, Position, PublicId, left_out

router = Router(tags=["groups"])
_SEEN: Any = {"scope": "groups:read", "permission": "components.view_componentgroup"}
_CHANGED: Any = {"scope": "groups:write", "permission": "components.change_componentgroup"}


class GroupOut(Out):
    """A group. The lower its position, the further up it stands; its components are in page order."""

    id: str
    name: str
    position: int
    is_collapsed: bool
    component_ids: list[str]


class GroupIn(In):
    """A new group, below the others."""

    name: Name
    is_collapsed: bool = False


class GroupChange(In):
    """What is to be different; what is left out stays."""

    name: Name = left_out()
    position: Position = left_out(int)
    is_collapsed: bool = left_out(bool)


class GroupOrder(In):
    """Groups by id, the uppermost first. Those that are left out follow in the order they have."""

    group_ids: list[str] = Field(max_length=1000)


class Groups(Out):
    """Every group, in page order."""

    data: list[GroupOut]


@operations.reads(router, "/groups", gives=Listed[GroupOut], **_SEEN)
def list_groups(request: ApiRequest, paging_: Query[Paging]) -> Listed[GroupOut]:
    """List groups, the uppermost first."""
    del request
    return paging.page_of(ComponentGroup.objects.all(), paging_, by=["position", "id"], show=_told)


@operations.creates(
    router,
    "/groups",
    scope="groups:write",
    permission="components.add_componentgroup",
    gives=GroupOut,
    at=lambda out: f"/groups/{out.id}",
)
def create_group(request: ApiRequest, body: GroupIn) -> GroupOut:
    """Add a group below the others."""
    del request
    return _shown(catalogue.add_group(name=body.name, is_collapsed=body.is_collapsed))


@operations.acts(
    router,
    "/groups/order",
    gives=Groups,
    method="PUT",
    **_CHANGED,
    has_etag=False,
)
def order_groups(request: ApiRequest, body: GroupOrder) -> Groups:
    """Put groups into an order."""
    rows = ComponentGroup.objects.order_by("position", "name")
    ids = naming.ids_of(rows, body.group_ids, field="group_ids")
    ordering.arrange(siblings=rows, row_ids=ids, now=request.now)
    return Groups(data=_told(list(rows.all())))


@operations.reads(router, "/groups/{group_id}", gives=GroupOut, **_SEEN)
def get_group(request: ApiRequest, group_id: PublicId) -> GroupOut:
    """Show a group."""
    del request
    return _shown(_group(group_id))


@operations.changes(router, "/groups/{group_id}", gives=GroupOut, **_CHANGED)
def change_group(request: ApiRequest, group_id: PublicId, body: GroupChange) -> GroupOut:
    """Change a group."""
    row = _group(group_id, is_held=True)
    etags.check(request, _shown(row))
    fields: dict[str, Any] = body.given()
    return _shown(catalogue.change_group(group=row, **fields))


@operations.removes(
    router,
    "/groups/{group_id}",
    scope="groups:write",
    permission="components.delete_componentgroup",
)
def delete_group(request: ApiRequest, group_id: PublicId) -> None:
    """Remove a heading; its components stay on the page, below all groups."""
    row = _group(group_id, is_held=True)
    etags.check(request, _shown(row))
    catalogue.remove_group(group=row)


def _group(public_id: str, *, is_held: bool = False) -> ComponentGroup:
    rows = ComponentGroup.objects.all()
    if is_held:
        rows = rows.select_for_update(of=("self",))
    return rows.filter(public_id=public_id).first() or not_found("group")


def _shown(row: ComponentGroup) -> GroupOut:
    return _told([row])[0]


def _told(rows: Sequence[ComponentGroup]) -> list[GroupOut]:
    held: dict[int, list[str]] = {row.pk: [] for row in rows}
    found = Component.objects.filter(group__in=list(held)).order_by("position", "name", "id")
    for group_id, public_id in found.values_list("group_id", "public_id"):
        if group_id is not None:
            held[group_id].append(public_id)
    return [
        GroupOut(
            id=row.public_id,
            name=row.name,
            position=row.position,
            is_collapsed=row.is_collapsed,
            component_ids=held[row.pk],
        )
        for row in rows
    ]
