"""Service level statements: what was promised to a page, and what was kept, month by month."""

from datetime import date, datetime
from typing import Annotated, Any

from ninja import Path, Router

from components.models import Page
from components.status import Status
from management_api import operations
from management_api.guard import ApiRequest
from management_api.problems import not_found
from management_api.schemas import Out, PublicId, in_place
from sla import reading
from sla.counting import Reason
from sla.statements import ServiceLine, Statement, StretchLine

router = Router(tags=["service levels"])
# Whose page it is and what was promised to them is for those who may see customers.
_SEEN: Any = {"scope": "sla:read", "permission": "customer_pages.view_customersession"}

Month = Annotated[str, Path(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-10"])]
StretchReason = Annotated[Reason, in_place(Reason)]


class MonthOut(Out):
    """A month that has a statement; a sealed one changes no more."""

    month: str
    sealed_at: datetime | None


class MonthsOut(Out):
    """The months that have a statement, newest first."""

    data: list[MonthOut]


class ServiceFigureOut(Out):
    """One service, or all together. `percent` is null when nothing was measured."""

    name: str
    percent: str | None
    down_minutes: int
    unknown_minutes: int
    excluded_minutes: int


class StretchOut(Out):
    """A time that a service was not operational; `share` of it counts as down, and `reason` says why."""

    component: str
    start: datetime
    end: datetime
    minutes: int
    status: Status
    cause: str
    reason: StretchReason
    share: str


class StatementOut(Out):
    """One month of one page. `until` is where counting ended; `digest` is of the sealed content."""

    page_name: str
    month: str
    start: datetime
    until: datetime
    is_over: bool
    time_zone: str
    service_hours: str
    target: str
    is_met: bool | None
    weights: dict[str, str]
    together: ServiceFigureOut
    services: list[ServiceFigureOut]
    stretches: list[StretchOut]
    sealed_at: datetime | None
    digest: str | None


@operations.reads(router, "/pages/{page_id}/statements", gives=MonthsOut, **_SEEN)
def list_statements(request: ApiRequest, page_id: PublicId) -> MonthsOut:
    """List the months of a page that have a statement, newest first."""
    page = _page(page_id)
    months = reading.months(page=page, now=request.now)
    return MonthsOut(
        data=[
            MonthOut(month=f"{each:%Y-%m}", sealed_at=reading.sealed_at(page=page, month=each))
            for each in months
        ]
    )


@operations.reads(router, "/pages/{page_id}/statements/{month}", gives=StatementOut, **_SEEN)
def get_statement(request: ApiRequest, page_id: PublicId, month: Month) -> StatementOut:
    """Show the statement of a month: the sealed one, or what the records say now."""
    page, first = _page(page_id), date.fromisoformat(f"{month}-01")
    try:
        found = reading.of_month(page=page, month=first, now=request.now)
    except reading.NoSuchMonth:
        not_found("month of this page")
    return _shown(found, sealed_at=reading.sealed_at(page=page, month=first))


def _page(page_id: str) -> Page:
    return Page.objects.filter(public_id=page_id).first() or not_found("page")


def _shown(found: Statement, *, sealed_at: datetime | None) -> StatementOut:
    return StatementOut(
        page_name=found.page_name,
        month=found.month,
        start=datetime.fromisoformat(found.start),
        until=datetime.fromisoformat(found.until),
        is_over=found.is_over,
        time_zone=found.time_zone,
        service_hours=found.hours,
        target=found.target,
        is_met=found.is_met,
        weights=dict(found.weights),
        together=_figure(found.together),
        services=[_figure(each) for each in found.services],
        stretches=[_stretch(each) for each in found.rows],
        sealed_at=sealed_at,
        digest=found.digest if sealed_at else None,
    )


def _figure(line: ServiceLine) -> ServiceFigureOut:
    return ServiceFigureOut(
        name=line.name,
        percent=line.percent,
        down_minutes=line.down_minutes,
        unknown_minutes=line.unknown_minutes,
        excluded_minutes=line.excluded_minutes,
    )


def _stretch(row: StretchLine) -> StretchOut:
    return StretchOut(
        component=row.component,
        start=row.starts_at,
        end=row.ends_at,
        minutes=row.minutes,
        status=row.status_value,
        cause=row.cause,
        reason=row.reason_value,
        share=row.share,
    )
