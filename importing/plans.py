"""What an importer found, in our words: the shape between reading a source and writing rows. Pure.

A reader of one source (`importing.kuma`, `importing.gatus` …) turns a document into a `Plan`;
`importing.applying` writes any plan, or says what it would write. `key` names a thing inside its
source for ever, so a second run finds it again (`source` + `source_id`). Times are aware, durations
seconds. A reader drops nothing silently: what has no place here is an `Unmapped` with the reason,
what must not be copied a `Secret`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from components.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A heading; of two with one name the first is used for both."""

    key: str
    name: str
    position: int = 0
    is_collapsed: bool = False
    public_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """How a component is looked at. `options` are fields of `monitoring.models.Node` by name
    (`interval_s`, `retries`, `dead_after_s`, `http_method`, `http_headers` …); what they cannot
    hold, the reader has told as `Unmapped`. `mode` is "poll", "push" or "local". `addresses` are replicas
    as we write them (`https://…`, `tcp://host:port`, `icmp://host`, `dns://…`).
    """

    key: str
    name: str
    slug: str = ""  # what programs call it by; taken as it is when it is free
    mode: str = "poll"
    options: Mapping[str, object] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    is_paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A service. `status` is what the source shows of a service that nobody probes (held by hand).

    `known_until` is when a source that measures stopped looking, as when its file was copied: from
    then until the import nobody knows. None: what was said last holds until the import.
    """

    key: str
    name: str
    slug: str = ""  # as of a Node
    description: str = ""
    group: str = ""  # the key of a Group
    position: int = 0
    is_visible: bool = True
    status: Status | None = None
    created_at: datetime | None = None
    known_until: datetime | None = None
    public_id: str = ""  # kept verbatim when it is one of ours in form and free
    nodes: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time that a component was not operational, of its history; half-open, `ends_at` None: still.

    Of a component without any spans and days, what its incidents and maintenance say is its history.
    `Status.UNKNOWN` is time in which the source did not look.
    """

    component: str
    status: Status
    starts_at: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UptimeDay:
    """What the source counted of a day (UTC) of a component: seconds down, and seconds known.

    Where it kept spans of that day as well, these say when it was down, and the counts how long.
    """

    component: str
    day: date
    down_s: float
    known_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One entry of a timeline; `text` is Markdown, `state` a word of our lifecycle.

    `components` maps keys of components to (status before, status after).
    """

    key: str
    state: str
    text: str
    at: datetime
    components: Mapping[str, tuple[Status, Status]] = field(default_factory=dict)
    public_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """`updates` are oldest first and never empty; `impact` is none, minor, major or critical."""

    key: str
    title: str
    impact: str
    started_at: datetime
    updates: tuple[Update, ...]
    resolved_at: datetime | None = None
    components: tuple[str, ...] = ()
    postmortem: str = ""  # Markdown
    is_draft: bool = False
    public_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """`state` is scheduled, in_progress, verification, completed or cancelled. `rule` is an RRULE
    (RFC 5545) with `zone` when it comes again; then starts_at is the first occurrence.

    Without `auto_start` or `auto_finish` a person begins or ends it, there and here.
    """

    key: str
    title: str
    text: str
    state: str
    starts_at: datetime
    ends_at: datetime
    updates: tuple[Update, ...] = ()
    components: tuple[str, ...] = ()
    zone: str = "UTC"
    rule: str = ""
    auto_start: bool = True
    auto_finish: bool = True
    public_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A mailbox that asked to be told. Unconfirmed ones stay so, and nobody is written to."""

    key: str
    email: str
    is_confirmed: bool
    confirmed_at: datetime | None = None
    is_suppressed: bool = False
    components: tuple[str, ...] | None = None  # None: the whole page


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    key: str
    name: str
    title: str
    text: str
    kind: str = "incident"
    impact: str = "minor"
    components: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    key: str
    title: str
    text: str
    starts_at: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSecret:
    """A secret that only works when it is kept: programs out there call an address with it.

    `kind` is a kind of token ("push_url", "external_endpoint"); `node` the key of a Node, empty for a
    "reporter", which speaks for all.
    `label` is what the source calls it, such as Gatus's key of an endpoint.
    """

    node: str
    kind: str
    secret: str
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """Something that opens doors and is not imported: where it stands in the source, and what it is.

    `digest` is its SHA-256 where an earlier import may have kept it.
    """

    where: str
    what: str
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """Something of the source that we have no place for, and why."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that one source says; `source` is "uptime-kuma", "gatus", "vigil", "cachet" or "statuspage"."""

    source: str
    page: Mapping[str, object] = field(default_factory=dict)  # name, time_zone: offered, not forced
    groups: tuple[Group, ...] = ()
    components: tuple[Component, ...] = ()
    spans: tuple[Span, ...] = ()
    days: tuple[UptimeDay, ...] = ()
    incidents: tuple[Incident, ...] = ()
    maintenances: tuple[Maintenance, ...] = ()
    subscribers: tuple[Subscriber, ...] = ()
    templates: tuple[Template, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    kept_secrets: tuple[KeptSecret, ...] = ()
    secrets: tuple[Secret, ...] = ()
    unmapped: tuple[Unmapped, ...] = ()
