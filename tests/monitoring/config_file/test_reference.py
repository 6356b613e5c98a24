"""The manual names every key of a config file, and its examples are config files."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from monitoring.config_file import (
    alert_schema,
    catalog_schema,
    loading,
    node_schema,
    page_schema,
    schema,
    values,
)

DOCS = Path(__file__).resolve().parents[3] / "docs"
REFERENCE = (DOCS / "reference" / "config-file.md").read_text(encoding="utf-8")
HOW_TO = (DOCS / "how-to" / "describe-what-to-watch.md").read_text(encoding="utf-8")

SECTIONS: dict[str, type[BaseModel]] = {
    "the file": schema.Document,
    "page": schema.Page,
    "page.weights": schema.Weights,
    "locations[]": schema.Location,
    "groups[]": schema.Group,
    "components[]": schema.Component,
    "pages[]": page_schema.SubPage,
    "catalog[]": catalog_schema.CatalogType,
    "catalog[].attributes[]": catalog_schema.CatalogAttribute,
    "catalog[].pages[]": catalog_schema.CatalogPages,
    "catalog[].entries[]": catalog_schema.CatalogEntry,
    "nodes[]": node_schema.Node,
    "nodes[].http": node_schema.Http,
    "alerts": alert_schema.Alerts,
    "alerts.email": alert_schema.FirstEmail,
    "alerts.channels": alert_schema.Channels,
    "alerts.health_webhooks[]": alert_schema.HealthWebhook,
    "alerts.reminders": alert_schema.Reminders,
    "alerts.grouping": alert_schema.Grouping,
    "alerts.warning": alert_schema.Elsewhere,
}
EVERY_CHANNEL = "alerts.channels.*[]"
CHANNELS = values.keys(alert_schema.Channels)


def body(heading: str) -> str:
    """What the reference says under a heading."""
    return re.split(r"\n##", REFERENCE.partition(f"\n### {heading}\n")[2])[0]


def table(heading: str) -> set[str]:
    """The keys that the table under a heading of the reference describes."""
    return set(re.findall(r"^\| `(\w+)` \|", body(heading), re.MULTILINE))


def all_sections(section: type[BaseModel] = schema.Document) -> Iterator[type[BaseModel]]:
    yield section
    for inner in values.keys(section).values():
        if inner is not None:
            yield from all_sections(inner)


def test_every_section_has_its_heading() -> None:
    channels = {channel for channel in CHANNELS.values() if channel is not None}
    assert set(all_sections()) - channels - {alert_schema.Secret} == set(SECTIONS.values())


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_reference_lists_exactly_the_keys_of_each_section(heading: str) -> None:
    assert table(heading) == set(values.keys(SECTIONS[heading]))


def test_the_reference_lists_what_every_channel_has_and_what_each_has_besides() -> None:
    common = set(values.keys(alert_schema.Channel))
    assert table(EVERY_CHANNEL) == common
    for kind, section in CHANNELS.items():
        assert section is not None
        row = re.search(rf"^\| `{kind}` \|(.*)$", body("alerts.channels"), re.MULTILINE)
        assert row
        assert set(re.findall(r"`(\w+)`", row[1])) == set(values.keys(section)) - common, kind


def test_a_secret_may_be_named_in_each_way_that_the_reference_shows() -> None:
    assert set(re.findall(r"^\| `\{(\w+): ", REFERENCE, re.MULTILINE)) == set(
        values.keys(alert_schema.Secret)
    )


@pytest.mark.parametrize("document", [REFERENCE, HOW_TO], ids=["reference", "how-to"])
def test_every_example_can_be_applied(document: str) -> None:
    examples = re.findall(r"```yaml\n(.*?)```", document, re.DOTALL)

    assert examples
    for example in examples:
        loading.load(example.encode())
