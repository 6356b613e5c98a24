"""Incidents and planned work as Cachet 2.x writes them. Pure (interop 5.2)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from components.status import Status
from importing import html_text
from importing.plans import Incident, Maintenance, Update
from importing.problems import SourceUnreadable
from importing.source_values import Notes, Row, as_rows, shown
from incidents import lifecycle, windows

_STATES = {1: "investigating", 2: "identified", 3: "monitoring", 4: "resolved"}
_WORKS = {0: "scheduled", 1: "in_progress", 2: "completed"}
_ORDER = {state: place for place, state in enumerate(_STATES.values())}


class Reader:
    """Turns Cachet's events into ours.

    Times are of `zone`; work without an end lasts for `length`; `components` are the keys of those
    that were read, with what they show now. `legacy` is planned work that stood among the incidents.
    """

    def __init__(
        self, notes: Notes, *, zone: ZoneInfo, length: timedelta, components: Mapping[str, Status]
    ) -> None:
        self.legacy: list[Maintenance] = []
        self.notes = notes
        self._zone = zone
        self._length = length
        self._components = components

    def incident(self, row: Row, asked: Mapping[str, Sequence[object]]) -> Incident | None:
        key, title = row.needed("id"), row.needed("name")[:200]
        if "deleted_at" in row:
            self.notes.add(f"incident {title}", "it is deleted in Cachet")
            return None
        if row.whole("status") == 0:
            self._take_legacy(row, key, title)
            return None
        started_at = self._at(row, "occurred_at") or self._needed_at(row, "created_at")
        entries = row.rows("updates") or as_rows(list(asked.get(key, ())), "updates")
        updates = self._updates(row, entries, started_at)
        component = row.text("component_id", "0")
        touched = (component,) if component in self._components else ()
        if row.flag("stickied"):
            self.notes.add(f"incident {title}: stickied", "open incidents are on top by themselves")
        impact = lifecycle.impact_of([self._components[one] for one in touched])
        is_over = updates[-1].state == "resolved"
        return Incident(
            key=key,
            title=title,
            impact=impact.value if not is_over else "none",
            started_at=min(started_at, updates[0].at),
            resolved_at=updates[-1].at if is_over else None,
            updates=updates,
            components=touched,
            is_draft=row.whole("visible", 1) == 0,
        )

    def schedule(self, row: Row) -> Maintenance | None:
        key, title = row.needed("id"), row.needed("name")[:200]
        if "deleted_at" in row:
            self.notes.add(f"schedule {title}", "it is deleted in Cachet")
            return None
        state = _WORKS.get(row.whole("status"))
        if state is None:
            raise SourceUnreadable(f"{row.place('status')} should be 0, 1 or 2.")
        starts_at = self._needed_at(row, "scheduled_at")
        ends_at = self._at(row, "completed_at") if state == "completed" else None
        if ends_at is None or ends_at <= starts_at:
            ends_at = starts_at + self._length
            self.notes.add(
                f"schedule {title}", "it has no planned end there: the length is assumed"
            )
        components = [one.text("component_id") for one in row.rows("components")]
        return Maintenance(
            key=key,
            title=title,
            text=html_text.lines(row.text("message")),
            state=state,
            starts_at=starts_at,
            ends_at=ends_at,
            components=tuple(one for one in components if one in self._components),
            zone=self._zone.key,
        )

    def _at(self, row: Row, key: str) -> datetime | None:
        return instant(row, key, zone=self._zone)

    def _needed_at(self, row: Row, key: str) -> datetime:
        at = self._at(row, key)
        if at is None:
            raise SourceUnreadable(f"{row.place(key)} is missing.")
        return at

    def _updates(
        self, row: Row, entries: Sequence[Row], started_at: datetime
    ) -> tuple[Update, ...]:
        """The message first, then what was added; in the state that the incident had before."""
        added = sorted((self._update(one) for one in entries), key=lambda one: one.at)
        state = self._state(row)
        is_moved = state == "resolved" or (added and _ORDER[state] > _ORDER[added[0].state])
        if added and is_moved:  # Cachet moves the incident's own status along with its updates
            state = "investigating"
        first = Update(
            key=f"{row.needed('id')}-first",
            state=state,
            text=html_text.lines(row.text("message")),
            at=min([started_at, *(one.at for one in added)]),
        )
        return (first, *added)

    def _update(self, row: Row) -> Update:
        return Update(
            key=row.needed("id"),
            state=self._state(row),
            text=html_text.lines(row.text("message")),
            at=self._needed_at(row, "created_at"),
        )

    def _state(self, row: Row) -> str:
        state = _STATES.get(row.whole("status"))
        if state is None:
            raise SourceUnreadable(f"{row.place('status')} should be a number from 1 to 4.")
        return state

    def _take_legacy(self, row: Row, key: str, title: str) -> None:
        """Before it had schedules, Cachet kept planned work as incidents of status 0."""
        starts_at = self._at(row, "scheduled_at")
        if starts_at is None:
            self.notes.add(f"incident {title}", "planned work of an old Cachet, without a time")
            return
        component = row.text("component_id", "0")
        self.legacy.append(
            Maintenance(
                key=f"incident-{key}",
                title=title,
                text=html_text.lines(row.text("message")),
                state="scheduled",
                starts_at=starts_at,
                ends_at=starts_at + self._length,
                components=(component,) if component in self._components else (),
                zone=self._zone.key,
            )
        )


def instant(row: Row, key: str, *, zone: ZoneInfo) -> datetime | None:
    """A time as Cachet writes it, without a zone, as an instant; None when there is none.

    Raises:
        SourceUnreadable: it is no time.
    """
    text = row.text(key).strip()
    if not text or text.startswith("0000-00-00"):  # MySQL's word for no time
        return None
    try:
        at = datetime.fromisoformat(text)
        return windows.instant(at, zone=zone) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise SourceUnreadable(
            f"{row.place(key)} should be a time like 2026-01-31 12:00:00, not {shown(text)}."
        ) from None
