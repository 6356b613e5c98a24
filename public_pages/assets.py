"""The style sheet and scripts of the pages: bundled, named by their content, cacheable for ever.

The publisher writes them beside the pages; every template, published or not, links to the same
names, so a page of any age finds the style it was made with.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

_BUNDLES: Mapping[str, tuple[str, ...]] = {
    "status.css": ("css/tokens.css", "css/status.css"),
    "embed.css": ("css/tokens.css", "css/embed.css"),
    "status.js": ("js/status.js",),
    "subscribe.js": ("js/subscribe.js",),
    "subscribe-push.js": ("js/subscribe-push.js",),
    "htmx.js": ("vendor/htmx-2.0.11.min.js",),
}
ICONS = tuple(f"favicon-{code}.svg" for code in ("op", "de", "pa", "ma", "mt", "un"))

_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_JS_COMMENT_LINE = re.compile(r"^\s*//.*\n", re.MULTILINE)
_INDENT = re.compile(r"^[ ]+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file for browsers: its address on the page's own host, and its bytes."""

    url: str
    body: bytes

    @property
    def name(self) -> str:
        """Where it lies in the published folder."""
        return self.url.lstrip("/")


@cache
def bundle() -> Mapping[str, Asset]:
    """Return the assets by the short name that templates use."""
    return {name: _asset(name, parts) for name, parts in _BUNDLES.items()}


def icon(name: str) -> bytes:
    """Return a favicon; `name` is one of `ICONS`."""
    return (_static() / "icons" / name).read_bytes()


def script(name: str) -> bytes:
    """Return a script that other sites load, under a name that stays the same."""
    text = (_static() / "js" / name).read_text(encoding="utf-8")
    return _INDENT.sub("", _JS_COMMENT_LINE.sub("", text)).encode()


def _asset(name: str, parts: tuple[str, ...]) -> Asset:
    text = "\n".join((_static() / part).read_text(encoding="utf-8") for part in parts)
    if name.endswith(".css"):
        text = shrink_css(text)
    elif not parts[0].startswith("vendor/"):
        text = _JS_COMMENT_LINE.sub("", text)
    body = text.encode()
    stem, suffix = name.split(".")
    return Asset(url=f"/assets/{stem}-{hashlib.sha256(body).hexdigest()[:12]}.{suffix}", body=body)


def shrink_css(text: str) -> str:
    """Return a style sheet without comments and needless white space.

    Spaces inside values stay: `calc(1rem + 2px)` needs them, and so does `a :is(b)`.
    """
    text = re.sub(r"\s+", " ", _CSS_COMMENT.sub("", text))
    text = re.sub(r" ?([{};,]) ?", r"\1", text)
    return text.replace(": ", ":").replace(";}", "}").strip()


def _static() -> Path:
    return Path(settings.BASE_DIR) / "static"
