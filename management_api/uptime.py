"""Uptime: how long components were in which status, counted as their page counts it (decision 9)."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from ninja import Query, Router, Schema
from pydantic import Field

from common import timespan
from components import catalogue, uptime
from components.models import Component
from components.status import Status
from components.uptime import Tally, Weights
from management_api import operations, paging
from management_api.components import component_of
from management_api.guard import ApiRequest
from management_api.paging import Paging
from management_api.schemas import Listed, Moment, Out, PublicId
from public_pages import reading

router = Router(tags=["uptime"])
_SEEN = {"scope": "uptime:read", "permission": "components.view_component"}
_MOST_DAYS = 3660
_DAYS = 90


class UptimeOut(Out):
    """The uptime of a component from `start` up to, not including, `end`.

    `percent` is (known - down) / known, rounded down to two decimals; null when nothing is known.
    What counts as down is weighted as on the main page. `seconds` are by the clock, by status.
    """

    component_id: str
    start: datetime
    end: datetime
    percent: float | None
    down_minutes: int
    unknown_minutes: int
    seconds: dict[Status, float]


class Period(Schema):
    """Which time: calendar days of the main page's zone up to now, or from a moment to another.

    Days are counted as beside the bars of the page, today included. `to` is now when it is left out.
    """

    days: Annotated[int, Field(ge=1, le=_MOST_DAYS)] | None = None
    from_: Moment | None = Field(None, alias="from")
    to: Moment | None = None


class PagedPeriod(Period, Paging):
    """Which time, and which page of the list."""


@operations.reads(router, "/uptime", gives=Listed[UptimeOut], **_SEEN)
def list_uptime(request: ApiRequest, wanted: Query[PagedPeriod]) -> Listed[UptimeOut]:
    """List the uptime of every component, in the order of their making."""
    span = _span(wanted, now=request.now)
    return paging.page_of(
        Component.objects.all(), wanted, by=["id"], show=lambda rows: _told(rows, span)
    )


@operations.reads(router, "/components/{component_id}/uptime", gives=UptimeOut, **_SEEN)
def get_component_uptime(
    request: ApiRequest, component_id: PublicId, wanted: Query[Period]
) -> UptimeOut:
    """Show the uptime of a component."""
    span = _span(wanted, now=request.now)
    return _told([component_of(component_id)], span)[0]


def _span(wanted: Period, *, now: datetime) -> tuple[datetime, datetime]:
    """The time that is asked for, at most up to now."""
    if wanted.days is not None and (wanted.from_ or wanted.to):
        raise ValidationError({"query.days": "Ask for days or for from and to, not for both."})
    if wanted.to is not None and wanted.from_ is None:
        raise ValidationError({"query.from": "Say from when."})
    end = min(wanted.to or now, now)
    if wanted.from_ is None:
        return _first_midnight(wanted.days or _DAYS, now=now), end
    if wanted.from_ >= end:
        raise ValidationError(
            {"query.from": "The time has to begin before it ends, and before now."}
        )
    if end - wanted.from_ > timedelta(days=_MOST_DAYS):
        raise ValidationError({"query.from": f"At most {_MOST_DAYS} days are counted at once."})
    return wanted.from_, end


def _first_midnight(days: int, *, now: datetime) -> datetime:
    zone = ZoneInfo(catalogue.page().time_zone)
    first: date = now.astimezone(zone).date() - timedelta(days=days - 1)
    return min(timespan.day_start(first, time_zone=zone), now)


def _told(rows: Iterable[Component], span: tuple[datetime, datetime]) -> list[UptimeOut]:
    start, end = span
    found = list(rows)
    changes = reading.changes_of({row.pk for row in found}, since=start)
    weights = catalogue.page().weights
    return [
        _figure(row, uptime.tally(changes[row.pk], start=start, end=end), weights, span)
        for row in found
    ]


def _figure(
    row: Component, spent: Tally, weights: Weights, span: tuple[datetime, datetime]
) -> UptimeOut:
    start, end = span
    percent = uptime.percent(spent, weights)
    return UptimeOut(
        component_id=row.public_id,
        start=start,
        end=end,
        percent=None if percent is None else float(percent),
        down_minutes=uptime.down_minutes(spent, weights),
        unknown_minutes=uptime.unknown_minutes(spent),
        seconds={status: spent.seconds(status) for status in Status},
    )
