"""The steps that bring page, groups and components to what the file says."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from components import catalogue, claims, pages
from components.models import Component, ComponentGroup
from components.status import Status
from monitoring.config_file import schema
from monitoring.config_file.plans import FieldChange
from monitoring.config_file.problems import Path
from monitoring.config_file.run import Run, differences, positions

_KEPT_WHEN_LEFT_OUT = ("slug", "language", "maintenance_hides_monitors")
_WEIGHTS = tuple(schema.Weights.model_fields)
_KEYS = {
    "name": "name",
    "group": "group",
    "description": "description",
    "is_visible": "visible",
    "only_where_chosen": "only_where_chosen",
    "shows_addresses": "show_addresses",
    "position": "position",
}


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
    fields: dict[str, Any] = {"name": wanted.name, "time_zone": wanted.time_zone}
    stored: dict[str, object] = {"name": row.name, "time_zone": row.time_zone}
    said: dict[str, object] = dict(fields)
    if wanted.weights is not None:
        for status in _WEIGHTS:
            fields[f"{status}_weight"] = wanted.weights.exact(status)
            stored[f"weights.{status}"] = float(getattr(row, f"{status}_weight"))
            said[f"weights.{status}"] = getattr(wanted.weights, status)
    for key in _KEPT_WHEN_LEFT_OUT:
        if (value := getattr(wanted, key)) is not None:
            stored[key] = getattr(row, key)
            fields[key] = said[key] = value
    changes = differences(stored, said)
    if row.set_up_at is None:  # a file that names the page sets it up (A1)
        fields["set_up_at"] = run.now
        changes = changes or [FieldChange("set up", "no", "yes")]
    if changes:
        with run.reporting(("page",)):
            row.slug = fields.get("slug", row.slug)
            pages.check_slug(row)
            claims.change_page(page=row, now=run.now, **fields)
            run.changed("page", wanted.name, changes)


def change_groups(run: Run) -> list[Placed]:
    """Add and change groups; every component of the file with its group."""
    wanted_groups = run.loaded.document.groups
    stored = {row.name: row for row in ComponentGroup.objects.all()}
    rows = [stored.get(wanted.name) for wanted in wanted_groups]
    places = positions([row.position if row else None for row in rows])
    placed: list[Placed] = []
    for index, (wanted, position) in enumerate(zip(wanted_groups, places, strict=True)):
        with run.reporting(("groups", index)):
            group = _save_group(run, wanted, stored.get(wanted.name), position)
            placed += [
                Placed(("groups", index, "components", inner), component, group)
                for inner, component in enumerate(wanted.components)
            ]
    loose = enumerate(run.loaded.document.components)
    return [*placed, *(Placed(("components", index), wanted, None) for index, wanted in loose)]


def _save_group(
    run: Run, wanted: schema.Group, row: ComponentGroup | None, position: int
) -> ComponentGroup:
    if row is None:
        row = ComponentGroup(name=wanted.name, is_collapsed=wanted.collapsed, position=position)
        catalogue.register_group(group=row)
        run.added("group", wanted.name)
        return row
    changes = differences(
        {"collapsed": row.is_collapsed, "position": row.position},
        {"collapsed": wanted.collapsed, "position": position},
    )
    if changes:
        catalogue.change_group(group=row, is_collapsed=wanted.collapsed, position=position)
        run.changed("group", row.name, changes)
    return row


def change_components(run: Run, placed: list[Placed]) -> Iterator[tuple[Placed, Component]]:
    """Add and change components; each with its row, ready for its nodes."""
    stored = {row.slug: row for row in Component.objects.select_related("group")}
    for item, position in _positions(stored, placed):
        row = stored.get(item.wanted.slug)
        with run.reporting(item.path):
            saved = _add(run, item, position) if row is None else _change(run, item, row, position)
            yield item, saved


def _positions(stored: dict[str, Component], placed: list[Placed]) -> Iterator[tuple[Placed, int]]:
    """Each component with its position among those of its group."""
    by_group: dict[int | None, list[Placed]] = defaultdict(list)
    for item in placed:
        by_group[item.group.id if item.group else None].append(item)
    for group_id, members in by_group.items():
        current = [_place(stored.get(item.wanted.slug), group_id) for item in members]
        yield from zip(members, positions(current), strict=True)


def _place(row: Component | None, group_id: int | None) -> int | None:
    """Where the component stands in this group now; None when it is new to the group."""
    return row.position if row and row.group_id == group_id else None


def _add(run: Run, item: Placed, position: int) -> Component:
    wanted = item.wanted
    row = Component(slug=wanted.slug, **_fields(item, position))
    catalogue.register(component=row, now=run.now)
    run.added("component", f"{wanted.slug} ({wanted.name})")
    if wanted.manual:
        _set_manual(run, row, is_manual=True)
    return row


def _fields(item: Placed, position: int) -> dict[str, Any]:
    """The component as the fields of its row."""
    return {
        "name": item.wanted.name,
        "group": item.group,
        "description": item.wanted.description,
        "is_visible": item.wanted.visible,
        "only_where_chosen": item.wanted.only_where_chosen,
        "shows_addresses": item.wanted.show_addresses,
        "position": position,
    }


def _change(run: Run, item: Placed, row: Component, position: int) -> Component:
    fields = _fields(item, position)
    stored = {_KEYS[name]: getattr(row, name) for name in fields}
    said = {_KEYS[name]: value for name, value in fields.items()}
    is_manual = row.is_manual if item.wanted.manual is None else item.wanted.manual
    changes = differences({**stored, "manual": row.is_manual}, {**said, "manual": is_manual})
    if changes:
        run.changed("component", row.slug, changes)
        catalogue.change_component(component=row, **fields)
        if is_manual != row.is_manual:
            _set_manual(run, row, is_manual=is_manual)
    return row


def _set_manual(run: Run, row: Component, *, is_manual: bool) -> None:
    """What visitors see stays until a person changes it; automatic shows the monitors again."""
    if is_manual:
        # Nobody says "unknown" by hand: that is for time in which nobody looked.
        held = Status.OPERATIONAL if row.shown_status == Status.UNKNOWN else row.shown_status
        claims.hold_by_hand(component=row, held=held, now=run.now, note="config file")
    else:
        claims.follow_monitors(component=row, now=run.now, note="config file")


def leave_over(run: Run, placed: list[Placed]) -> None:
    """Components and groups that are not in the file; components go with their history."""
    slugs = {item.wanted.slug for item in placed}
    for component in Component.objects.exclude(slug__in=slugs).in_page_order():
        run.left_over(
            "component",
            f"{component.slug} ({component.name})",
            remove=partial(catalogue.remove_component, component=component),
        )
    names = {group.name for group in run.loaded.document.groups}
    for group in ComponentGroup.objects.exclude(name__in=names).order_by("position", "name"):
        run.left_over("group", group.name, remove=partial(catalogue.remove_group, group=group))
