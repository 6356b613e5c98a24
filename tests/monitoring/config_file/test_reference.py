"""The manual names every key of a config file, and its examples are config files."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from monitoring.config_file import loading, schema

DOCS = Path(__file__).resolve().parents[3] / "docs"
REFERENCE = (DOCS / "reference" / "config-file.md").read_text(encoding="utf-8")
HOW_TO = (DOCS / "how-to" / "describe-what-to-watch.md").read_text(encoding="utf-8")

SECTIONS: dict[str, type[BaseModel]] = {
    "the file": schema.Document,
    "page": schema.Page,
    "page.weights": schema.Weights,
    "groups[]": schema.Group,
    "components[]": schema.Component,
    "nodes[]": schema.Node,
    "nodes[].http": schema.Http,
    "alerts": schema.Alerts,
    "alerts.email": schema.EmailAlerts,
}


def all_sections(section: type[BaseModel] = schema.Document) -> Iterator[type[BaseModel]]:
    yield section
    for inner in schema.keys(section).values():
        if inner is not None:
            yield from all_sections(inner)


def test_every_section_has_its_heading() -> None:
    assert set(all_sections()) == set(SECTIONS.values())


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_reference_lists_exactly_the_keys_of_each_section(heading: str) -> None:
    _, _, rest = REFERENCE.partition(f"\n### {heading}\n")
    body = re.split(r"\n##", rest)[0]

    assert set(re.findall(r"^\| `(\w+)` \|", body, re.MULTILINE)) == set(
        schema.keys(SECTIONS[heading])
    )


@pytest.mark.parametrize("document", [REFERENCE, HOW_TO], ids=["reference", "how-to"])
def test_every_example_can_be_applied(document: str) -> None:
    examples = re.findall(r"```yaml\n(.*?)```", document, re.DOTALL)

    assert examples
    for example in examples:
        loading.load(example.encode())
