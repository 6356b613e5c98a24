"""Write what is watched as a config file that applies to the same state."""

import re
from typing import Any

import yaml

from components import catalogue
from components.models import Component, ComponentGroup
from monitoring.config_file import schema, yaml_source
from monitoring.models import AlertChannel, Mode, Node

_HEAD = """\
# What this status page watches, as written by `bin/manage export`.
# Values of http.headers are secrets and not in here: null keeps the stored value.
"""


class _Dumper(yaml.SafeDumper):
    """Quotes every text that YAML 1.1 or our own reading would take for something else."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


class _Inline(list[Any]):
    """A list written on one line."""


_Dumper.add_implicit_resolver(
    "!number", re.compile(yaml_source.NUMBER.pattern), list("-+.0123456789")
)
_Dumper.add_representer(
    _Inline,
    lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True),
)


def export() -> str:
    """The whole configuration as the text of a config file (UTF-8)."""
    by_group: dict[int | None, list[dict[str, Any]]] = {}
    nodes = Node.objects.order_by("position", "name", "id").prefetch_related("replicas")
    by_component: dict[int, list[dict[str, Any]]] = {}
    for node in nodes:
        by_component.setdefault(node.component_id, []).append(_node(node))
    for component in Component.objects.all().in_page_order():
        section = _component(component, by_component.get(component.id, []))
        by_group.setdefault(component.group_id, []).append(section)
    document: dict[str, Any] = {"page": _page()}
    document["groups"] = [
        {
            "name": group.name,
            **_without_defaults({"collapsed": group.is_collapsed}, schema.Group),
            "components": by_group.get(group.id, []),
        }
        for group in ComponentGroup.objects.order_by("position", "name")
    ]
    document["components"] = by_group.get(None, [])
    if alerts := _alerts():
        document["alerts"] = alerts
    return _HEAD + yaml.dump(
        {key: value for key, value in document.items() if value},
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=10_000,
    )


def _without_defaults(values: dict[str, Any], section: type[schema.Section]) -> dict[str, Any]:
    """The values that have to be written down: a key that is left out has its default."""
    fields = section.model_fields
    return {key: value for key, value in values.items() if value != fields[key].default}


def _short(number: float) -> float:
    """A whole number without a point, as people write it."""
    return int(number) if number.is_integer() else number


def _page() -> dict[str, Any]:
    row = catalogue.page()
    weights = {
        status: _short(float(getattr(row, f"{status}_weight")))
        for status in schema.Weights.model_fields
    }
    return {"name": row.name, "time_zone": row.time_zone, "weights": weights}


def _component(row: Component, nodes: list[dict[str, Any]]) -> dict[str, Any]:
    options = {
        "description": row.description,
        "visible": row.is_visible,
        "show_addresses": row.shows_addresses,
    }
    return {
        "name": row.name,
        "slug": row.slug,
        **_without_defaults(options, schema.Component),
        # Automatic is left out: people switch to manual in the console during an incident, and
        # applying an older file must not take their word back.
        **({"manual": True} if row.is_manual else {}),
        **({"nodes": nodes} if nodes else {}),
    }


def _node(row: Node) -> dict[str, Any]:
    http = _without_defaults(
        {
            "method": row.http_method,
            "status": _Inline([row.http_status_min, row.http_status_max]),
            "body_contains": row.http_body_contains or None,
            "body_regex": row.http_body_regex or None,
            "headers": dict.fromkeys(row.http_headers),
            "follow_redirects": row.http_follow_redirects,
            "verify_tls": row.http_verify_tls,
        },
        schema.Http,
    )
    reported = _without_defaults(
        {
            "silent_after_s": _short(row.silent_after_s),
            "silence_rule": row.silence_rule,
            "cpu_sick_above": _short(row.cpu_sick_above),
            "ram_sick_above": _short(row.ram_sick_above),
        },
        schema.Node,
    )
    replicas = sorted(row.replicas.all(), key=lambda replica: (replica.position, replica.id))
    return {
        "name": row.name,
        "slug": row.slug,
        "mode": row.mode,
        "interval_s": row.interval_s,
        "retries": row.retries,
        "dead_after_s": _short(row.dead_after_s),
        "sick_after_s": _short(row.sick_after_s),
        **reported,
        **({"http": http} if http else {}),
        # Those of a push node are made by their reports.
        "replicas": [] if row.mode == Mode.PUSH else [replica.address for replica in replicas],
    }


def _alerts() -> dict[str, Any]:
    row = AlertChannel.objects.filter(kind="email").first()
    if row is None:
        return {}
    options = {"enabled": row.is_enabled, "recovery": row.tells_recovery}
    return {"email": {"to": list(row.recipients), **_without_defaults(options, schema.EmailAlerts)}}
