"""The steps that bring page, groups and components to what the file says."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from components import catalogue, claims
from components.models import Component, ComponentGroup, Page
from monitoring.config_file import schema
from monitoring.config_file.problems import Path
from monitoring.config_file.run import Run, differences, positions

_WEIGHTS = tuple(schema.Weights.model_fields)


@dataclass(frozen=True, slots=True)
class Placed:
    """A component of the file: where it stands there, and the group row it belongs to."""

    path: Path
    wanted: schema.Component
    group: ComponentGroup | None


def change_page(run: Run) -> None:
    """Bring the page's own fields to what the file says, if it says anything."""
    wanted = run.loaded.document.page
    if wanted is None:
        return
    row = catalogue.page()
    values: dict[str, Any] = {"name": wanted.name, "time_zone": wanted.time_zone}
    stored: dict[str, object] = {"name": row.name, "time_zone": row.time_zone}
    said: dict[str, object] = dict(values)
    if wanted.weights is not None:
        for status in _WEIGHTS:
            values[f"{status}_weight"] = wanted.weights.exact(status)
            stored[f"weights.{status}"] = float(getattr(row, f"{status}_weight"))
            said[f"weights.{status}"] = getattr(wanted.weights, status)
    if changes := differences(stored, said):
        Page.objects.filter(id=row.id).update(**values)
        catalogue.mark_dirty()
        run.changed("page", wanted.name, changes)


def change_groups(run: Run) -> list[Placed]:
    """Add and change groups; every component of the file with its group."""
    wanted_groups = run.loaded.document.groups
    stored = {row.name: row for row in ComponentGroup.objects.all()}
    rows = [stored.get(wanted.name) for wanted in wanted_groups]
    places = positions([(row.position, row.name) if row else None for row in rows])
    placed: list[Placed] = []
    for index, (wanted, position) in enumerate(zip(wanted_groups, places, strict=True)):
        group = _save_group(run, wanted, stored.get(wanted.name), position)
        placed += [
            Placed(("groups", index, "components", inner), component, group)
            for inner, component in enumerate(wanted.components)
        ]
    loose = run.loaded.document.components
    return placed + [
        Placed(("components", index), component, None) for index, component in enumerate(loose)
    ]


def _save_group(
    run: Run, wanted: schema.Group, row: ComponentGroup | None, position: int
) -> ComponentGroup:
    if row is None:
        run.added("group", wanted.name)
        catalogue.mark_dirty()
        return ComponentGroup.objects.create(
            name=wanted.name, is_collapsed=wanted.collapsed, position=position
        )
    changes = differences(
        {"collapsed": row.is_collapsed, "position": row.position},
        {"collapsed": wanted.collapsed, "position": position},
    )
    if changes:
        row.is_collapsed, row.position = wanted.collapsed, position
        row.save(update_fields=["is_collapsed", "position"])
        catalogue.mark_dirty()
        run.changed("group", row.name, changes)
    return row


def change_components(run: Run, placed: list[Placed]) -> Iterator[tuple[Placed, Component]]:
    """Add and change components; each with its row, ready for its nodes."""
    stored = {row.slug: row for row in Component.objects.select_related("group")}
    places: dict[str, int] = {}
    for group_id in {item.group.id if item.group else None for item in placed}:
        members = [item for item in placed if (item.group.id if item.group else None) == group_id]
        current = [_place(stored.get(item.wanted.slug), item, group_id) for item in members]
        for item, position in zip(members, positions(current), strict=True):
            places[item.wanted.slug] = position
    for item in placed:
        row = stored.get(item.wanted.slug)
        position = places[item.wanted.slug]
        yield item, _add(run, item, position) if row is None else _change(run, item, row, position)


def _place(row: Component | None, item: Placed, group_id: int | None) -> tuple[int, str] | None:
    """Where the component stands in this group now; None when it is new to the group."""
    if row is None or row.group_id != group_id:
        return None
    return row.position, item.wanted.name


def _add(run: Run, item: Placed, position: int) -> Component:
    wanted = item.wanted
    row = Component(
        name=wanted.name,
        slug=wanted.slug,
        group=item.group,
        description=wanted.description,
        is_visible=wanted.visible,
        shows_addresses=wanted.show_addresses,
        position=position,
        created_at=run.now,
    )
    catalogue.register(component=row, now=run.now)
    if wanted.manual:
        claims.hold_by_hand(component=row, held=row.shown_status, now=run.now, note="config file")
    run.added("component", f"{wanted.slug} ({wanted.name})")
    return row


def _change(run: Run, item: Placed, row: Component, position: int) -> Component:
    wanted = item.wanted
    stored: dict[str, object] = {
        "name": row.name,
        "group": row.group.name if row.group else "",
        "description": row.description,
        "visible": row.is_visible,
        "show_addresses": row.shows_addresses,
        "position": row.position,
        "manual": row.is_manual,
    }
    said: dict[str, object] = {
        "name": wanted.name,
        "group": item.group.name if item.group else "",
        "description": wanted.description,
        "visible": wanted.visible,
        "show_addresses": wanted.show_addresses,
        "position": position,
        "manual": row.is_manual if wanted.manual is None else wanted.manual,
    }
    changes = differences(stored, said)
    if not changes:
        return row
    row.name, row.group, row.description = wanted.name, item.group, wanted.description
    row.is_visible, row.shows_addresses = wanted.visible, wanted.show_addresses
    row.position = position
    row.save(
        update_fields=["name", "group", "description", "is_visible", "shows_addresses", "position"]
    )
    if said["manual"] != row.is_manual:
        _set_manual(run, row, is_manual=bool(wanted.manual))
    catalogue.mark_dirty()
    run.changed("component", row.slug, changes)
    return row


def _set_manual(run: Run, row: Component, *, is_manual: bool) -> None:
    """What visitors see stays until a person changes it; automatic shows the monitors again."""
    if is_manual:
        claims.hold_by_hand(component=row, held=row.shown_status, now=run.now, note="config file")
    else:
        claims.follow_monitors(component=row, now=run.now, note="config file")


def leave_over(run: Run, placed: list[Placed]) -> None:
    """Components and groups that are not in the file; components go with their history."""
    slugs = {item.wanted.slug for item in placed}
    for component in Component.objects.exclude(slug__in=slugs).in_page_order():
        run.left_over("component", f"{component.slug} ({component.name})", remove=component.delete)
    names = {group.name for group in run.loaded.document.groups}
    for group in ComponentGroup.objects.exclude(name__in=names).order_by("position", "name"):
        run.left_over("group", group.name, remove=group.delete)
    if run.prunes:
        catalogue.mark_dirty()
