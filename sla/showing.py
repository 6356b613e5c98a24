"""What the screens of statements show: for customers on their page, and for operators."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from components.models import Page
from components.status import Status
from public_pages import times
from sla import reading, wording
from sla.models import SealedStatement
from sla.statements import ServiceLine, Statement, StretchLine, met


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A stretch in words, in the active language and zone."""

    row: StretchLine
    status: Status
    start: str
    end: str
    length: str
    cause: str
    why: str

    @classmethod
    def of(cls, row: StretchLine) -> "Line":
        return cls(
            row=row,
            status=row.status_value,
            start=times.moment(row.starts_at),
            end=times.moment(row.ends_at),
            length=times.duration(row.minutes),
            cause=wording.cause(row),
            why=wording.why(row),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A service in words; `is_met` is None without a target or a figure."""

    name: str
    percent: str
    down: str
    unknown: str
    excluded: str
    is_met: bool | None

    @classmethod
    def of(cls, line: ServiceLine, *, target: str) -> "Figure":
        return cls(
            name=line.name,
            percent=f"{line.percent}%" if line.percent else "–",
            down=times.duration(line.down_minutes),
            unknown=times.duration(line.unknown_minutes),
            excluded=times.duration(line.excluded_minutes),
            is_met=met(line.percent, target),
        )


def of_month(*, page: Page, month: date, now: datetime) -> dict[str, Any]:
    """Return the context of `sla/_statement.html`; the page's zone and language must be active.

    Raises:
        NoSuchMonth: the month has no statement.
    """
    statement = reading.of_month(page=page, month=month, now=now)
    return {
        "statement": statement,
        "month": times.month(statement.first_day),
        "verdict": wording.verdict(statement),
        "rule": wording.rule(statement),
        "together": Figure.of(statement.together, target=statement.target),
        "services": [Figure.of(one, target=statement.target) for one in statement.services],
        "lines": [Line.of(row) for row in statement.rows],
        "until": times.moment(datetime.fromisoformat(statement.until)),
        **_seal(page, statement),
    }


def list_of(*, page: Page, now: datetime) -> list[dict[str, Any]]:
    """Return the months of `sla/_months.html`, newest first, with `slug` for their addresses."""
    sealed = set(SealedStatement.objects.filter(page=page).values_list("month", flat=True))
    return [
        {
            "name": times.month(month),
            "slug": f"{month:%Y-%m}",
            "is_sealed": month in sealed,
            "is_running": (month.year, month.month) == _this_month(page, now),
        }
        for month in reading.months(page=page, now=now)
    ]


def _seal(page: Page, statement: Statement) -> dict[str, Any]:
    at = reading.sealed_at(page=page, month=statement.first_day)
    return {
        "sealed": times.moment(at) if at else "",
        "digest": statement.digest if at else "",
    }


def _this_month(page: Page, now: datetime) -> tuple[int, int]:
    first, *_ = reading.months(page=page, now=now)
    return first.year, first.month
