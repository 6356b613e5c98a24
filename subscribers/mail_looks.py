"""The colours of statuses in mails, as the design has them on light ground; the dark ones are in the template.

Mail programs know no variables and few style sheets, so each element carries its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from components.status import Status

# Tint and ink of each status (static/css/tokens.css, light).
_COLOURS: Mapping[Status, tuple[str, str]] = {
    Status.OPERATIONAL: ("#eaf5f0", "#13694a"),
    Status.DEGRADED_PERFORMANCE: ("#fdf4df", "#7f5200"),
    Status.PARTIAL_OUTAGE: ("#fdeee4", "#9a3d0b"),
    Status.MAJOR_OUTAGE: ("#fdecee", "#a81c2e"),
    Status.UNDER_MAINTENANCE: ("#edf1fc", "#33509f"),
    Status.UNKNOWN: ("#f0f0ed", "#545a61"),
}
# Text glyphs of the design (2.1), for where there are no icons.
_GLYPHS: Mapping[Status, str] = {
    Status.OPERATIONAL: "●",
    Status.DEGRADED_PERFORMANCE: "▲",
    Status.PARTIAL_OUTAGE: "◆",
    Status.MAJOR_OUTAGE: "■",
    Status.UNDER_MAINTENANCE: "◧",
    Status.UNKNOWN: "◌",
}


@dataclass(frozen=True, slots=True)
class Look:
    """How a status is drawn: its two letters, the sign before its word, and its declarations."""

    code: str
    glyph: str
    style: str


def look(status: Status) -> Look:
    """Return how a status is drawn in a mail."""
    tint, ink = _COLOURS[status]
    return Look(status.code, _GLYPHS[status], f"background:{tint};color:{ink}")
