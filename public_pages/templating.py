"""Templates in the page's own language and zone, whatever the process runs in."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation

from public_pages.page_views import SiteView

# Code that somebody wrote keeps its own indentation.
# Private characters, put in for what a page says of itself in its head; both are escaped there.
MARKS = {"title": "\ue0fa", "description": "\ue0fb"}
_OWN = {
    "title": re.compile(r"<title>(.*?)</title>", re.DOTALL),
    "description": re.compile(r'<meta name="description"\s+content="([^"]*)"'),
}
_INDENT = re.compile(r"(<pre>.*?</pre>)|\n\s+", re.DOTALL)


@contextmanager
def active(site: SiteView) -> Iterator[None]:
    """Let everything inside speak the page's language, in its zone."""
    with translation.override(site.language), timezone.override(site.time_zone):
        yield


def render(template: str, context: Mapping[str, Any]) -> bytes:
    """Return a rendered template without its indentation."""
    text = _with_own(render_to_string(template, dict(context)))
    return _INDENT.sub(lambda found: found[1] or "\n", text).strip().encode()


def _with_own(text: str) -> str:
    for what, mark in MARKS.items():
        if mark in text:
            found = _OWN[what].search(text)
            text = text.replace(mark, found[1].strip() if found else "")
    return text
