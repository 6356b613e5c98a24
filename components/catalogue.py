"""The page's catalogue: the page row, its dirty mark, and what operators do to groups and components.

Every function is one transaction, validates first (ValidationError by field, nothing saved) and
marks the page dirty. A component's status is not set here but in `claims`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models, transaction

from components.models import Component, ComponentGroup, Page, PageKind, StatusChange
from components.models.pages import MAIN_ID
from components.status import Source, Status

_MAIN = {"kind": PageKind.PUBLIC, "shows_all": True, "slug": "status"}


def page() -> Page:
    """The main page's row; made on first use, so that a fresh installation has a page to publish."""
    row, _ = Page.objects.get_or_create(id=MAIN_ID, defaults=_MAIN)
    return row


def keep_feed_authority(host: str) -> str:
    """Return the host name in the ids of feeds and calendars, which never change (RFC 4151).

    The first real name that the page is published under is kept for good; a number or `localhost`,
    from a trial, only until there is one.
    """
    stored = page().feed_authority
    if stored and not (_is_provisional(stored) and not _is_provisional(host)):
        return stored
    if stored != host:
        Page.objects.filter(id=1, feed_authority=stored).update(feed_authority=host)
    return host


def _is_provisional(host: str) -> bool:
    return host == "localhost" or host.rpartition(".")[2].isdigit() or ":" in host


def mark_dirty() -> None:
    """Tell every publisher that the page changed; call inside the transaction of the change."""
    if not Page.objects.filter(id=1).update(revision=models.F("revision") + 1):
        page()


def next_revision() -> int:
    """Mark the page dirty and return its new revision, which the caller's row keeps.

    Call inside the transaction of the change: the page row stays locked until it commits, so
    revisions are committed in their order, and a publisher that has one has all before it.
    """
    mark_dirty()
    return Page.objects.values_list("revision", flat=True).get(id=1)


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
    component.created_at = component.status_since = now
    component.full_clean()
    with transaction.atomic():
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


def change_component(*, component: Component, **fields: Any) -> Component:
    """Change fields of a component: name, slug, group, description, position and what is shown."""
    _change(component, fields)
    return component


def remove_component(*, component: Component) -> None:
    """Remove a component with its history, its nodes and all that was measured of them."""
    with transaction.atomic():
        Component.objects.filter(id=component.id).delete()
        mark_dirty()


def add_group(*, name: str, is_collapsed: bool = False) -> ComponentGroup:
    """Add a group below the others."""
    last = ComponentGroup.objects.aggregate(last=models.Max("position"))["last"]
    group = ComponentGroup(
        name=name, is_collapsed=is_collapsed, position=0 if last is None else last + 1
    )
    register_group(group=group)
    return group


def register_group(*, group: ComponentGroup) -> None:
    """Save a new group row."""
    group.full_clean()
    with transaction.atomic():
        group.save()
        mark_dirty()


def change_group(*, group: ComponentGroup, **fields: Any) -> ComponentGroup:
    """Change the name, the position or the folding of a group."""
    _change(group, fields)
    return group


def remove_group(*, group: ComponentGroup) -> None:
    """Remove a heading; its components stay on the page, below all groups."""
    with transaction.atomic():
        ComponentGroup.objects.filter(id=group.id).delete()
        mark_dirty()


def change_page(*, page: Page, **fields: Any) -> Page:
    """Change what concerns the page as a whole: name, time zone, weights."""
    _change(page, fields)
    return page


def next_position(*, group: ComponentGroup | None) -> int:
    """The position that puts a new component below the others of its group."""
    last = Component.objects.filter(group=group).aggregate(last=models.Max("position"))["last"]
    return 0 if last is None else last + 1


def _change(row: Component | ComponentGroup | Page, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(row, name, value)
    row.full_clean()
    with transaction.atomic():
        row.save(update_fields=fields.keys())
        mark_dirty()
