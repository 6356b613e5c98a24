"""The steps that bring the catalog to what the file says: types, attributes and pages."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from catalog import defining, entering, generating, sources
from catalog.generating import FITTING, Choice
from catalog.models import Attribute, CatalogType, Entry, PageSource
from catalog.values import Kind
from components.models import PageKind
from monitoring.config_file import catalog_entry_steps, catalog_schema
from monitoring.config_file.catalog_entry_steps import Placed
from monitoring.config_file.problems import Path
from monitoring.config_file.run import Run, differences, positions
from monitoring.config_file.values import nearest

_NO_ATTRIBUTE = "There is no attribute with this key."


@dataclass(frozen=True, slots=True)
class _Made:
    """Pages that the file makes of a type: where they stand there, and what they are made from."""

    path: Path
    item: Placed
    choice: Choice


def change_catalog(run: Run) -> None:
    """Add and change what the file lists; the rest is removed when asked to prune.

    Call after the steps of services, which entries name. Types come first, then attributes, which may
    refer to any of them, then entries, and pages last: what is on a page stands in its entry.
    """
    listed = run.loaded.document.catalog
    if listed is None:
        return
    placed = _types(run, listed)
    types = {row.slug: row for row in CatalogType.objects.present()}
    for item in placed:
        _change_attributes(run, item, types)
    made = [one for item in placed for one in _wanted_pages(run, item)]
    if run.problems:
        return
    choices = {item.row.pk: [one.choice for one in made if one.item is item] for item in placed}
    touched = catalog_entry_steps.change_entries(run, placed, choices)
    if run.problems:
        return
    for one in made:
        with run.reporting(one.path):
            _change_pages(run, one)
    _end_pages(run, made, placed)
    for item in placed:
        with run.reporting(item.path):
            generating.follow(type=item.row, entries=touched[item.row.pk], now=run.now)
    _leave_over(run, placed)


def _types(run: Run, listed: list[catalog_schema.CatalogType]) -> list[Placed]:
    stored = {row.slug: row for row in CatalogType.objects.present()}
    placed = []
    for index, wanted in enumerate(listed):
        path: Path = ("catalog", index)
        row = stored.get(wanted.key)
        with run.reporting(path):
            if row is None:
                row = defining.add_type(name=wanted.name, slug=wanted.key, now=run.now)
                run.added("catalog type", f"{wanted.key} ({wanted.name})")
            elif changes := differences({"name": row.name}, {"name": wanted.name}):
                defining.rename_type(type=row, name=wanted.name)
                run.changed("catalog type", row.slug, changes)
            placed.append(Placed(path, wanted, row))
    return placed


def _change_attributes(run: Run, item: Placed, types: dict[str, CatalogType]) -> None:
    stored = {one.key: one for one in item.row.attributes.select_related("target")}
    rows = [stored.get(wanted.key) for wanted in item.wanted.attributes]
    places = positions([row.position if row else None for row in rows])
    for index, (wanted, position) in enumerate(zip(item.wanted.attributes, places, strict=True)):
        path: Path = (*item.path, "attributes", index)
        target = _target(run, path, wanted, types)
        row = stored.get(wanted.key)
        with run.reporting(path):
            if row is None:
                row = defining.add_attribute(
                    type=item.row,
                    name=wanted.name,
                    key=wanted.key,
                    kind=Kind(wanted.kind),
                    target=target,
                    is_required=wanted.required,
                )
                run.added("attribute", f"{item.row.slug}/{row.key} ({row.name})")
                defining.change_attribute(attribute=row, position=position)
            else:
                _change_attribute(run, path, wanted, row, position)
                if row.target_id != (target.pk if target else None):
                    run.problem((*path, "to"), "What it refers to cannot be changed.")


def _change_attribute(
    run: Run,
    path: Path,
    wanted: catalog_schema.CatalogAttribute,
    row: Attribute,
    position: int,
) -> None:
    if wanted.kind != row.kind:
        run.problem(
            (*path, "kind"),
            f"The kind is {row.kind} and cannot be changed. Add an attribute with another key.",
        )
    changes = differences(
        {"name": row.name, "required": row.is_required, "position": row.position},
        {"name": wanted.name, "required": wanted.required, "position": position},
    )
    if changes:
        defining.change_attribute(
            attribute=row, name=wanted.name, is_required=wanted.required, position=position
        )
        run.changed("attribute", f"{row.type.slug}/{row.key}", changes)


def _target(
    run: Run,
    path: Path,
    wanted: catalog_schema.CatalogAttribute,
    types: dict[str, CatalogType],
) -> CatalogType | None:
    if not Kind(wanted.kind).refers:
        if wanted.to is not None:
            run.problem((*path, "to"), "Only reference and references refer to a type.")
        return None
    if wanted.to is None or wanted.to not in types:
        hint = nearest(wanted.to or "", types)
        meant = f"Did you mean {hint}?" if hint else "Write the key of a type, like to: region."
        run.problem((*path, "to") if wanted.to else path, f"There is no such type. {meant}")
        return None
    return types[wanted.to]


def _wanted_pages(run: Run, item: Placed) -> list[_Made]:
    attributes = {one.key: one for one in item.row.attributes.all()}
    made = []
    for index, wanted in enumerate(item.wanted.pages or []):
        path: Path = (*item.path, "pages", index)
        chosen: dict[str, Any] = {}
        for name in FITTING:
            key = getattr(wanted, name)
            if key is not None and key not in attributes:
                run.problem((*path, name), _NO_ATTRIBUTE)
            chosen[name] = attributes.get(key) if key else None
        choice = Choice(kind=PageKind(wanted.kind), **chosen)
        with run.reporting(path):
            sources.check(type=item.row, choice=choice)
            made.append(_Made(path, item, choice))
    return made


def _change_pages(run: Run, one: _Made) -> None:
    row, choice = one.item.row, one.choice
    label = f"{row.slug} ({choice.kind})"
    source = row.sources.filter(kind=choice.kind, ended_at__isnull=True).first()
    if source is None:
        sources.start(type=row, choice=choice, now=run.now)
        run.added("pages", label)
    elif changes := differences(_keys(generating.choice_of(source)), _keys(choice)):
        sources.change(source=source, choice=choice, now=run.now)
        run.changed("pages", label, changes)


def _keys(choice: Choice) -> dict[str, object]:
    return {name: one.key if one else None for name, one in choice.fields.items()}


def _end_pages(run: Run, made: list[_Made], placed: list[Placed]) -> None:
    """Pages that the file does not make any more are retired, of types whose pages it lists."""
    listed = [item.row.pk for item in placed if item.wanted.pages is not None]
    kept = {(one.item.row.pk, one.choice.kind.value) for one in made}
    rows = PageSource.objects.filter(type__in=listed, ended_at__isnull=True)
    for source in rows.select_related("type").order_by("type__slug", "kind"):
        if (source.type_id, source.kind) not in kept:
            end = partial(sources.end, source=source, now=run.now)
            run.left_over("pages", f"{source.type.slug} ({source.kind})", remove=end)


def _leave_over(run: Run, placed: list[Placed]) -> None:
    """Entries, then attributes, then types that are not in the file."""
    for item in placed:
        with run.reporting(item.path):
            _entries_left(run, item)
            named = {wanted.key for wanted in item.wanted.attributes}
            for one in item.row.attributes.exclude(key__in=named):
                remove = partial(defining.remove_attribute, attribute=one, now=run.now)
                run.left_over("attribute", f"{item.row.slug}/{one.key}", remove=remove)
    keys = [item.wanted.key for item in placed]
    for row in CatalogType.objects.present().exclude(slug__in=keys).order_by("slug"):
        with run.reporting(("catalog",)):
            remove_type = partial(defining.remove_type, type=row, now=run.now)
            run.left_over("catalog type", f"{row.slug} ({row.name})", remove=remove_type)


def _entries_left(run: Run, item: Placed) -> None:
    if item.wanted.entries is None:
        return
    named = {wanted.key for wanted in item.wanted.entries}
    left = [row for row in Entry.objects.present().filter(type=item.row) if row.key not in named]
    for row in sorted(left, key=lambda one: one.key):
        remove = partial(entering.remove, entry=row, now=run.now)
        run.left_over("entry", f"{item.row.slug}/{row.key} ({row.name})", remove=remove)
