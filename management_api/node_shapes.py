"""The bodies of nodes: what is told of one, and what can be set."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from management_api.schemas import In, Moment, Name, Out, Position, Slug, left_out
from monitoring.models import Mode, Node, SilenceRule
from probing.options import METHODS

Method = StrEnum("Method", {name: name for name in METHODS})  # type: ignore[misc]
Interval = Annotated[int, Field(ge=1, le=86_400)]
Retries = Annotated[int, Field(ge=0, le=10)]
SickAfter = Annotated[float, Field(ge=0.001, le=120)]
DeadAfter = Annotated[float, Field(ge=0.05, le=120)]
SilentAfter = Annotated[float, Field(ge=1, le=604_800)]
PingEvery = Annotated[int, Field(ge=60, le=31_536_000)]
Load = Annotated[float, Field(ge=0, le=100)]
StatusCode = Annotated[int, Field(ge=100, le=599)]
BodyText = Annotated[str, Field(max_length=500)]
Headers = Annotated[dict[str, str], Field(max_length=32)]
Checks = Annotated[int, Field(ge=1, le=20)]
Quorum = Annotated[int, Field(ge=1, le=1000)]
Locations = Annotated[list[str], Field(max_length=200)]
NodeIds = Annotated[list[int], Field(max_length=200)]


class NodeOut(Out):
    """A node. Its request headers are stored sealed and never told; `has_http_headers` says of them."""

    id: int
    component_id: str
    name: str
    slug: str
    position: int
    mode: Mode
    interval_s: int
    retries: int
    sick_after_s: float
    dead_after_s: float
    silent_after_s: float | None
    silence_rule: SilenceRule
    ping_every_s: int | None
    cpu_sick_above: float
    ram_sick_above: float
    http_method: str
    http_status_min: int
    http_status_max: int
    http_body_contains: str
    http_body_regex: str
    http_follow_redirects: bool
    http_verify_tls: bool
    has_http_headers: bool
    bad_checks: int
    good_checks: int
    is_polled_centrally: bool
    locations: list[str]
    quorum: int | None
    depends_on: list[int]
    muted_until: datetime | None


class _Options(In):
    """What both a new and a changed node may say; what is left out stays, or is the default."""

    mode: Mode = left_out(lambda: Mode.POLL)
    interval_s: Interval = left_out(lambda: 60)
    retries: Retries = left_out(lambda: 2)
    sick_after_s: SickAfter = left_out(lambda: 5.0)
    dead_after_s: DeadAfter = left_out(lambda: 10.0)
    silent_after_s: SilentAfter | None = None
    silence_rule: SilenceRule = left_out(lambda: SilenceRule.LONGER)
    ping_every_s: PingEvery | None = None
    cpu_sick_above: Load = left_out(lambda: 0.9)
    ram_sick_above: Load = left_out(lambda: 0.9)
    http_method: Method = left_out(lambda: "GET")
    http_status_min: StatusCode = left_out(lambda: 200)
    http_status_max: StatusCode = left_out(lambda: 399)
    http_body_contains: BodyText = left_out()
    http_body_regex: BodyText = left_out()
    http_follow_redirects: bool = left_out(lambda: True)
    http_verify_tls: bool = left_out(lambda: True)
    http_headers: Headers = left_out(
        dict, description="Sent with each check. Stored sealed: they can be replaced, never read."
    )
    bad_checks: Checks = left_out(lambda: 1)
    good_checks: Checks = left_out(lambda: 1)
    is_polled_centrally: bool = left_out(lambda: True)
    locations: Locations = left_out(list, description="Slugs of places that it is checked from.")
    quorum: Quorum | None = None
    depends_on: NodeIds = left_out(
        list, description="While one of these is dead, this node's failures are told as part of it."
    )


class NodeIn(_Options):
    """A new node; `component_id` is the id or the slug of the component it belongs to."""

    component_id: Annotated[str, Field(min_length=1, max_length=100)]
    name: Name
    slug: Slug = ""


class NodeChange(_Options):
    """What is to be different; what is left out stays."""

    name: Name = left_out()
    slug: Annotated[str, Field(min_length=1, max_length=100)] = left_out()
    position: Position = left_out(int)


class MuteIn(In):
    """Until when nobody is told that a replica of the node died; null ends it."""

    muted_until: Moment | None


def shown(row: Node) -> NodeOut:
    """What is told of a node; `component`, `locations` and `depends_on` are fetched before."""
    return NodeOut(
        component_id=row.component.public_id,
        has_http_headers=bool(row.http_headers_sealed),
        locations=sorted(location.slug for location in row.locations.all()),
        depends_on=sorted(other.pk for other in row.depends_on.all()),
        mode=Mode(row.mode),
        silence_rule=SilenceRule(row.silence_rule),
        **{name: getattr(row, name) for name in _PLAIN},
    )


_PLAIN = [
    name
    for name in NodeOut.model_fields
    if name
    not in {"component_id", "has_http_headers", "locations", "depends_on", "mode", "silence_rule"}
]
