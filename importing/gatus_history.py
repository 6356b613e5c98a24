"""What a running Gatus remembers of its checks, as times that a component was down. Pure (interop 5.3).

Gatus keeps the newest results of an endpoint and the newest changes between healthy and unhealthy.
The changes reach further back, so they are read first; results say how it stands at the end.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from components.status import Status
from importing.plans import Plan, Span
from importing.source_values import Row, as_rows


@dataclass(frozen=True, slots=True)
class _Seen:
    at: datetime
    is_up: bool


def with_history(plan: Plan, pages: Iterable[object]) -> Plan:
    """The plan with times of outage and the first moment that is known of each component.

    `pages` are the answers of `GET /api/v1/endpoints/statuses`, or of single endpoints, in any order.

    Raises:
        SourceUnreadable: an answer is of another form.
    """
    seen: dict[str, set[_Seen]] = {}
    for page in pages:
        found = page if isinstance(page, list) else [page]
        for row in as_rows(found, "statuses"):
            seen.setdefault(row.needed("key"), set()).update(_events(row), _results(row))
    known = {component.key for component in plan.components}
    ordered = {
        key: sorted(found, key=lambda one: (one.at, one.is_up))
        for key, found in seen.items()
        if key in known and found
    }
    return replace(
        plan,
        spans=tuple(span for key, found in ordered.items() for span in _spans(key, found)),
        components=tuple(
            replace(one, created_at=ordered[one.key][0].at, known_until=ordered[one.key][-1].at)
            if one.key in ordered
            else one
            for one in plan.components
        ),
    )


def keys(page: object) -> list[str]:
    """The keys of the endpoints that an answer tells of."""
    return [row.needed("key") for row in as_rows(page, "statuses")]


def _events(row: Row) -> list[_Seen]:
    found = []
    for event in row.rows("events"):
        at, kind = event.moment("timestamp"), event.text("type").upper()
        if at is not None and kind in _KINDS:
            found.append(_Seen(at, _KINDS[kind]))
    return found


_KINDS: Mapping[str, bool] = {"HEALTHY": True, "UNHEALTHY": False}


def _results(row: Row) -> list[_Seen]:
    found = []
    for result in row.rows("results"):
        at = result.moment("timestamp")
        if at is not None:
            found.append(_Seen(at, result.flag("success")))
    return found


def _spans(key: str, seen: Sequence[_Seen]) -> list[Span]:
    spans: list[Span] = []
    began: datetime | None = None
    for one in seen:
        if not one.is_up and began is None:
            began = one.at
        elif one.is_up and began is not None:
            spans.append(_span(key, began, one.at))
            began = None
    if began is not None:
        spans.append(_span(key, began, None))
    return [span for span in spans if span.ends_at is None or span.ends_at > span.starts_at]


def _span(key: str, began: datetime, ended: datetime | None) -> Span:
    return Span(component=key, status=Status.MAJOR_OUTAGE, starts_at=began, ends_at=ended)
