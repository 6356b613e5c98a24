"""The page's catalogue: the page row, its dirty mark, and adding components."""

from datetime import datetime

from django.db import models, transaction

from components.models import Component, ComponentGroup, Page, StatusChange
from components.status import Source, Status


def page() -> Page:
    """The page row; made on first use, so that a fresh installation has a page to publish."""
    row, _ = Page.objects.get_or_create(id=1)
    return row


def mark_dirty() -> None:
    """Tell every publisher that the page changed; call inside the transaction of the change."""
    if not Page.objects.filter(id=1).update(revision=models.F("revision") + 1):
        Page.objects.get_or_create(id=1)


def add_component(
    *,
    name: str,
    slug: str,
    now: datetime,
    group: ComponentGroup | None = None,
    description: str = "",
    position: int = 0,
) -> Component:
    """Add a component; it is operational until something else is claimed.

    Its history starts `now`: days before are shown as "no data", never as up.
    """
    with transaction.atomic():
        component = Component(
            name=name,
            slug=slug,
            group=group,
            description=description,
            position=position,
            created_at=now,
        )
        register(component=component, now=now)
    return component


def register(*, component: Component, now: datetime) -> None:
    """Save a new component row together with the first row of its history."""
    with transaction.atomic():
        component.created_at = component.status_since = now
        component.save()
        StatusChange.objects.create(
            component=component,
            status=Status.OPERATIONAL,
            at=now,
            recorded_at=now,
            cause=Source.MANUAL,
            note="added",
        )
        mark_dirty()
