"""What everything in Statuspage's form has in common (interop 1.2, 1.3): its times and its texts. Pure."""

import re
from datetime import UTC, datetime

_PARAGRAPHS = re.compile(r"</p>\s*<p>")
_EDGES = re.compile(r"\A<p>|</p>\Z")
_LINES = re.compile(r"(?:<br ?/?>)?\s*\n\s*")


def stamp(at: datetime | None) -> str | None:
    """Return a time as they write it: UTC, exactly three digits of a second."""
    if at is None:
        return None
    instant = at.astimezone(UTC)
    return f"{instant:%Y-%m-%dT%H:%M:%S}.{instant.microsecond // 1000:03}Z"


def body(html: str) -> str:
    """Return a text as they have it: one line of safe HTML, lines and paragraphs as `<br />`."""
    text = _EDGES.sub("", html.strip())
    text = _PARAGRAPHS.sub("<br /><br />", text)
    return _LINES.sub("<br />", text)
