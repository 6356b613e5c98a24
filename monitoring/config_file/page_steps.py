"""The steps that bring sub-pages to what the file says."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from catalog.models import EntryPage
from components import catalogue, pages
from components.models import Component, ComponentGroup, Page, PageKind
from monitoring.config_file import page_schema
from monitoring.config_file.plans import FieldChange
from monitoring.config_file.problems import Path
from monitoring.config_file.run import Run, differences


@dataclass(frozen=True, slots=True)
class _Known:
    """What pages may name: services by slug, groups by name."""

    components: dict[str, int]
    groups: dict[str, int]


def change_pages(run: Run) -> None:
    """Add and change sub-pages, and retire those that are not in the file, where it lists any.

    Call after the steps of services: a page names those of the file and of the database.
    """
    listed = run.loaded.document.pages
    if listed is None:
        return
    known = _Known(
        components=dict(Component.objects.values_list("slug", "id")),
        groups=dict(ComponentGroup.objects.values_list("name", "id")),
    )
    made = set(EntryPage.objects.values_list("page_id", flat=True))
    for index, wanted in enumerate(listed):
        path: Path = ("pages", index)
        with run.reporting(path):
            row = Page.objects.filter(slug=wanted.slug).first()
            if row is not None and (refusal := _refusal(row, made)):
                run.problem((*path, "slug"), refusal)
            else:
                _bring(run, path, wanted, row, known)
    _leave_over(run, {wanted.slug for wanted in listed}, made)


def _refusal(row: Page, made: set[int]) -> str:
    if row.is_main:
        return "The main page has this slug."
    if row.is_customer:
        return "A customer page has this slug."
    return "This page is made from an entry of the catalog." if row.pk in made else ""


def _bring(
    run: Run, path: Path, wanted: page_schema.SubPage, row: Page | None, known: _Known
) -> None:
    main = catalogue.page()
    components = _ids(
        run,
        (*path, "components"),
        wanted.components,
        known.components,
        "There is no component with this slug.",
    )
    groups = _ids(
        run, (*path, "groups"), wanted.groups, known.groups, "There is no group of this name."
    )
    fields: dict[str, Any] = {
        "name": wanted.name,
        "time_zone": wanted.time_zone or main.time_zone,
        "language": wanted.language or main.language,
    }
    if row is None:
        pages.add(
            kind=PageKind.SUB,
            slug=wanted.slug,
            now=run.now,
            component_ids=components,
            group_ids=groups,
            **fields,
        )
        run.added("page", f"{wanted.slug} ({wanted.name})")
        return
    if changes := _changes(row, fields, wanted):
        pages.change(page=row, now=run.now, component_ids=components, group_ids=groups, **fields)
        if not row.is_live:
            pages.restore(page=row)
        run.changed("page", row.slug, changes)


def _ids(run: Run, path: Path, names: list[str], known: dict[str, int], unknown: str) -> list[int]:
    for index, name in enumerate(names):
        if name not in known:
            run.problem((*path, index), unknown)
    return [known[name] for name in names if name in known]


def _changes(row: Page, fields: dict[str, Any], wanted: page_schema.SubPage) -> list[FieldChange]:
    stored = {name: getattr(row, name) for name in fields} | chosen(row)
    said = fields | {
        "groups": ", ".join(sorted(wanted.groups)),
        "components": ", ".join(sorted(wanted.components)),
    }
    changes = differences(stored, said)
    return changes if row.is_live else [*changes, FieldChange("retired", "yes", "no")]


def chosen(row: Page) -> dict[str, str]:
    """What a page shows, by names of groups and slugs of services, as the plan shows it."""
    groups = row.chosen_groups.values_list("group__name", flat=True)
    components = row.chosen_components.values_list("component__slug", flat=True)
    return {"groups": ", ".join(sorted(groups)), "components": ", ".join(sorted(components))}


def _leave_over(run: Run, slugs: set[str], made: set[int]) -> None:
    """Sub-pages that are not in the file are retired: for 30 days they can be brought back."""
    rows = Page.objects.live().filter(kind=PageKind.SUB).exclude(slug__in=slugs)
    for row in rows.order_by("slug"):
        if row.pk in made:
            continue
        retire = partial(pages.retire, page=row, now=run.now)
        run.left_over("page", f"{row.slug} ({row.name})", remove=retire)
