"""The README leads to every page of the manual, and to nothing that is not there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINKED = set(
    re.findall(r"\]\(((?:docs/|CHANGELOG)[^)#]*)\)", (ROOT / "README.md").read_text("utf-8"))
)


def test_every_link_of_the_readme_leads_somewhere() -> None:
    assert LINKED
    assert not [link for link in LINKED if not (ROOT / link).exists()]


def test_every_page_of_the_manual_is_named() -> None:
    kinds = ("tutorial", "how-to", "reference", "explanation")
    pages = {
        f"docs/{kind}/{page.name}" for kind in kinds for page in (ROOT / "docs" / kind).glob("*.md")
    }
    assert pages - LINKED == set()
