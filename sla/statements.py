"""A statement as it is shown, sealed and exported: plain values without a language.

Pure. Made by `reading` from a count, kept as JSON by `sealing`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from components.status import Status
from components.uptime import Weights
from sla.counting import Count, Reason, Row, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLine:
    """The figures of one service; minutes are rounded up. `percent` is None: nothing was measured."""

    name: str
    percent: str | None
    down_minutes: int
    unknown_minutes: int
    excluded_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StretchLine:
    """A stretch that was not operational, as ISO 8601 times in UTC; `share` counts as down, 0 to 1."""

    component: str
    start: str
    end: str
    minutes: int
    status: str
    cause: str
    reason: str
    share: str

    @property
    def status_value(self) -> Status:
        return Status(self.status)

    @property
    def reason_value(self) -> Reason:
        return Reason(self.reason)

    @property
    def starts_at(self) -> datetime:
        return datetime.fromisoformat(self.start)

    @property
    def ends_at(self) -> datetime:
        return datetime.fromisoformat(self.end)

    @property
    def is_counted(self) -> bool:
        return self.share != "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One month of one page. `until` is where counting ended: the month's end, or now while it runs.

    `target` is the promised percentage, empty when none was promised. `hours` is the promised time
    as it was written, `unread_hours` what the catalog says of it if that cannot be read: every hour is
    counted then. `weights` say how much of a status counts as down.
    """

    page_name: str
    month: str
    start: str
    until: str
    is_over: bool
    time_zone: str
    hours: str
    target: str
    weights: Mapping[str, str]
    together: ServiceLine
    services: tuple[ServiceLine, ...]
    rows: tuple[StretchLine, ...]
    unread_hours: str = ""

    @property
    def first_day(self) -> date:
        return date.fromisoformat(f"{self.month}-01")

    @property
    def is_met(self) -> bool | None:
        """Whether the figure reaches the target; None without a target or a figure."""
        return met(self.together.percent, self.target)

    @property
    def digest(self) -> str:
        """The SHA-256 of the content in its canonical form."""
        canonical = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]  # tuples as lists

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Statement":
        """The statement that `as_json` described."""
        return cls(
            **{
                **stored,
                "together": ServiceLine(**stored["together"]),
                "services": tuple(ServiceLine(**one) for one in stored["services"]),
                "rows": tuple(StretchLine(**one) for one in stored["rows"]),
            }
        )


def met(percent: str | None, target: str) -> bool | None:
    """Return whether a figure reaches a target; None when one of them is missing."""
    return Decimal(percent) >= Decimal(target) if percent and target else None


def made(  # every part of the statement by name
    counted: Count,
    *,
    page_name: str,
    month: str,
    start: datetime,
    until: datetime,
    is_over: bool,
    time_zone: str,
    hours: str,
    target: Decimal | None,
    weights: Weights,
    unread_hours: str = "",
) -> Statement:
    """Return the statement of a count."""
    return Statement(
        page_name=page_name,
        month=month,
        start=start.isoformat(),
        until=until.isoformat(),
        is_over=is_over,
        time_zone=time_zone,
        hours=hours,
        target="" if target is None else format(target.normalize(), "f"),
        weights={
            member.value: str(weights.of(member))
            for member in Status
            if member not in {Status.OPERATIONAL, Status.UNKNOWN, Status.UNDER_MAINTENANCE}
        },
        together=_service(counted.together),
        services=tuple(_service(service) for service in counted.services),
        rows=tuple(_row(row) for row in counted.rows),
        unread_hours=unread_hours,
    )


def _service(service: Service) -> ServiceLine:
    return ServiceLine(
        name=service.name,
        percent=None if service.percent is None else str(service.percent),
        down_minutes=service.down_minutes,
        unknown_minutes=service.unknown_minutes,
        excluded_minutes=service.excluded_minutes,
    )


def _row(row: Row) -> StretchLine:
    return StretchLine(
        component=row.component,
        start=row.start.isoformat(),
        end=row.end.isoformat(),
        minutes=row.minutes,
        status=row.status.value,
        cause=row.cause,
        reason=row.reason.value,
        share=str(row.share),
    )
