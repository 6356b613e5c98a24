"""Cachet 2.x from its REST API, as a plan. Pure (interop 5.2).

Its times carry no zone: they are of the application's, which the operator names. Its components are
set by hand and their past statuses are not kept, so nothing is claimed of a time before the import.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from components.status import Status
from importing import cachet_events
from importing.plans import (
    Component,
    Group,
    Plan,
    Secret,
    Subscriber,
)
from importing.problems import SourceUnreadable
from importing.source_values import Notes, Row, as_rows

SOURCE = "cachet"
_STATUSES = {
    0: Status.OPERATIONAL,
    1: Status.OPERATIONAL,
    2: Status.DEGRADED_PERFORMANCE,
    3: Status.PARTIAL_OUTAGE,
    4: Status.MAJOR_OUTAGE,
}


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
    reader = _Reader(zone)
    groups = reader.groups(as_rows(list(export.groups), "components/groups"))
    components = reader.components(as_rows(list(export.components), "components"))
    events = cachet_events.Reader(
        reader.notes, zone=zone, length=schedule_length, components=reader.shown
    )
    incidents = [
        found
        for row in as_rows(list(export.incidents), "incidents")
        if (found := events.incident(row, export.updates)) is not None
    ]
    works = [events.schedule(row) for row in as_rows(list(export.schedules), "schedules")]
    subscribers = list(reader.subscribers(export.subscribers))
    reader.notes.add("metrics and their points", "figures of other systems are not shown here")
    reader.notes.add("users, API tokens, incident templates and theme", "Cachet's API hides them")
    return Plan(
        source=SOURCE,
        groups=groups,
        components=components,
        incidents=tuple(incidents),
        maintenances=(*(work for work in works if work), *events.legacy),
        subscribers=tuple(subscribers),
        secrets=tuple(reader.secrets),
        unmapped=tuple(reader.notes.unmapped),
    )


class _Reader:
    """Reads what there is and who asked to be told; `shown` are the components and their statuses."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.notes = Notes()
        self.secrets: list[Secret] = []
        self.shown: dict[str, Status] = {}
        self._zone = zone
        self._hidden: set[str] = set()
        self._groups: set[str] = set()

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
            self.shown[key] = status
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
        verified_at = cachet_events.instant(row, "verified_at", zone=self._zone)
        chosen = [one.text("component_id") for one in row.rows("subscriptions")]
        return Subscriber(
            key=key,
            email=email,
            is_confirmed=verified_at is not None,
            confirmed_at=verified_at,
            components=None
            if row.flag("global", default=not chosen)
            else tuple(one for one in chosen if one in self.shown),
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
