"""What Statuspage's management API (v1) tells whoever has a key, as a plan. Pure (interop 3, 5.5)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from importing import html_text, statuspage_components, statuspage_events, statuspage_v2
from importing.plans import Plan, Secret, Subscriber, Template
from importing.source_values import Notes, Row, as_row, as_rows

# The states in which subscribers are asked for; the answers do not say them.
SUBSCRIBER_STATES = ("active", "unconfirmed", "quarantined")
_PAGE_UNREAD = ("css_", "favicon", "hero", "notifications_", "email_logo", "twitter", "logo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """All answers about one page, the pages of each list put together."""

    page: object
    components: Sequence[object] = ()
    groups: Sequence[object] = ()
    incidents: Sequence[object] = ()
    templates: Sequence[object] = ()
    subscribers: Mapping[str, Sequence[object]] = field(default_factory=dict)  # by state


def plan(export: Export) -> Plan:
    """Everything that the answers say.

    Raises:
        SourceUnreadable: one is of another form.
    """
    notes, secrets = Notes(), list[Secret]()
    page = as_row(export.page, "page")
    leaves = as_rows(list(export.components), "components")
    known = statuspage_components.groups(
        [
            *as_rows(list(export.groups), "component-groups"),
            *(row for row in leaves if row.flag("group")),
        ]
    )
    keys = frozenset(row.needed("id") for row in leaves if not row.flag("group"))
    reader = statuspage_events.Reader(notes, html_text.either, keys)
    events = _once(as_rows(list(export.incidents), "incidents"))
    works = [row for row in events if "scheduled_for" in row]
    incidents = [row for row in events if "scheduled_for" not in row]
    _note_page(page, notes)
    return Plan(
        source=statuspage_v2.SOURCE,
        page=statuspage_v2.page_facts(page),
        groups=tuple(known.values()),
        components=tuple(statuspage_components.components(leaves, known, notes, known_from=None)),
        incidents=tuple(reader.incident(row) for row in incidents),
        maintenances=tuple(reader.maintenance(row) for row in works),
        subscribers=tuple(_subscribers(export, keys, notes, secrets)),
        templates=tuple(
            _template(row, keys) for row in as_rows(list(export.templates), "incident_templates")
        ),
        secrets=tuple(secrets),
        unmapped=tuple(notes.unmapped),
    )


def _once(rows: Iterable[Row]) -> list[Row]:
    """Each object once: a list that grows while its pages are read shows some twice."""
    return list({row.needed("id"): row for row in rows}.values())


def _subscribers(
    export: Export, keys: frozenset[str], notes: Notes, secrets: list[Secret]
) -> Iterable[Subscriber]:
    seen: set[str] = set()
    for state in SUBSCRIBER_STATES:
        for row in as_rows(list(export.subscribers.get(state, ())), f"subscribers {state}"):
            key, mode = row.needed("id"), row.text("mode", "email")
            if key in seen:
                continue
            seen.add(key)
            if mode == "webhook":
                what = "a webhook, which needs a new secret"
                secrets.append(Secret(where=f"subscriber {key}", what=what))
            elif mode != "email" or not row.text("email").strip():
                notes.add(f"subscriber {key}", f"subscribers by {mode} are not imported")
            else:
                yield _subscriber(row, state, keys)


def _subscriber(row: Row, state: str, keys: frozenset[str]) -> Subscriber:
    """Who was confirmed there is here; for whom Statuspage had stopped writing, so do we."""
    is_confirmed = state != "unconfirmed"
    chosen = row.texts("components")
    return Subscriber(
        key=row.needed("id"),
        email=row.text("email").strip(),
        is_confirmed=is_confirmed,
        confirmed_at=row.moment("created_at") if is_confirmed else None,
        is_suppressed=state == "quarantined" or row.moment("quarantined_at") is not None,
        components=tuple(code for code in chosen if code in keys) if chosen else None,
    )


def _template(row: Row, keys: frozenset[str]) -> Template:
    components = [
        one if isinstance(one, str) else as_row(one, row.place("components")).text("id")
        for one in _list(row, "components")
    ]
    return Template(
        key=row.needed("id"),
        name=row.text("name") or row.needed("title"),
        title=row.text("title"),
        text=html_text.either(row.text("body")),
        components=tuple(code for code in components if code in keys),
    )


def _list(row: Row, key: str) -> Sequence[object]:
    value = row.values.get(key)
    return value if isinstance(value, list) else ()


def _note_page(page: Row, notes: Notes) -> None:
    if any(name.startswith(_PAGE_UNREAD) and page.values[name] for name in page.values):
        notes.add("colours, logos and notification settings", "set them in the page's editor")
    notes.add("metrics", "figures of other systems are not shown here")
    notes.add("page access users and groups", "make customer pages for them")
    notes.add("posts to X, scores of activity and impacts by time", "there is no place for them")
