"""Uptime Kuma as a plan: pages, monitors, their past, incidents and maintenance."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from importing import kuma_history, kuma_maintenance, kuma_monitors, kuma_source
from importing.kuma_history import Past
from importing.kuma_monitors import Monitor
from importing.kuma_source import Dump
from importing.plans import (
    Component,
    Group,
    Incident,
    KeptSecret,
    Maintenance,
    Plan,
    Secret,
    Update,
)
from importing.source_values import Notes, Row, shown
from importing.sources import Source

NAME = "uptime-kuma"
_IMPACTS = {"danger": "major", "warning": "minor"}
_NOT_HERE = {
    "proxy": "checks go out directly",
    "docker_host": "Candor does not look into Docker",
    "remote_browser": "Candor starts no browsers",
    "api_key": "keys of the API of Uptime Kuma",
    "user": "people of the team are invited in the console",
}
_OF_PAGES = {
    "custom_css": "own CSS is entered under Look of the page",
    "footer_text": "footer text",
    "password": "a page for some is a customer page here",
    "google_analytics_tag_id": "pages here load nothing from others",
    "analytics_id": "pages here load nothing from others",
}


@dataclass(slots=True)
class _Reading:
    """What is collected while a source is read."""

    notes: Notes = field(default_factory=Notes)
    secrets: list[Secret] = field(default_factory=list)
    kept: list[KeptSecret] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a monitor stands on a page."""

    group: str = ""
    position: int = 0
    is_visible: bool = True


def read(source: Source) -> Plan:
    """The plan of a backup file or a database. Raises SourceUnreadable."""
    with kuma_source.opened(source) as dump:
        return _plan(dump)


def _plan(dump: Dump) -> Plan:
    reading = _Reading()
    monitors = [row for row in dump.rows("monitor") if row.text("type") != "group"]
    groups, places = _places(dump)
    components: list[Component] = []
    pasts: list[Past] = []
    for row in monitors:
        monitor = kuma_monitors.read(row, notes=reading.notes, secrets=reading.secrets)
        past = kuma_history.past(
            kuma_monitors.key_of(row),
            beats=dump.beats(row.whole("id")),
            counts=dump.days(row.whole("id")),
            interval_s=kuma_monitors.interval_s(row),
        )
        place = places.get(row.whole("id"), _Place(is_visible=not dump.has_pages))
        components.append(_component(row, monitor, past, place))
        pasts.append(past)
        if monitor.kept is not None:
            reading.kept.append(monitor.kept)
    if hidden := sum(not component.is_visible for component in components):
        reading.notes.add(f"{hidden} monitors on no page", "their services are not shown")
    if any(past.begins_at is not None for past in pasts):
        reading.notes.add("Response times", "their charts begin with the first check from here")
    _note_the_rest(dump, monitors, reading)
    return Plan(
        source=NAME,
        page=_page(dump),
        groups=tuple(groups),
        components=tuple(components),
        spans=tuple(span for past in pasts for span in past.spans),
        days=tuple(day for past in pasts for day in past.days),
        incidents=tuple(_incidents(dump, reading)),
        maintenances=tuple(_maintenances(dump, reading, pasts)),
        kept_secrets=tuple(reading.kept),
        secrets=tuple(reading.secrets),
        unmapped=tuple(reading.notes.unmapped),
    )


def _component(row: Row, monitor: Monitor, past: Past, place: _Place) -> Component:
    return Component(
        key=kuma_monitors.key_of(row),
        name=kuma_monitors.name_of(row),
        description=row.text("description"),
        group=place.group,
        position=place.position,
        is_visible=place.is_visible,
        status=monitor.status,
        created_at=past.begins_at,
        known_until=past.known_until,
        nodes=(monitor.node,) if monitor.node is not None else (),
    )


def _places(dump: Dump) -> tuple[list[Group], dict[int, _Place]]:
    """The headings, and where each monitor stands: on the first page that shows it, or below its parent."""
    groups: list[Group] = []
    places: dict[int, _Place] = {}
    links: dict[int, list[Row]] = defaultdict(list)
    for link in dump.rows("monitor_group"):
        links[link.whole("group_id")].append(link)
    for group in sorted(dump.rows("group"), key=_page_order):
        key = f"group-{group.whole('id')}"
        groups.append(Group(key=key, name=_named(group, "Group"), position=len(groups)))
        for link in sorted(links[group.whole("id")], key=lambda one: one.whole("weight", 1000)):
            place = _Place(group=key, position=len(places))
            places.setdefault(link.whole("monitor_id"), place)
    for parent, rows in _by_parent(dump.rows("monitor")):
        loose = [row for row in rows if row.whole("id") not in places]
        if not loose:
            continue
        key = f"parent-{parent.whole('id')}"
        groups.append(Group(key=key, name=_named(parent, "Group"), position=len(groups)))
        for row in loose:
            places[row.whole("id")] = _Place(
                group=key, position=len(places), is_visible=not dump.has_pages
            )
    return groups, places


def _by_parent(rows: list[Row]) -> Iterator[tuple[Row, list[Row]]]:
    """The monitors of type "group" with what stands directly below each, in their order."""
    below: dict[int, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda one: (one.whole("weight", 2000), one.whole("id"))):
        below[row.whole("parent")].append(row)
    for row in rows:
        if row.text("type") == "group":
            yield row, [one for one in below[row.whole("id")] if one.text("type") != "group"]


def _page_order(group: Row) -> tuple[int, int, int]:
    return group.whole("status_page_id"), group.whole("weight", 1000), group.whole("id")


def _named(row: Row, word: str) -> str:
    return row.text("name").strip() or f"{word} {row.whole('id')}"


def _page(dump: Dump) -> Mapping[str, object]:
    pages = sorted(dump.rows("status_page"), key=lambda row: row.whole("id"))
    found: dict[str, object] = {"name": pages[0].text("title")} if pages else {}
    if zone := _setting(dump, "serverTimezone"):
        found["time_zone"] = zone
    return found


def _setting(dump: Dump, key: str) -> str:
    """A setting that is a text; they are stored as JSON."""
    for row in dump.rows("setting"):
        if row.text("key") == key:
            try:
                value = json.loads(row.text("value"))
            except (ValueError, RecursionError):
                return row.text("value")
            return value if isinstance(value, str) else ""
    return ""


def _incidents(dump: Dump, reading: _Reading) -> Iterator[Incident]:
    """What was pinned to pages: each is one message, and over when it was taken off."""
    for row in dump.rows("incident"):
        title = row.text("title").strip() or f"Incident {row.whole('id')}"
        at = kuma_source.moment(row.text("created_date"))
        if at is None:
            reading.notes.add(f"Incident {title}", "It has no date.")
            continue
        is_over = not (row.flag("active", True) and row.flag("pin", True))
        over_at = kuma_source.moment(row.text("last_updated_date")) if is_over else None
        yield Incident(
            key=f"incident-{row.whole('id')}",
            title=title,
            impact=_IMPACTS.get(row.text("style"), "none"),
            started_at=at,
            resolved_at=max(over_at or at, at) if is_over else None,
            updates=(
                Update(
                    key=f"incident-{row.whole('id')}",
                    state="investigating",
                    text=row.text("content"),
                    at=at,
                ),
            ),
        )


def _maintenances(dump: Dump, reading: _Reading, pasts: Iterable[Past]) -> Iterator[Maintenance]:
    copied_at = max(
        (past.known_until for past in pasts if past.known_until is not None),
        default=datetime(2000, 1, 1, tzinfo=UTC),
    )
    touched: dict[int, list[str]] = defaultdict(list)
    for link in dump.rows("monitor_maintenance"):
        touched[link.whole("maintenance_id")].append(f"monitor-{link.whole('monitor_id')}")
    for row in dump.rows("maintenance"):
        found = kuma_maintenance.read(
            row,
            components=tuple(touched[row.whole("id")]),
            server_zone=_setting(dump, "serverTimezone"),
            now=copied_at,
            notes=reading.notes,
        )
        if found is not None:
            yield found


def _note_the_rest(dump: Dump, monitors: list[Row], reading: _Reading) -> None:
    """Tell what has no place here, and which secrets stay behind."""
    notes = reading.notes
    for row in dump.rows("notification"):
        name = shown(_named(row, "Notification"), 80)
        reading.secrets.append(Secret(where=f"Notification {name}", what=_kind_of(row)))
    for table, reason in _NOT_HERE.items():
        if rows := dump.rows(table):
            notes.add(f"{len(rows)} × {table}", reason)
    tagged = {row.whole("monitor_id") for row in dump.rows("monitor_tag")}
    tagged |= {row.whole("id") for row in monitors if row.values.get("tags")}
    if tagged:
        notes.add(f"Tags of {len(tagged)} monitors", "components have no labels here")
    _note_checks(monitors, notes)
    _note_pages(dump, notes)


def _note_checks(monitors: list[Row], notes: Notes) -> None:
    if count := sum(row.whole("maxretries") > 0 for row in monitors):
        notes.add(f"Wait before a retry, of {count} monitors", "a retry follows at once here")
    if count := sum(row.whole("resend_interval") > 0 for row in monitors):
        notes.add(
            f"Notices that are sent again, of {count} monitors",
            "reminders are set for the whole team, under Team alerts",
        )


def _note_pages(dump: Dump, notes: Notes) -> None:
    pages = sorted(dump.rows("status_page"), key=lambda row: row.whole("id"))
    for place, row in enumerate(pages):
        what = f"Status page {row.text('slug')}"
        if place:
            notes.add(what, "its groups are on the main page; make a sub-page of them")
        for column, reason in _OF_PAGES.items():
            if row.text(column).strip():
                notes.add(f"{what}: {column}", reason)
    for row in dump.rows("status_page_cname"):
        notes.add(f"Domain {row.text('domain')}", "custom domains are added in the console")


def _kind_of(row: Row) -> str:
    """What kind of notification it is, from its settings, of which nothing else is told."""
    try:
        config = json.loads(row.text("config", "{}"))
    except (ValueError, RecursionError):
        config = {}
    kind = config.get("type") if isinstance(config, dict) else None
    return f"settings of {shown(str(kind or 'unknown'), 40)}"
