"""Days that collapse, months, and the weeks of a calendar."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.status import Status
from components.uptime import Weights
from incidents.lifecycle import State
from public_pages import event_days, templating
from public_pages.event_days import DayRow, Month
from public_pages.event_views import EventLine, Kind
from public_pages.page_views import SiteView
from public_pages.templatetags import event_tags

UTC_ZONE = ZoneInfo("UTC")
SITE = SiteView(name="Acme", time_zone=UTC_ZONE, weights=Weights(), is_demo=False)


def line(at: datetime, ident: str = "x") -> EventLine:
    return EventLine(
        kind=Kind.INCIDENT,
        ident=ident,
        title="Trouble",
        state=State.RESOLVED,
        worst=Status.PARTIAL_OUTAGE,
        html="",
        starts_at=at,
        ended_at=at,
        touched=(),
    )


@pytest.mark.req("I19")
def test_runs_of_quiet_days_take_one_row() -> None:
    lines = [line(datetime(2026, 11, day, 9, tzinfo=UTC), str(day)) for day in (19, 12)]

    rows = event_days.rows(
        lines, first=date(2026, 11, 6), last=date(2026, 11, 19), time_zone=UTC_ZONE
    )

    assert [(row.first.day, row.last.day, len(row.lines)) for row in rows] == [
        (19, 19, 1),
        (13, 18, 0),
        (12, 12, 1),
        (6, 11, 0),
    ]


def test_days_are_those_of_the_page_s_zone() -> None:
    late = line(datetime(2026, 11, 18, 23, 30, tzinfo=UTC))
    day = date(2026, 11, 19)

    rows = event_days.rows([late], first=day, last=day, time_zone=ZoneInfo("Europe/Paris"))

    assert rows == [DayRow(day, day, [late])]


@given(
    st.lists(st.datetimes(datetime(2026, 10, 1), datetime(2026, 12, 31)), max_size=12),
    st.sampled_from(["UTC", "Asia/Kathmandu", "America/Sao_Paulo"]),
)
def test_every_day_is_in_one_row_and_every_event_in_its_day(
    moments: list[datetime], zone_name: str
) -> None:
    zone = ZoneInfo(zone_name)
    lines = [line(at.replace(tzinfo=UTC)) for at in moments]
    first, last = date(2026, 9, 30), date(2027, 1, 1)

    rows = event_days.rows(lines, first=first, last=last, time_zone=zone)

    days = [
        row.last - timedelta(days=back)
        for row in rows
        for back in range((row.last - row.first).days + 1)
    ]
    assert days == [last - timedelta(days=back) for back in range((last - first).days + 1)]
    assert sum(len(row.lines) for row in rows) == len(lines)
    assert all(row.first == row.last for row in rows if row.lines)
    assert not any(not one.lines and not other.lines for one, other in itertools.pairwise(rows))


def test_months_know_their_neighbours_and_bounds() -> None:
    december = event_days.parse("2026-12")

    assert (str(december.next), str(december.previous)) == ("2027-01", "2026-11")
    assert december.last == date(2026, 12, 31)
    assert december.bounds(ZoneInfo("Europe/Paris")) == (
        datetime(2026, 11, 30, 23, tzinfo=UTC),
        datetime(2026, 12, 31, 23, tzinfo=UTC),
    )
    assert Month(2026, 12) < Month(2027, 1)


def test_weeks_begin_on_monday() -> None:
    weeks = event_days.weeks(Month(2026, 11))

    assert [day and day.day for day in weeks[0]] == [None] * 6 + [1]
    assert [day and day.day for day in weeks[-1]] == [30] + [None] * 6


@pytest.mark.parametrize(("count", "has_texts"), [(100, True), (101, False)])
def test_a_long_list_tells_titles_only(count: int, has_texts: bool) -> None:
    at = datetime(2026, 11, 19, 9, tzinfo=UTC)
    lines = [replace(line(at, str(number)), html="<p>It is over.</p>") for number in range(count)]
    rows = event_days.rows(lines, first=at.date(), last=at.date(), time_zone=UTC_ZONE)

    with templating.active(SITE):
        body = event_tags.event_rows(rows, at, [Kind.INCIDENT])

    assert body.count("<article") == count
    assert body.count("It is over.") == (count if has_texts else 0)
