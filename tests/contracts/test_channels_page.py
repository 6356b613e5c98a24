"""The reference page of the channels names all of them, and everything they have to be told."""

from pathlib import Path

import pytest

from notifications.channels import CHANNELS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "channels.md"


@pytest.mark.parametrize("kind", CHANNELS)
def test_channel_and_its_fields_are_described(kind: str) -> None:
    _, _, section = PAGE.read_text("utf-8").partition(f"\n## {CHANNELS[kind].title}\n")
    section = section.partition("\n## ")[0]

    assert f"`{kind}`" in section
    assert [each.name for each in CHANNELS[kind].fields if f"`{each.name}`" not in section] == []
