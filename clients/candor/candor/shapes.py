"""What the API answers, as types. The OpenAPI document of a page says the same in full."""

from typing import Any, Literal, NotRequired, TypedDict

Status = Literal[
    "operational",
    "degraded_performance",
    "partial_outage",
    "major_outage",
    "under_maintenance",
    "unknown",
]
Impact = Literal["none", "minor", "major", "critical"]
State = Literal["investigating", "identified", "monitoring", "resolved", "postmortem"]


class Component(TypedDict):
    """A service; `status` is what visitors see, `is_held` while a person holds it there."""

    id: str
    name: str
    slug: str
    description: str
    group_id: str | None
    position: int
    status: Status
    status_since: str | None
    is_held: bool
    is_visible: bool
    only_where_chosen: bool
    shows_addresses: bool
    created_at: str


class Touched(TypedDict):
    """A component that an event touches."""

    id: str
    name: str
    status: Status | None
    is_chosen: NotRequired[bool]


class Incident(TypedDict):
    """An incident; `phase` is draft, open or past."""

    id: str
    title: str
    state: State
    impact: Impact
    phase: Literal["draft", "open", "past"]
    started_at: str
    resolved_at: str | None
    next_update_by: str | None
    is_retroactive: bool
    components: list[Touched]
    newest_update_id: str | None
    draft: dict[str, Any] | None
    proposed_text: str
    origin: str
    author_name: str
    published_at: str | None
    created_at: str
    changed_at: str


class IncidentUpdate(TypedDict):
    """One entry of an incident's timeline."""

    id: str
    state: State
    previous_state: State | None
    text: str
    at: str
    created_at: str
    notifies: bool
    author_name: str


class Maintenance(TypedDict):
    """One window of planned work."""

    id: str
    title: str
    text: str
    state: str
    starts_at: str
    ends_at: str
    components: list[Touched]


class Announcement(TypedDict):
    """A dated note at the top of pages."""

    id: int
    title: str
    text: str
    starts_at: str
    ends_at: str | None
    state: str
    pages: list[str]


class Subscriber(TypedDict):
    """One subscription; `component_ids` is None for everything."""

    id: int
    page_id: str
    channel: str
    address: str
    state: str
    component_ids: list[str] | None
    wants_postmortems: bool
    suppressed_because: str | None
    created_at: str
    confirmed_at: str | None


class Uptime(TypedDict):
    """How long a component was in which status; `percent` is None when nothing is known."""

    component_id: str
    start: str
    end: str
    percent: float | None
    down_minutes: int
    unknown_minutes: int
    seconds: dict[str, float]


class Step(TypedDict):
    """What a configuration file does to one item."""

    action: Literal["added", "changed", "removed", "kept"]
    kind: str
    label: str
    fields: list[dict[str, str]]


class Applied(TypedDict):
    """What a configuration file changed, or would change."""

    is_dry_run: bool
    steps: list[Step]
