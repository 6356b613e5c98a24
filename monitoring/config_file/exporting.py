"""Write what is watched as a config file that applies to the same state."""

from datetime import datetime
from typing import Any

from catalog.models import EntryPage
from components import catalogue
from components.models import Component, ComponentGroup, Page, PageKind
from monitoring.config_file import alert_export, catalog_export, node_export, schema, writing
from monitoring.models import Location, Node

_HEAD = """\
# What this status page watches, as written by `bin/manage export`.
# Secrets are not in here: a null header and {stored: true} keep what is stored.
"""


def export(*, now: datetime) -> str:
    """The whole configuration as the text of a config file (UTF-8); mutes only if not over yet.

    Raises SealBroken when stored secrets cannot be read any more.
    """
    nodes = _nodes(now)
    by_group: dict[int | None, list[dict[str, Any]]] = {}
    for component in Component.objects.all().in_page_order():
        section = _component(component, nodes.get(component.id, []))
        by_group.setdefault(component.group_id, []).append(section)
    document: dict[str, Any] = {
        "page": _page(),
        "locations": [
            {"name": row.name, "slug": row.slug} for row in Location.objects.order_by("slug")
        ],
        "groups": [
            {
                "name": group.name,
                **writing.without_defaults({"collapsed": group.is_collapsed}, schema.Group),
                "components": by_group.get(group.id, []),
            }
            for group in ComponentGroup.objects.order_by("position", "name")
        ],
        "components": by_group.get(None, []),
        "pages": _sub_pages(),
        "catalog": catalog_export.section(),
        "alerts": alert_export.section(now=now),
    }
    return _HEAD + writing.text({key: value for key, value in document.items() if value})


def _nodes(now: datetime) -> dict[int, list[dict[str, Any]]]:
    """The nodes of each component."""
    rows = Node.objects.order_by("position", "name", "id").prefetch_related(
        "replicas", "locations", "depends_on__component"
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.component_id, []).append(node_export.section(row, now=now))
    return found


def _page() -> dict[str, Any]:
    """Nothing while the page is not set up: applying what it says would set it up."""
    row = catalogue.page()
    if row.set_up_at is None:
        return {}
    weights = {
        status: writing.short(float(getattr(row, f"{status}_weight")))
        for status in schema.Weights.model_fields
    }
    return {
        "name": row.name,
        "slug": row.slug,
        "time_zone": row.time_zone,
        "language": row.language,
        "weights": weights,
        "maintenance_hides_monitors": row.maintenance_hides_monitors,
    }


def _sub_pages() -> list[dict[str, Any]]:
    """Those that people made; what an entry of the catalog made comes from there."""
    made = set(EntryPage.objects.values_list("page_id", flat=True))
    rows = Page.objects.live().filter(kind=PageKind.SUB).order_by("slug")
    rows = rows.prefetch_related("chosen_groups__group", "chosen_components__component")
    return [
        {
            "name": row.name,
            "slug": row.slug,
            "groups": sorted(one.group.name for one in row.chosen_groups.all()),
            "components": sorted(one.component.slug for one in row.chosen_components.all()),
            "time_zone": row.time_zone,
            "language": row.language,
        }
        for row in rows
        if row.pk not in made
    ]


def _component(row: Component, nodes: list[dict[str, Any]]) -> dict[str, Any]:
    options = {
        "description": row.description,
        "visible": row.is_visible,
        "only_where_chosen": row.only_where_chosen,
        "show_addresses": row.shows_addresses,
    }
    return {
        "name": row.name,
        "slug": row.slug,
        **writing.without_defaults(options, schema.Component),
        # Automatic is left out: people switch to manual in the console during an incident, and
        # applying an older file must not take their word back.
        **({"manual": True} if row.is_manual else {}),
        **({"nodes": nodes} if nodes else {}),
    }
