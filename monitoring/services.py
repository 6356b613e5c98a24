"""Add and change a service as one step: its component, its group and, if given, a first address."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from components import catalogue
from components.models import Component, ComponentGroup
from monitoring import inventory
from monitoring.models import Node

FIRST_NODE_SLUG = "main"


def add_service(
    *,
    name: str,
    now: datetime,
    slug: str = "",
    group: ComponentGroup | None = None,
    new_group: str = "",
    description: str = "",
    address: str = "",
) -> Component:
    """Add a service to the page; with an address, which is checked at once, also a node for it.

    `new_group` names a group to make; an empty slug is made from the name. Raises ValidationError
    by the names of these arguments, with nothing saved.
    """
    with transaction.atomic():
        group = _group(group, new_group)
        component = catalogue.add_component(
            name=name,
            slug=slug or free_slug(name, taken=_component_slugs()),
            group=group,
            description=description,
            position=catalogue.next_position(group=group),
            now=now,
        )
        if address:
            node = inventory.add_node(component=component, name=name, slug=FIRST_NODE_SLUG, now=now)
            inventory.add_replica(node=node, address=address, now=now)
    return component


def change_service(*, component: Component, new_group: str = "", **fields: Any) -> Component:
    """Change fields of the component; `new_group` names a group to make for it."""
    with transaction.atomic():
        if new_group:
            fields["group"] = _group(None, new_group)
        return catalogue.change_component(component=component, **fields)


def add_node(*, component: Component, name: str, slug: str, now: datetime, **options: Any) -> Node:
    """Add a node below the others; an empty slug is made from the name."""
    taken = set(Node.objects.filter(component=component).values_list("slug", flat=True))
    last = Node.objects.filter(component=component).order_by("-position").first()
    return inventory.add_node(
        component=component,
        name=name,
        slug=slug or free_slug(name, taken=taken),
        position=last.position + 1 if last else 0,
        now=now,
        **options,
    )


def free_slug(name: str, *, taken: set[str]) -> str:
    """A slug from a name that nobody has: "landing-page", "landing-page-2"."""
    base = slugify(name)[:90] or "service"
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def _component_slugs() -> set[str]:
    return set(Component.objects.values_list("slug", flat=True))


def _group(group: ComponentGroup | None, new_group: str) -> ComponentGroup | None:
    if not new_group:
        return group
    try:
        return catalogue.add_group(name=new_group)
    except ValidationError as error:
        raise ValidationError({"new_group": error.messages}) from None
