"""The hours that a promise covers."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla import service_hours
from sla.service_hours import NotHours

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


def test_hours_of_working_days_leave_out_nights_and_the_weekend() -> None:
    hours = service_hours.parse("Mon-Fri 08:00-18:00")

    periods = hours.periods(MONDAY, datetime(2026, 11, 23, tzinfo=UTC), time_zone=BERLIN)

    assert len(periods) == 5
    assert periods[0] == (
        datetime(2026, 11, 16, 7, tzinfo=UTC),
        datetime(2026, 11, 16, 17, tzinfo=UTC),
    )


@pytest.mark.parametrize("text", ["24/7", "", " 24x7 ", "Mon-Sun 00:00-24:00"])
def test_always_is_one_period_without_gaps(text: str) -> None:
    end = datetime(2026, 11, 23, tzinfo=UTC)

    assert service_hours.parse(text).is_always
    assert service_hours.parse(text).periods(MONDAY, end, time_zone=BERLIN) == [(MONDAY, end)]


def test_hours_are_lived_hours_where_the_clock_changes() -> None:
    hours = service_hours.parse("Sun 01:00-04:00")
    day = datetime(2026, 3, 29, tzinfo=BERLIN)  # 02:00 becomes 03:00

    ((start, end),) = hours.periods(
        day.astimezone(UTC), datetime(2026, 3, 30, tzinfo=UTC), time_zone=BERLIN
    )

    assert (end - start).total_seconds() == 2 * 3600


def test_days_over_the_end_of_the_week_and_overlaps_are_understood() -> None:
    hours = service_hours.parse("Sat-Mon 09:00-12:00; Saturday 11:00-14:00")

    assert hours.week[0] == ((540, 720),)
    assert hours.week[5] == ((540, 840),)
    assert hours.week[1] == ()


@pytest.mark.parametrize(
    "text",
    [
        "weekdays",
        "Mon-Fri",
        "Mon-Fri 18:00-08:00",
        "Xxx 08:00-09:00",
        "Mon 08:60-09:00",
        "Mon 1-2",
        ";",
    ],
)
def test_what_is_no_hours_is_told_with_an_example(text: str) -> None:
    with pytest.raises(NotHours, match="Write 24/7"):
        service_hours.parse(text)


@given(
    first=st.integers(0, 1439),
    length=st.integers(1, 1440),
    back=st.integers(0, 60 * 24 * 20),
    span=st.integers(1, 60 * 24 * 20),
)
def test_periods_lie_in_order_within_what_was_asked(
    first: int, length: int, back: int, span: int
) -> None:
    until = min(first + length, 1440)
    text = f"Mon-Sun {first // 60:02}:{first % 60:02}-{until // 60:02}:{until % 60:02}"
    start = datetime.fromtimestamp(1_790_000_000 - back * 60, tz=UTC)
    end = datetime.fromtimestamp(start.timestamp() + span * 60, tz=UTC)

    periods = service_hours.parse(text).periods(start, end, time_zone=BERLIN)

    edges = [at for period in periods for at in period]
    assert edges == sorted(edges)
    assert all(start <= a < b <= end for a, b in periods)
