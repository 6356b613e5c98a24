"""Style and scripts: vendored unchanged, named by content, and light."""

import hashlib
import re
from pathlib import Path

from django.conf import settings

from public_pages import assets

VENDOR = Path(settings.BASE_DIR) / "static" / "vendor"
TEMPLATES = Path(settings.BASE_DIR) / "templates"
LIMIT_BYTES = 30 * 1024


def test_vendored_files_are_the_published_ones() -> None:
    listed = dict(
        re.findall(
            r"`([\w.-]+\.(?:js|ttf))`.*`([0-9a-f]{64})`", (VENDOR / "README.md").read_text("utf-8")
        )
    )

    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.iterdir()
        if path.suffix in {".js", ".ttf"}
    }

    assert found == listed
    assert found


def test_a_name_changes_with_the_content() -> None:
    for asset in assets.bundle().values():
        digest = hashlib.sha256(asset.body).hexdigest()[:12]
        assert digest in asset.url


def test_shrinking_keeps_what_a_style_sheet_means() -> None:
    source = """
    /* a comment { } */
    .a :is(.b, .c) > i { inset: calc(100% + 2px) auto; color: red; }
    @media (max-width: 36rem) { .a { margin: 0 -1px; } }
    """

    assert assets.shrink_css(source) == (
        ".a :is(.b,.c) > i{inset:calc(100% + 2px) auto;color:red}"
        "@media (max-width:36rem){.a{margin:0 -1px}}"
    )


def test_every_class_in_the_style_sheet_is_used_somewhere() -> None:
    css = assets.bundle()["status.css"].body.decode()
    used = "\n".join(path.read_text("utf-8") for path in TEMPLATES.rglob("*.html"))
    tags = Path(settings.BASE_DIR) / "public_pages/templatetags"
    used += "\n".join(path.read_text("utf-8") for path in tags.glob("*.py"))

    classes = set(re.findall(r"\.([a-z][\w-]*)(?=[\s,{:>.\[)])", css))

    assert {name for name in classes if not re.search(rf"\b{name}\b", used)} == set()


def test_templates_hold_no_inline_script_and_no_inline_style() -> None:
    for path in [*TEMPLATES.glob("*.html"), *(TEMPLATES / "public_pages").rglob("*.html")]:
        text = path.read_text("utf-8")
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|javascript:", text), path
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text)), path


def test_a_page_of_fifteen_components_weighs_at_most_30_kb(outage_day: Path) -> None:
    for page in ("index.html", "components/checkout.html", "components/checkout/7d.html"):
        html = (outage_day / page).read_text("utf-8")
        linked = re.findall(r'(?:href|src)="/(assets/[^"]+)"', html)
        assert len(linked) == 3
        weights = {name: (outage_day / f"{name}.br").stat().st_size for name in (page, *linked)}
        print(weights, sum(weights.values()))
        assert sum(weights.values()) <= LIMIT_BYTES
