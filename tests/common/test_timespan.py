"""Instants as integers, and where calendar days begin."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from common import timespan


def test_instants_of_one_zone_are_counted_across_a_clock_change() -> None:
    new_york = ZoneInfo("America/New_York")
    before = datetime(2026, 3, 8, 1, 0, tzinfo=new_york)
    after = datetime(2026, 3, 8, 3, 0, tzinfo=new_york)

    passed_us = timespan.microseconds(after) - timespan.microseconds(before)

    assert after - before == timedelta(hours=2)  # what the wall clock says
    assert passed_us == 3_600_000_000  # what passed


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(TypeError):
        timespan.microseconds(datetime(2026, 3, 8))


@pytest.mark.parametrize(
    ("zone", "day", "expected", "why"),
    [
        ("UTC", date(2026, 3, 8), datetime(2026, 3, 8), "no offset"),
        ("Asia/Kathmandu", date(2026, 3, 8), datetime(2026, 3, 7, 18, 15), "quarter hours"),
        (
            "America/Sao_Paulo",
            date(2018, 11, 4),
            datetime(2018, 11, 4, 3),
            "00:00 skipped to 01:00",
        ),
        ("Africa/Cairo", date(2026, 4, 24), datetime(2026, 4, 23, 22), "00:00 skipped to 01:00"),
        ("America/Sao_Paulo", date(2018, 2, 18), datetime(2018, 2, 18, 3), "00:00 back to 23:00"),
        ("America/Havana", date(2025, 11, 2), datetime(2025, 11, 2, 4), "00:00 came twice: first"),
        ("Pacific/Apia", date(2011, 12, 30), datetime(2011, 12, 30, 10), "the day was left out"),
        ("Pacific/Apia", date(2011, 12, 31), datetime(2011, 12, 30, 10), "and ends as it begins"),
    ],
)
def test_a_day_begins_at_its_local_midnight(
    zone: str, day: date, expected: datetime, why: str
) -> None:
    start = timespan.day_start(day, time_zone=ZoneInfo(zone))
    assert start == expected.replace(tzinfo=UTC), why
    assert start.tzinfo is UTC
