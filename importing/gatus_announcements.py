"""Gatus's announcements: incidents where they tell of trouble, notes on the page where not. Pure (interop 5.3).

They have no ids: the key is a hash of time and message. Gatus knows no end of an outage but a later
announcement that says "operational", or that somebody archived it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from importing.plans import Announcement, Incident, Update
from importing.problems import SourceUnreadable
from importing.source_values import Notes, Row

_IMPACTS = {"outage": "major", "warning": "minor"}
_KINDS = frozenset({"outage", "warning", "information", "operational", "none"})
_TITLE_LIMIT = 120


@dataclass(frozen=True, slots=True)
class _Said:
    key: str
    kind: str
    at: datetime
    text: str
    is_archived: bool


def read(
    rows: Sequence[Row], notes: Notes
) -> tuple[tuple[Incident, ...], tuple[Announcement, ...]]:
    """Incidents and notes, oldest first. Raises SourceUnreadable."""
    said = sorted((_said(row) for row in rows), key=lambda one: (one.at, one.key))
    incidents: list[Incident] = []
    shown: list[Announcement] = []
    used: set[str] = set()
    for place, one in enumerate(said):
        if one.kind in _IMPACTS:
            end = next((late for late in said[place + 1 :] if late.kind == "operational"), None)
            used |= {end.key} if end else set()
            incidents.append(_incident(one, end))
        elif one.kind == "operational":
            if one.key not in used:
                incidents.append(_resolved(one, impact="none"))
        elif one.is_archived:
            notes.add(f"announcement “{title_of(one.text)}”", "it is archived, so no page shows it")
        else:
            shown.append(
                Announcement(key=one.key, title=title_of(one.text), text=one.text, starts_at=one.at)
            )
    return tuple(incidents), tuple(shown)


def title_of(text: str) -> str:
    """The first line of a message, without its Markdown signs, as a title."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "Announcement")
    line = line.lstrip("#>*- ").replace("**", "").replace("`", "").strip() or "Announcement"
    return line if len(line) <= _TITLE_LIMIT else line[: _TITLE_LIMIT - 1] + "…"


def _said(row: Row) -> _Said:
    at, text = row.moment("timestamp"), row.needed("message")
    if at is None:
        raise SourceUnreadable(f"{row.place('timestamp')} is missing.")
    kind = row.text("type", "none").strip().lower() or "none"
    if kind not in _KINDS:
        raise SourceUnreadable(f"{row.place('type')} should be one of {', '.join(sorted(_KINDS))}.")
    key = hashlib.sha256(f"{at.isoformat()}\n{text}".encode()).hexdigest()[:32]
    return _Said(key, kind, at, text, row.flag("archived"))


def _incident(one: _Said, end: _Said | None) -> Incident:
    impact = _IMPACTS[one.kind]
    if end is None:
        return _resolved(one, impact=impact) if one.is_archived else _open(one, impact=impact)
    updates = (
        Update(key=one.key, state="investigating", text=one.text, at=one.at),
        Update(key=end.key, state="resolved", text=end.text, at=end.at),
    )
    return Incident(
        key=one.key,
        title=title_of(one.text),
        impact=impact,
        started_at=one.at,
        resolved_at=end.at,
        updates=updates,
    )


def _open(one: _Said, *, impact: str) -> Incident:
    update = Update(key=one.key, state="investigating", text=one.text, at=one.at)
    return Incident(
        key=one.key, title=title_of(one.text), impact=impact, started_at=one.at, updates=(update,)
    )


def _resolved(one: _Said, *, impact: str) -> Incident:
    update = Update(key=one.key, state="resolved", text=one.text, at=one.at)
    return Incident(
        key=one.key,
        title=title_of(one.text),
        impact=impact,
        started_at=one.at,
        resolved_at=one.at,
        updates=(update,),
    )
