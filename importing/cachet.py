"""Cachet 2.x from its REST API, as a plan. Pure (interop 5.2).

Its times carry no zone: they are of the application's, which the operator names. Its components are
set by hand and their past statuses are not kept, so nothing is claimed of a time before the import.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from components.status import Status
from importing import html_text
from importing.plans import (
    Component,
    Group,
    Incident,
    Maintenance,
    Plan,
    Secret,
    Subscriber,
    Update,
)
from importing.problems import SourceUnreadable
from importing.source_values import Notes, Row, as_rows, shown
from incidents import lifecycle, windows

SOURCE = "cachet"
_STATUSES = {
    0: Status.OPERATIONAL,
    1: Status.OPERATIONAL,
    2: Status.DEGRADED_PERFORMANCE,
    3: Status.PARTIAL_OUTAGE,
    4: Status.MAJOR_OUTAGE,
}
_STATES = {1: "investigating", 2: "identified", 3: "monitoring", 4: "resolved"}
_WORKS = {0: "scheduled", 1: "in_progress", 2: "completed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """All rows of each list; `subscribers` is None without a token."""

    components: Sequence[object]
    groups: Sequence[object] = ()
    incidents: Sequence[object] = ()
    schedules: Sequence[object] = ()
    subscribers: Sequence[object] | None = None
    updates: Mapping[str, Sequence[object]] = field(default_factory=dict)  # by incident, if asked


def check_version(rows: Sequence[object]) -> None:
    """Refuse the answers of Cachet 3, whose objects hold everything in `attributes`.

    Raises:
        SourceUnreadable: with what to do instead.
    """
    if any("attributes" in row for row in as_rows(list(rows), "data")):
        raise SourceUnreadable(
            "This is Cachet 3, whose API differs. Only Cachet 2.x can be imported by now."
        )


def plan(export: Export, *, zone: ZoneInfo, schedule_length: timedelta) -> Plan:
    """Everything that the answers say.

    `zone` is Cachet's time zone, `schedule_length` how long planned work lasts that has no end there.

    Raises:
        SourceUnreadable: one is of another form, or of Cachet 3.
    """
    for rows in (export.components, export.groups, export.incidents, export.schedules):
        check_version(rows)
    reader = _Reader(zone, schedule_length)
    groups = reader.groups(as_rows(list(export.groups), "components/groups"))
    components = reader.components(as_rows(list(export.components), "components"))
    incidents = [
        found
        for row in as_rows(list(export.incidents), "incidents")
        if (found := reader.incident(row, export.updates)) is not None
    ]
    works = [reader.schedule(row) for row in as_rows(list(export.schedules), "schedules")]
    subscribers = list(reader.subscribers(export.subscribers))
    reader.notes.add("metrics and their points", "figures of other systems are not shown here")
    reader.notes.add("users, API tokens, incident templates and theme", "Cachet's API hides them")
    return Plan(
        source=SOURCE,
        groups=groups,
        components=components,
        incidents=tuple(incidents),
        maintenances=(*(work for work in works if work), *reader.legacy),
        subscribers=tuple(subscribers),
        secrets=tuple(reader.secrets),
        unmapped=tuple(reader.notes.unmapped),
    )


class _Reader:
    """Reads rows and remembers what the components are."""

    def __init__(self, zone: ZoneInfo, schedule_length: timedelta) -> None:
        self.notes = Notes()
        self.secrets: list[Secret] = []
        self.legacy: list[Maintenance] = []
        self._zone = zone
        self._length = schedule_length
        self._hidden: set[str] = set()
        self._groups: set[str] = set()
        self._components: dict[str, Status] = {}

    def groups(self, rows: Sequence[Row]) -> tuple[Group, ...]:
        found = []
        for row in rows:
            key = row.needed("id")
            self._groups.add(key)
            if row.whole("visible", 1) == 0:
                self._hidden.add(key)
                self.notes.add(
                    f"group {row.text('name')}", "only for users there: it is hidden here"
                )
            found.append(
                Group(
                    key=key,
                    name=row.needed("name")[:100],
                    position=max(0, row.whole("order")),
                    is_collapsed=row.whole("collapsed") != 0,
                )
            )
        return tuple(found)

    def components(self, rows: Sequence[Row]) -> tuple[Component, ...]:
        found = []
        for row in rows:
            key, name, group = row.needed("id"), row.needed("name"), row.text("group_id", "0")
            if "deleted_at" in row:
                self.notes.add(f"component {name}", "it is deleted in Cachet")
                continue
            status = self._status(row, name)
            self._components[key] = status
            self._note_component(row, name)
            found.append(
                Component(
                    key=key,
                    name=name[:100],
                    description=row.text("description"),
                    group=group if group in self._groups else "",
                    position=max(0, row.whole("order")),
                    is_visible=row.flag("enabled", True) and group not in self._hidden,
                    status=status,
                )
            )
        return tuple(found)

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

    def subscribers(self, rows: Sequence[object] | None) -> Iterable[Subscriber]:
        if rows is None:
            self.notes.add("subscribers and hidden things", "Cachet shows them only with a token")
            return
        for row in as_rows(list(rows), "subscribers"):
            if found := self._subscriber(row):
                yield found

    def _subscriber(self, row: Row) -> Subscriber | None:
        key, email = row.needed("id"), row.text("email").strip()
        if "slack_webhook_url" in row:
            self.secrets.append(
                Secret(where=f"subscriber {key}", what="the address of a Slack hook")
            )
        if "phone_number" in row:
            self.notes.add(f"subscriber {key}: phone", "numbers are confirmed here by their owners")
        if not email:
            if "slack_webhook_url" not in row and "phone_number" not in row:
                self.notes.add(f"subscriber {key}", "it has no address")
            return None
        verified_at = self._at(row, "verified_at")
        chosen = [one.text("component_id") for one in row.rows("subscriptions")]
        return Subscriber(
            key=key,
            email=email,
            is_confirmed=verified_at is not None,
            confirmed_at=verified_at,
            components=None
            if row.flag("global", default=not chosen)
            else tuple(one for one in chosen if one in self._components),
        )

    def _status(self, row: Row, name: str) -> Status:
        number = row.whole("status", 1)
        if number not in _STATUSES:
            raise SourceUnreadable(f"{row.place('status')} should be a number from 0 to 4.")
        if number == 0:
            self.notes.add(f"component {name}", "its status is unknown there: operational here")
        return _STATUSES[number]

    def _note_component(self, row: Row, name: str) -> None:
        if row.text("link"):
            self.notes.add(f"component {name}: link", "components have no link of their own")
        for part in ("tags", "meta"):
            if row.values.get(part):
                self.notes.add(f"component {name}: {part}", "components have no labels")

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

    def _at(self, row: Row, key: str) -> datetime | None:
        text = row.text(key).strip()
        if not text or text.startswith("0000-00-00"):  # MySQL's word for no time
            return None
        try:
            at = datetime.fromisoformat(text)
            return windows.instant(at, zone=self._zone) if at.tzinfo is None else at.astimezone(UTC)
        except (ValueError, OverflowError):
            raise SourceUnreadable(
                f"{row.place(key)} should be a time like 2026-01-31 12:00:00, not {shown(text)}."
            ) from None

    def _needed_at(self, row: Row, key: str) -> datetime:
        at = self._at(row, key)
        if at is None:
            raise SourceUnreadable(f"{row.place(key)} is missing.")
        return at


_ORDER = {state: place for place, state in enumerate(_STATES.values())}
