"""Incidents and maintenance as Statuspage writes them, in both of its APIs. Pure (interop 1.2, 5.5).

They are one list in the management API and two in the public documents; the objects are the same but
for the form of their texts. Words of states and impacts are ours, letter by letter, but "verifying".
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from components.status import Status
from importing.plans import Incident, Maintenance, Update
from importing.problems import SourceUnreadable
from importing.source_values import Notes, Row, shown

# Turns a text of theirs into Markdown.
Body = Callable[[str], str]

_INCIDENT_STATES = frozenset(
    {"investigating", "identified", "monitoring", "resolved", "postmortem"}
)
_WORK_STATES = {
    "scheduled": "scheduled",
    "in_progress": "in_progress",
    "verifying": "verification",
    "completed": "completed",
}
_IMPACTS = frozenset({"none", "minor", "major", "critical"})
_FINE = Status.OPERATIONAL
_HOUR = timedelta(hours=1)
# What every maintenance does with its components here; a person has to look where theirs does not.
_OPTIONS = {
    "auto_transition_to_maintenance_state": "its components are under maintenance while it runs",
    "auto_transition_to_operational_state": "its components are back when it ends",
}


class Reader:
    """Turns their events into ours; `components` are the keys of those that were read."""

    def __init__(self, notes: Notes, body: Body, components: frozenset[str]) -> None:
        self._notes = notes
        self._body = body
        self._components = components
        self._gone: set[str] = set()

    def incident(self, row: Row) -> Incident:
        """Raises SourceUnreadable."""
        key, state = row.needed("id"), _word(row, "status", _INCIDENT_STATES)
        updates, report = self._updates(row, _INCIDENT_STATES)
        updates = self._with_silent(row, updates)
        started_at = row.moment("started_at") or _created(row)
        if backfilled := row.moment("resolved_at"):
            # A backfilled incident says when it was written in started_at (interop 1.2).
            started_at = min(started_at, backfilled, updates[0].at)
        return Incident(
            key=key,
            title=row.needed("name")[:200],
            impact=self._impact(row),
            started_at=started_at,
            resolved_at=_resolved_at(row, state, updates),
            updates=updates,
            components=self._touched(row),
            postmortem=self._postmortem(row) or report,
            public_id=key,
        )

    def maintenance(self, row: Row) -> Maintenance:
        """Raises SourceUnreadable."""
        key, title = row.needed("id"), row.needed("name")[:200]
        state = _WORK_STATES[_word(row, "status", frozenset(_WORK_STATES))]
        updates, _ = self._updates(row, frozenset(_WORK_STATES))
        starts_at = row.moment("scheduled_for") or _created(row)
        ends_at = row.moment("scheduled_until")
        if ends_at is None or ends_at <= starts_at:
            self._notes.add(f"maintenance “{title}”", "it has no end there: an hour is assumed")
            ends_at = starts_at + _HOUR
        if state == "scheduled":
            self._note_options(row, title)
        text = updates[0].text if updates[0].state == "scheduled" else ""
        return Maintenance(
            key=key,
            title=title,
            text=text,
            state=state,
            starts_at=starts_at,
            ends_at=ends_at,
            updates=updates,
            components=self._touched(row),
            auto_start=_is_on(row, "scheduled_auto_in_progress"),
            auto_finish=_is_on(row, "scheduled_auto_completed"),
            public_id=key,
        )

    def _updates(self, row: Row, words: frozenset[str]) -> tuple[tuple[Update, ...], str]:
        """The entries, oldest first and never none; and the text of one that is a postmortem."""
        found, report = list[Update](), ""
        for entry in row.rows("incident_updates"):
            said = _word(entry, "status", words)
            text = self._body(entry.text("body"))
            if said == "postmortem":
                report = text
            key = entry.needed("id")
            found.append(
                Update(
                    key=key,
                    state=_WORK_STATES.get(said, said),
                    text=text,
                    at=entry.moment("display_at") or _created(entry),
                    components=self._changes(entry),
                    public_id=key,
                )
            )
        if not found:
            said = _word(row, "status", words)
            key = f"{row.needed('id')}-first"
            found = [Update(key=key, state=_WORK_STATES.get(said, said), text="", at=_created(row))]
        found.reverse()  # they come newest first; of two at one moment the order counts
        return tuple(sorted(found, key=lambda one: one.at)), report

    def _with_silent(self, row: Row, updates: tuple[Update, ...]) -> tuple[Update, ...]:
        """The entries, the first with what no entry says of the components it lists: no change.

        There an impact claims nothing of them; here it would, unless the incident says better.
        """
        said = {key for update in updates for key in update.components}
        silent = {
            code: (shown, shown)
            for one in row.rows("components")
            if (code := one.needed("id")) in self._components - said
            for shown in [status(one, "status") if not row.text("resolved_at") else _FINE]
        }
        if not silent:
            return updates
        first = replace(updates[0], components={**updates[0].components, **silent})
        return (first, *updates[1:])

    def _changes(self, entry: Row) -> Mapping[str, tuple[Status, Status]]:
        """What an entry said of components; old pages have a placeholder without any code there."""
        found: dict[str, tuple[Status, Status]] = {}
        for one in entry.rows("affected_components"):
            code = one.text("code")
            if not code:
                continue
            if code not in self._components:
                self._note_gone(code, one.text("name"))
                continue
            found[code] = (status(one, "old_status"), status(one, "new_status"))
        return found

    def _touched(self, row: Row) -> tuple[str, ...]:
        found = []
        for one in row.rows("components"):
            if one.flag("group"):
                continue
            if (code := one.needed("id")) in self._components:
                found.append(code)
            else:
                self._note_gone(code, one.text("name"))
        return tuple(dict.fromkeys(found))

    def _note_gone(self, code: str, name: str) -> None:
        if code not in self._gone:
            self._gone.add(code)
            self._notes.add(
                f"component {name or code}", "events name it and the page does not have it any more"
            )

    def _impact(self, row: Row) -> str:
        impact = row.text("impact_override").strip() or row.text("impact", "none").strip()
        if impact == "maintenance":
            return "none"
        if impact not in _IMPACTS:
            raise SourceUnreadable(f"{row.place('impact')}: {shown(impact)} is no impact.")
        return impact

    def _postmortem(self, row: Row) -> str:
        text = self._body(row.text("postmortem_body"))
        if not text or row.flag("postmortem_ignored"):
            return ""
        if row.moment("postmortem_published_at") is None:
            self._notes.add(
                f"postmortem of “{row.needed('name')}”",
                "it was not published there; nor is it here",
            )
            return ""
        return text

    def _note_options(self, row: Row, title: str) -> None:
        for name, here in _OPTIONS.items():
            if not _is_on(row, name):
                self._notes.add(f"maintenance “{title}”: {name}", f"it is off there, and {here}")
        if row.values.get("scheduled_remind_prior"):
            self._notes.add(
                f"maintenance “{title}”: scheduled_remind_prior", "set its reminders here"
            )


def status(row: Row, key: str) -> Status:
    """Their word for a status; an empty one means operational, as the management API has it."""
    word = row.text(key).strip()
    try:
        return Status(word) if word else Status.OPERATIONAL
    except ValueError:
        raise SourceUnreadable(f"{row.place(key)}: {shown(word)} is no status.") from None


def _is_on(row: Row, option: str) -> bool:
    """Whether an option is on; the public documents do not tell, and then it is as usual here."""
    return option not in row or row.flag(option)


def _word(row: Row, key: str, words: frozenset[str]) -> str:
    word = row.needed(key)
    if word not in words:
        raise SourceUnreadable(f"{row.place(key)}: {shown(word)} is no state that is known.")
    return word


def _created(row: Row) -> datetime:
    at = row.moment("created_at")
    if at is None:
        raise SourceUnreadable(f"{row.place('created_at')} is missing.")
    return at.astimezone(UTC)


def _resolved_at(row: Row, state: str, updates: tuple[Update, ...]) -> datetime | None:
    if state not in {"resolved", "postmortem"}:
        return None
    if at := row.moment("resolved_at"):
        return at
    over = [one.at for one in updates if one.state in {"resolved", "postmortem"}]
    return min(over, default=updates[-1].at)
