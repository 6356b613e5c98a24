"""How an exported file is written: what stands on one line, what is quoted, what is left out."""

import re
from datetime import UTC, datetime
from typing import Any

import yaml

from monitoring.config_file import yaml_source
from monitoring.config_file.values import Section


class Inline(list[Any]):
    """A list written on one line."""


class InlineMapping(dict[str, Any]):
    """A mapping written on one line."""


class _Dumper(yaml.SafeDumper):
    """Quotes every text that YAML 1.1 or our own reading would take for something else."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


_Dumper.add_implicit_resolver(
    "!number", re.compile(yaml_source.NUMBER.pattern), list("-+.0123456789")
)
_Dumper.add_representer(
    Inline,
    lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True),
)
_Dumper.add_representer(
    InlineMapping,
    lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True),
)


def text(document: dict[str, Any]) -> str:
    """The document as YAML, its keys in the order given."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)


def without_defaults(values: dict[str, Any], section: type[Section]) -> dict[str, Any]:
    """The values that have to be written down: a key that is left out has its default."""
    fields = section.model_fields
    return {key: value for key, value in values.items() if value != fields[key].default}


def short(number: float | None) -> float | None:
    """A whole number without a point, as people write it."""
    return int(number) if number is not None and number.is_integer() else number


def moment(at: datetime) -> str:
    """A moment as it is read back exactly."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
